"""Telemetry by the thousand: the items of a kind are checked as one list and stored by one statement."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

import orjson
import psycopg
from django.db import DataError, connection, transaction
from django.db.models import Model
from django.utils import timezone
from pydantic import ValidationError

from apps.core.bodies import DEEPEST, TelemetryBody, has_nul, is_too_deep
from apps.warehouse.batch_kinds import KINDS, Kind
from apps.warehouse.batch_report import Entry, Report, Unreadable


def store(items: list[Any], batch_id: UUID, *, suspect: bool) -> Report:
    """Each kind in a transaction of its own; `suspect` are items of which one may hold what no row can."""
    report = Report(len(items))
    # In the order of the batch, and none of them in the future.
    began = timezone.now() - timedelta(microseconds=len(items))
    for name, found in by_kind(items, report, suspect=suspect).items():
        bodies = checked(name, found, report)
        if bodies:
            store_kind(name, entries_of(KINDS[name], bodies, batch_id, began), len(bodies), report)
    return report


def by_kind(items: list[Any], report: Report, *, suspect: bool) -> dict[str, dict[int, Any]]:
    """The items by kind and index, the kinds in the order in which they are stored."""
    found: dict[str, dict[int, Any]] = {name: {} for name in KINDS}
    for index, item in enumerate(items):
        name = item.get("kind") if isinstance(item, dict) else None
        if not isinstance(name, str):
            name = None
        if problem := suspect and unstorable(item):
            report.refuse(index, name, problem)
        elif name in found:
            found[name][index] = item
        else:
            report.refuse(index, name, of_no_kind(item))
    return {name: those for name, those in found.items() if those}


def unstorable(item: Any) -> str | None:
    if is_too_deep(item):
        return f"more than {DEEPEST} levels of nesting"
    return "text must not contain the character NUL" if has_nul(item) else None


def of_no_kind(item: Any) -> str:
    if isinstance(item, Unreadable):
        return item.problem
    return f"kind must be one of: {', '.join(KINDS)}" if isinstance(item, dict) else "an item must be an object"


def checked(name: str, found: dict[int, Any], report: Report) -> dict[int, TelemetryBody]:
    """The bodies of the valid items; pydantic tells of every invalid one in one go."""
    try:
        return dict(zip(found, KINDS[name].bodies.validate_python(list(found.values())), strict=True))
    except ValidationError as error:
        problems = by_place(error)
    indexes = list(found)
    for place, texts in problems.items():
        report.refuse(indexes[place], name, "; ".join(texts))
    return checked(name, {index: found[index] for n, index in enumerate(indexes) if n not in problems}, report)


def by_place(error: ValidationError) -> dict[int, list[str]]:
    problems: dict[int, list[str]] = {}
    for one in error.errors(include_url=False, include_context=False, include_input=False):
        place, *loc = one["loc"]
        problems.setdefault(int(place), []).append(f"{'.'.join(map(str, loc))}: {one['msg']}")
    return problems


def entries_of(kind: Kind, bodies: dict[int, TelemetryBody], batch_id: UUID, began: datetime) -> list[Entry]:
    """With the ids and times that a single POST would give, or with their own; of several with one id the first."""
    entries: dict[UUID, Entry] = {}
    for index, body in bodies.items():
        row = vars(body)
        row["id"] = body.id or uuid5(batch_id, str(index))
        told, came = row.pop("created_at"), began + timedelta(microseconds=index)
        row[kind.moment] = row.get(kind.moment) or min(told or came, came)
        entries.setdefault(row["id"], Entry(index, row))
    return list(entries.values())


@transaction.atomic
def store_kind(name: str, entries: list[Entry], valid: int, report: Report) -> None:
    before = len(report.invalid)
    entries = KINDS[name].prepare(entries, report)
    stored = insert_once(name, entries, report)
    KINDS[name].follow(entries)
    refused = len(report.invalid) - before
    report.by_kind[name] = {"stored": stored, "duplicates": valid - refused - stored}


def insert_once(name: str, entries: list[Entry], report: Report) -> int:
    """How many were not there yet. A row that PostgreSQL refuses after all is looked for by halves."""
    if not entries:
        return 0
    try:
        with transaction.atomic():
            return insert(KINDS[name].model, [entry.row for entry in entries])
    except DataError:
        if len(entries) == 1:
            report.refuse(entries[0].index, name, "A value is too long, too large or not storable.")
            return 0
    half = len(entries) // 2
    return insert_once(name, entries[:half], report) + insert_once(name, entries[half:], report)


def insert(model: type[Model], rows: list[dict[str, Any]]) -> int:
    """All as one JSON text, which the table's own row type reads. By id, lest two batches wait for each other."""
    quoted = connection.ops.quote_name
    table, columns = quoted(model._meta.db_table), ", ".join(map(quoted, rows[0]))
    # Past Django's cursor, which writes values into the statement: this one would be quoted and parsed once more.
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({columns}) SELECT {columns} FROM json_populate_recordset(NULL::{table}, %s::json)"
            " ORDER BY id ON CONFLICT (id) DO NOTHING",
            [orjson.dumps(rows).decode()],
        )
        return cursor.rowcount
