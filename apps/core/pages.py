"""A page of a list as JSON that PostgreSQL writes: most of a list's cost was to make Python objects of its values."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from weakref import WeakKeyDictionary

from django.core.exceptions import EmptyResultSet
from django.db import connections, models
from django.db.backends.postgresql.base import ServerBindingCursor
from django.db.models import Expression, Field, Model, QuerySet, Value

# As Python writes them: six digits of a second or none, no year beyond 1 to 9999 (see aria_site.postgresql.times),
# a point in every float, null for what is no number.
MOMENT = """replace(to_char(CASE WHEN {0} < '0001-01-01Z' THEN timestamptz '0001-01-01Z'
    WHEN {0} >= '10000-01-01Z' THEN timestamptz '9999-12-31 23:59:59.999999Z' ELSE {0} END
    AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"'), '.000000+', '+')"""
NUMBER = """CASE WHEN abs({0}) < 1e15 AND {0} = trunc({0}) THEN ({0}::bigint || '.0')::json
    WHEN abs({0}) < 1e308 THEN to_json({0}::float8) END"""
# A column, or a key and SQL over the row as `{row}`.
Shown = str | tuple[str, str]
COUNTED = 20_000  # rows that are quicker counted than looked up in sums
# The bounds are numbers in the text: with parameters in their place PostgreSQL would plan anew each time.
PAGE = """SELECT pg_current_snapshot()::text,
    CASE WHEN pg_current_snapshot()::text <> %s THEN (SELECT count(*) FROM ({all}) AS listed) END,
    CASE WHEN pg_current_snapshot()::text <> %s THEN (SELECT '[' || coalesce(string_agg(item, ','), '') || ']'
       FROM ({items} LIMIT {limit:d} OFFSET {offset:d}) AS page(item)) END"""
LONGEST = 50_000  # characters of a page that is remembered


class RowAsJson(Expression):
    """The named fields of a row as one JSON object."""

    def __init__(self, model: type[Model], fields: Sequence[Shown]) -> None:
        super().__init__(output_field=models.TextField())
        self.model, self.fields = model, tuple(fields)

    def as_sql(self, compiler, connection):
        return sql_of_row(self.model, self.fields), []


@cache
def sql_of_row(model: type[Model], fields: tuple[Shown, ...]) -> str:
    return f"json_build_object({', '.join(sql_of_pair(model, field) for field in fields)})::text"


def sql_of_pair(model: type[Model], field: Shown) -> str:
    if isinstance(field, str):
        return f"'{field}', {sql_of_value(model, field)}"
    key, sql = field
    return f"'{key}', {sql.replace('{row}', model._meta.db_table)}"


def sql_of_value(model: type[Model], name: str) -> str:
    field = model._meta.get_field(name)
    assert isinstance(field, Field)
    column = f'"{model._meta.db_table}"."{field.column}"'
    if isinstance(field, models.DateTimeField):
        return MOMENT.format(column)
    if isinstance(field, (models.DecimalField, models.FloatField)):
        return NUMBER.format(column)
    return column


def page_as_json(
    rows: QuerySet, fields: Sequence[Shown], offset: int, limit: int, count_most: Callable[[], int] | None = None
) -> tuple[int, str]:
    """How many rows there are, and the page as a JSON array, in one query.

    `count_most` is asked instead where there are so many rows that another way to count them is quicker.
    """
    try:
        listed = list_sql(rows, tuple(fields), COUNTED + 1 if count_most else None)
    except EmptyResultSet:
        return 0, "[]"
    connection = connections[rows.db]
    page = PAGE.format(all=listed.counted, items=listed.items, limit=limit, offset=offset)
    with preparing_cursor(connection) as cursor:
        # Of a transaction's own changes no snapshot tells.
        seen = Seen() if connection.in_atomic_block else listed.seen.setdefault(connection.connection, Seen())
        shown_in = seen.snapshot if seen.page == page else ""
        cursor.execute(page, (seen.snapshot, *listed.of_count, shown_in, *listed.of_items))
        snapshot, total, items = cursor.fetchone()
    total, items = seen.total if total is None else total, seen.items if items is None else items
    seen.snapshot, seen.total = snapshot, total
    seen.page, seen.items = (page, items) if len(items) <= LONGEST else ("", "")
    return count_most() if count_most and total > COUNTED else total, items


def preparing_cursor(connection: Any) -> Any:
    """Django's cursors write values into the statement; with this one PostgreSQL keeps the plan of a hot list."""
    connection.ensure_connection()
    cursor = ServerBindingCursor(connection.connection)  # type: ignore[call-arg]  # psycopg has its own
    return connection._prepare_cursor(cursor)


@dataclass
class Seen:
    """The last answer that a connection got for a list, and the snapshot it is of."""

    snapshot: str = ""
    total: int = 0
    page: str = ""
    items: str = ""


@dataclass
class ListSql:
    """A list's two statements with their parameters, and what each connection has seen of it.

    While a server that takes writes says the same snapshot nothing was committed, so nothing need be counted or written
    out again. Another server, or the same after a crash, may say it of other rows, but has ended the connection.
    """

    counted: str
    of_count: tuple[Any, ...]
    items: str
    of_items: tuple[Any, ...]
    seen: WeakKeyDictionary[Any, Seen] = field(default_factory=WeakKeyDictionary)


def list_sql(rows: QuerySet, fields: tuple[Shown, ...], most: int | None) -> ListSql:
    """Kept with the queryset: to compile takes longer than to run, and a hot list's queryset outlives its request.

    No more than `most` rows are counted.
    """
    kept = rows.__dict__.setdefault("_list_sql", {})
    if (fields, most) not in kept:
        counted, of_count = rows.order_by()[:most].values_list(Value(1)).query.sql_with_params()
        kept[fields, most] = ListSql(
            counted, of_count, *rows.values_list(RowAsJson(rows.model, fields)).query.sql_with_params()
        )
    return kept[fields, most]
