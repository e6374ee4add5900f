"""Make the site's own a database that already holds the warehouse.

The initial migrations of the warehouse's apps are recorded as applied only after every piece that they
would have made is there; until then `refuse_unadopted` keeps the site from starting.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.core.management import call_command
from django.db import Error, connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder
from tqdm import tqdm

from apps.warehouse import catalogue
from apps.warehouse.catalogue import initial_migrations, rows
from apps.warehouse.drift import Difference, TableDrift, drift_of
from aria_site.database import DatabaseProblem

LOCK = 0x41524941  # 'ARIA': one adoption or start at a time
LOADER = "aria-site load"
PATIENCE = "5s"  # writers queue behind a statement that waits for its lock


@dataclass(frozen=True)
class Plan:
    tables: list[TableDrift]
    without_model: list[str]
    to_record: list[tuple[str, str]]
    to_run: list[tuple[str, str]]

    @property
    def stops(self) -> list[str]:
        return [f"{t.table}, {d.piece}: {d.stops}" for t in self.tables for d in t.differences if d.stops]

    @property
    def missing(self) -> list[str]:
        return [drift.table for drift in self.tables if not drift.there]

    @property
    def changes(self) -> list[Difference]:
        return [d for t in self.tables for d in t.differences if d.at_once or d.beside]

    @property
    def is_done(self) -> bool:
        return not (self.missing or self.changes or self.stops or self.to_record or self.to_run)


def plan(*, rename: bool = False) -> Plan:
    """What is there, and what adoption would do; changes nothing."""
    tables, expected = catalogue.read(), catalogue.expected()
    applied = MigrationRecorder(connection).applied_migrations()
    to_record = [node for node in initial_migrations() if node not in applied]
    executor = MigrationExecutor(connection)
    unapplied = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return Plan(
        tables=[drift_of(table, tables, expected[table], rename=rename) for table in sorted(expected)],
        without_model=[t for t in tables if t not in expected and not t.startswith(catalogue.SITE_PREFIXES)],
        to_record=to_record,
        to_run=[node for m, _ in unapplied if (node := (m.app_label, m.name)) not in to_record],
    )


def adopt(*, rename: bool = False) -> Plan:
    """Carry out the plan and return it.

    Raises:
        DatabaseProblem: a person has to decide or to correct something first.
    """
    todo = plan(rename=rename)
    if len(todo.missing) == len(todo.tables):
        raise DatabaseProblem(
            "The database holds no table of the warehouse; correct DATABASE_URL, "
            "load a dump with 'manage.py adopt --from FILE', or let 'manage.py up' make a new warehouse."
        )
    if todo.stops:
        raise DatabaseProblem("Nothing was changed, because of: " + "; ".join(todo.stops) + ".")
    if todo.is_done:
        return todo
    try:
        change_at_once(todo)
        build_beside_writers(todo)
        require_complete(plan())
        take_over(todo.to_record)
    except Error as error:
        raise DatabaseProblem(f"Adoption is not complete ({first_line(error)}); run the same command again.") from error
    return todo


def change_at_once(todo: Plan) -> None:
    """Everything that is quick, together or not at all; writers wait for no more than this."""
    models = catalogue.expected_models()
    with transaction.atomic(), connection.schema_editor() as editor:
        editor.execute(f"SET LOCAL lock_timeout = '{PATIENCE}'")
        for difference in todo.changes:
            for statement in difference.at_once:
                editor.execute(statement)
        for table, model in models.items():
            if table in todo.missing:
                editor.create_model(model)


def build_beside_writers(todo: Plan) -> None:
    """Indexes and the check of old rows, which take long on large tables."""
    # A foreign key needs the unique index that it points to.
    changes = sorted((c for c in todo.changes if c.beside), key=lambda change: "FOREIGN KEY" in change.piece)
    for difference in tqdm(changes, desc="Building", disable=None, leave=False):
        for statement in difference.beside:
            if "CONCURRENTLY" in statement:
                execute(statement)
            else:
                with transaction.atomic():
                    execute(f"SET LOCAL lock_timeout = '{PATIENCE}'")
                    execute(statement)


def require_complete(left: Plan) -> None:
    if left.missing or left.changes or left.stops:
        pieces = [*left.missing, *(change.piece for change in left.changes), *left.stops]
        raise DatabaseProblem(f"Adoption is not complete: {', '.join(pieces)}; run 'manage.py adopt' for the details.")


def take_over(to_record: list[tuple[str, str]]) -> None:
    """Record what is there as migrated, and let the other migrations add what is the site's own."""
    call_command("migrate", "core", verbosity=0, interactive=False)
    recorder = MigrationRecorder(connection)
    with transaction.atomic():
        for label, name in to_record:
            recorder.record_applied(label, name)
    call_command("migrate", verbosity=0, interactive=False)


def refuse_unadopted() -> None:
    """Keep the site from starting on a warehouse that is not, or not wholly, adopted.

    Raises:
        DatabaseProblem: what to do first.
    """
    applied = MigrationRecorder(connection).applied_migrations()
    tables = catalogue.read().keys()
    for label, name in initial_migrations():
        if (label, name) not in applied and catalogue.table_names(label) & tables:
            raise DatabaseProblem(
                "The database holds a warehouse that this site has not adopted; "
                "see what adoption would do with 'manage.py adopt', and do it with 'manage.py adopt --apply'."
            )


@contextmanager
def alone() -> Iterator[None]:
    """One adoption or start at a time.

    Trying, not waiting: a statement that waits would itself hold up the building of indexes.
    """
    # A psql whose sender was killed may still be about to commit what it has.
    loading = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND application_name = %s"
    if rows("SELECT pg_try_advisory_lock(%s)", [LOCK]) != [(True,)] or rows(loading, [LOADER]):
        raise DatabaseProblem("Another adoption or start is at work on this database; wait for its end.")
    try:
        yield
    finally:
        if connection.connection is not None and not connection.connection.closed:
            rows("SELECT pg_advisory_unlock(%s)", [LOCK])


def execute(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0]
