import json
from dataclasses import asdict
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error

from apps.warehouse import adoption, dump, inventory
from apps.warehouse.adoption import Plan
from apps.warehouse.drift import TableDrift
from aria_site.database import DatabaseProblem


class Command(BaseCommand):
    help = (
        "Take over a database that already holds the warehouse. Without options, only shows what is there, "
        "what differs from what the site expects, and what --apply would do about it."
    )
    requires_migrations_checks = False
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--apply", action="store_true", help="do it; no data is changed or removed")
        parser.add_argument("--rename", action="store_true", help="rename knowledge_entities.entity_type to type")
        parser.add_argument(
            "--from",
            dest="source",
            type=Path,
            metavar="FILE.sql[.gz]",
            help="first load this plain dump into the database, which must be empty; includes --apply",
        )
        parser.add_argument("--json", action="store_true", help="print the plan for scripts")

    def handle(self, *, apply: bool, rename: bool, source: Path | None, json: bool, **options: object) -> None:
        try:
            with adoption.alone():
                if source:
                    dump.load(source)
                self.adopt(apply or source is not None, rename=rename, as_json=json)
        except DatabaseProblem as problem:
            raise CommandError(str(problem)) from problem
        except Error as error:
            raise CommandError(f"PostgreSQL says: {adoption.first_line(error)}.") from error
        except KeyboardInterrupt as interrupt:
            raise CommandError("Stopped; run the same command again.") from interrupt

    def adopt(self, apply: bool, *, rename: bool, as_json: bool) -> None:
        counts = {entry.table: entry for entry in inventory.tables()}
        plan = adoption.adopt(rename=rename) if apply else adoption.plan(rename=rename)
        if as_json:
            self.stdout.write(json.dumps(asdict(plan) | {"stops": plan.stops, "applied": apply}, indent=2))
            return
        for drift in plan.tables:
            entry = counts.get(drift.table)
            self.show(drift, f"{'~' if entry.is_estimate else ''}{entry.rows:,}" if entry else "0", done=apply)
        self.stdout.write(summary(plan, done=apply))

    def show(self, drift: TableDrift, rows: str, *, done: bool) -> None:
        if not drift.there:
            self.stdout.write(f"{drift.table}: missing, {'created' if done else 'will be created'}")
            return
        there = f"rows {rows}, columns {drift.columns}, indexes {drift.indexes}"
        self.stdout.write(f"{drift.table}: {there}{'' if drift.differences else '; as expected'}")
        for difference in drift.differences:
            self.stdout.write(f"    {difference.as_text(done)}")


def summary(plan: Plan, *, done: bool) -> str:
    lines = []
    be = "" if done else "will be "
    if plan.without_model:
        names = ", ".join(plan.without_model)
        lines.append(f"{len(plan.without_model)} tables without a model are left exactly as they are: {names}.")
    if plan.to_record:
        names = ", ".join(f"{label}.{name}" for label, name in plan.to_record)
        lines.append(f"{len(plan.to_record)} migrations {be}recorded as applied: {names}.")
    if plan.to_run:
        names = ", ".join(sorted({label for label, _ in plan.to_run}))
        lines.append(
            f"{len(plan.to_run)} migrations {be}run, for the site's own tables, triggers and indexes: {names}."
        )
    return "\n".join(["", *lines, conclusion(plan, done=done)])


def conclusion(plan: Plan, *, done: bool) -> str:
    if plan.is_done:
        return "There is nothing to do: the warehouse is adopted."
    if done:
        return "The warehouse is adopted; 'manage.py up' starts the site."
    if plan.stops:
        return "--apply will refuse, until this is settled: " + "; ".join(plan.stops) + "."
    if len(plan.missing) == len(plan.tables):
        return "--apply will refuse: the database holds no table of the warehouse."
    return "Nothing has been changed; 'manage.py adopt --apply' does it."
