"""A page of a list as JSON that PostgreSQL writes: most of a list's cost was to make Python objects of its values."""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

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
COUNTED = 20_000  # rows that are quicker counted than looked up in sums
# The bounds are numbers in the text: with parameters in their place PostgreSQL would plan anew each time.
PAGE = """SELECT (SELECT count(*) FROM ({all} LIMIT {most}) AS listed),
    (SELECT '[' || coalesce(string_agg(item, ','), '') || ']'
       FROM ({items} LIMIT {limit:d} OFFSET {offset:d}) AS page(item))"""


class RowAsJson(Expression):
    """The named fields of a row as one JSON object."""

    def __init__(self, model: type[Model], fields: Sequence[str]) -> None:
        super().__init__(output_field=models.TextField())
        self.model, self.fields = model, tuple(fields)

    def as_sql(self, compiler, connection):
        return sql_of_row(self.model, self.fields), []


@cache
def sql_of_row(model: type[Model], fields: tuple[str, ...]) -> str:
    pairs = ", ".join(f"'{name}', {sql_of_value(model, name)}" for name in fields)
    return f"json_build_object({pairs})::text"


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
    rows: QuerySet, fields: Sequence[str], offset: int, limit: int, count_most: Callable[[], int] | None = None
) -> tuple[int, str]:
    """How many rows there are, and the page as a JSON array, in one query.

    `count_most` is asked instead where there are so many rows that another way to count them is quicker.
    """
    try:
        counted, items, parameters = page_sql(rows, tuple(fields))
    except EmptyResultSet:
        return 0, "[]"
    most = COUNTED + 1 if count_most else "ALL"
    with preparing_cursor(connections[rows.db]) as cursor:
        cursor.execute(PAGE.format(all=counted, most=most, items=items, limit=limit, offset=offset), parameters)
        total, items = cursor.fetchone()
    return count_most() if count_most and total > COUNTED else total, items


def preparing_cursor(connection: Any) -> Any:
    """Django's cursors write values into the statement; with this one PostgreSQL keeps the plan of a hot list."""
    connection.ensure_connection()
    cursor = ServerBindingCursor(connection.connection)  # type: ignore[call-arg]  # psycopg has its own
    return connection._prepare_cursor(cursor)


def page_sql(rows: QuerySet, fields: tuple[str, ...]) -> tuple[str, str, tuple[Any, ...]]:
    """Kept with the queryset: to compile takes longer than to run, and a hot list's queryset outlives its request."""
    kept = rows.__dict__.setdefault("_page_sql", {})
    if fields not in kept:
        counted, of_count = rows.order_by().values_list(Value(1)).query.sql_with_params()
        items, of_items = rows.values_list(RowAsJson(rows.model, fields)).query.sql_with_params()
        kept[fields] = counted, items, (*of_count, *of_items)
    return kept[fields]
