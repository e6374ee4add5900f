"""Sums by the hour and by the day over tables that grow without end, exact at any moment.

Triggers note each hour whose rows changed in `site_stale_hour`; they only ever append, so writers never wait for
one another. A question adds up whole days, then hours, and reads the rows themselves where its window cuts an hour
or where an hour is stale. `roll_up` brings stale hours up to date; how seldom it runs changes the cost of an
answer, never the answer.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Literal, cast

from django.db import connection, models, transaction
from django.db.models.sql.datastructures import BaseTable
from django.utils import timezone

from apps.core.triggers import hours_there, noted

Span = Literal["hour", "day"]
Part = tuple[str, list[Any]]
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True)
class Measure:
    """A figure over the rows of an hour, and the aggregate that makes one of several hours' figures."""

    of_rows: str
    of_sums: str = "sum"


@dataclass(frozen=True)
class Rows:
    """What is summed: SQL over the rows `r` of a table, and over what they are joined to."""

    table: str
    moment: str
    keys: dict[str, str]
    measures: dict[str, Measure]
    joins: str = ""

    def sums(self, where: str) -> str:
        """One row an hour and combination of keys, with the columns of the table of sums."""
        columns = self.keys | {name: measure.of_rows for name, measure in self.measures.items()}
        shown = ", ".join(f"{expression} AS {name}" for name, expression in columns.items())
        groups = ", ".join(str(place + 2) for place in range(1 + len(self.keys)))
        return (
            f"SELECT NULL::bigint AS id, date_trunc('hour', r.{self.moment}, 'UTC') AS starts, {shown}"
            f" FROM {self.table} AS r {self.joins} WHERE {where} GROUP BY {groups}"
        )

    def stored(self) -> str:
        """The same columns of a table of sums `s`, in whatever order it has them."""
        return ", ".join(f"s.{name}" for name in ("id", "starts", *self.keys, *self.measures))

    def of_hour(self, start: str) -> str:
        return self.within(start, f"{start} + interval '1 hour'")

    def within(self, since: str, until: str) -> str:
        return self.sums(f"r.{self.moment} >= {since} AND r.{self.moment} < {until}")


class SumsQuerySet(models.QuerySet):
    def between(self, since: datetime | None, until: datetime | None = None, finest: Span = "day"):
        """Sums that add up to the rows of `since` <= moment < `until`; None is no bound.

        With `finest="hour"` no row spans more than an hour, as a chart by the hour needs.
        """
        found = self.all()
        alias = found.query.get_initial_alias()
        sql, params = window(cast(type[Sums], self.model), since, until, finest)
        found.query.alias_map = {alias: Derived(alias, sql, params)}
        return found

    def of_last(self, *, days: int = 0, hours: int = 0, finest: Span = "day"):
        return self.between(timezone.now() - timedelta(days=days, hours=hours), finest=finest)


class Sums(models.Model):
    """The sums of an hour, one row a combination of keys. `rows` says of what, `days` is the table for whole days."""

    rows: ClassVar[Rows]
    days: ClassVar[type[models.Model]]
    starts = models.DateTimeField(db_index=True)

    class Meta:
        abstract = True


class Derived(BaseTable):
    """A FROM item of our own in the place of the model's table."""

    def __init__(self, alias: str, sql: str, params: list[Any]) -> None:
        super().__init__(alias, alias)
        self.sql, self.params = sql, params

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        return f"({self.sql}) {compiler.quote_name_unless_alias(self.table_alias)}", self.params

    def relabeled_clone(self, change_map: Any) -> "Derived":
        return Derived(change_map.get(self.table_alias, self.table_alias), self.sql, self.params)


def window(model: type[Sums], since: datetime | None, until: datetime | None, finest: Span) -> Part:
    """The FROM item behind `between`: days where whole ones fit, hours beside them, rows at the two ends."""
    first_hour, end_hour = since and ceiling(since, HOUR), until and floor(until, HOUR)
    parts: list[Part] = []
    if first_hour and end_hour and first_hour > end_hour:  # all within one hour
        parts.append(rows_within(model, since, until))
    else:
        parts += stored(model, first_hour, end_hour, finest)
        parts.append(stale_hours(model, first_hour, end_hour))
        if first_hour != since:
            parts.append(rows_within(model, since, first_hour))
        if end_hour != until:
            parts.append(rows_within(model, end_hour, until))
    return " UNION ALL ".join(sql for sql, _ in parts), [param for _, params in parts for param in params]


def stored(model: type[Sums], first: datetime | None, end: datetime | None, finest: Span) -> Iterator[Part]:
    """The stored sums of first <= hour < end, save for stale hours."""
    first_day, end_day = first and ceiling(first, DAY), end and floor(end, DAY)
    if finest == "hour" or (first_day and end_day and first_day >= end_day):
        yield sums_of(model, "hour", first, end)
        return
    yield sums_of(model, "day", first_day, end_day)
    if first != first_day:
        yield sums_of(model, "hour", first, first_day)
    if end != end_day:
        yield sums_of(model, "hour", end_day, end)
    yield hours_of_stale_days(model, first_day, end_day)


def sums_of(model: type[Sums], span: Span, first: datetime | None, end: datetime | None) -> Part:
    stale, params = stale_starts(model, span, first, end)
    bounds, more = bounded("s.starts", first, end)
    sql = f"SELECT {model.rows.stored()} FROM {table(model, span)} AS s WHERE s.starts NOT IN ({stale}){bounds}"
    return sql, [*params, *more]


def hours_of_stale_days(model: type[Sums], first: datetime | None, end: datetime | None) -> Part:
    """What is not stale of days of which an hour is."""
    days, params = stale_starts(model, "day", first, end)
    hours, more = stale_starts(model, "hour", first, end)
    return (
        f"SELECT {model.rows.stored()} FROM (SELECT DISTINCT starts FROM ({days}) AS d(starts)) AS d"
        f" JOIN {table(model)} AS s ON s.starts >= d.starts AND s.starts < d.starts + interval '1 day'"
        f" WHERE s.starts NOT IN ({hours})"
    ), [*params, *more]


def stale_hours(model: type[Sums], first: datetime | None, end: datetime | None) -> Part:
    hours, params = stale_starts(model, "hour", first, end)
    return (
        f"SELECT x.* FROM (SELECT DISTINCT starts FROM ({hours}) AS h(starts)) AS h"
        f" CROSS JOIN LATERAL ({model.rows.of_hour('h.starts')}) AS x"
    ), params


def rows_within(model: type[Sums], since: datetime | None, until: datetime | None) -> Part:
    return model.rows.within("%s", "%s"), [since, until]


def stale_starts(model: type[Sums], span: Span, first: datetime | None, end: datetime | None) -> Part:
    """The hours that are stale, or the days that have such an hour."""
    bounds, params = bounded("hour", first, end)
    start = "hour" if span == "hour" else "date_trunc('day', hour, 'UTC')"
    return f"SELECT {start} FROM site_stale_hour WHERE sums = '{table(model)}'{bounds}", params


def bounded(column: str, first: datetime | None, end: datetime | None) -> Part:
    given = [(operator, moment) for operator, moment in ((">=", first), ("<", end)) if moment is not None]
    return "".join(f" AND {column} {operator} %s" for operator, _ in given), [moment for _, moment in given]


def table(model: type[Sums], span: Span = "hour") -> str:
    return (model if span == "hour" else model.days)._meta.db_table


def floor(moment: datetime, span: timedelta) -> datetime:
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    return moment - (moment - epoch) % span


def ceiling(moment: datetime, span: timedelta) -> datetime:
    start = floor(moment, span)
    return start if start == moment else start + span


@transaction.atomic
def roll_up(model: type[Sums], most: int = 1000) -> int:
    """Bring the newest stale hours up to date, at most `most` of them; how many they were.

    The hours that are noted while this runs stay noted: only what was seen before the rows were read is crossed out.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [table(model)])  # one at a time a table
        cursor.execute(
            "SELECT hour, array_agg(id) FROM site_stale_hour WHERE sums = %s GROUP BY hour ORDER BY hour DESC LIMIT %s",
            [table(model), most],
        )
        notes = dict(cursor.fetchall())
        hours = list(notes)
        replace(cursor, model, "hour", hours, f"CROSS JOIN LATERAL ({model.rows.of_hour('w.start')}) AS s")
        days = sorted({floor(hour, DAY) for hour in hours})
        of_day = "s.starts >= w.start AND s.starts < w.start + interval '1 day'"
        replace(cursor, model, "day", days, f"JOIN {table(model)} AS s ON {of_day}")
        cursor.execute("DELETE FROM site_stale_hour WHERE id = ANY(%s)", [[id for ids in notes.values() for id in ids]])
    return len(hours)


@transaction.atomic
def forget(model: type[Sums]) -> None:
    """Make every hour stale that has rows or sums. Questions read the rows until they are rolled up again."""
    rows = model.rows
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO site_stale_hour (sums, hour) {noted({table(model): hours_there(rows.moment, rows.table)})}"
            f" UNION SELECT '{table(model)}', starts FROM {table(model)}"
        )


def replace(cursor: Any, model: type[Sums], span: Span, starts: list[datetime], source: str) -> None:
    """Sum the hours or days `w.start` anew, from the sums `s` of shorter times that `source` joins to them."""
    name, keys, measures = table(model, span), list(model.rows.keys), model.rows.measures
    summed = [f"{measure.of_sums}(s.{column})" for column, measure in measures.items()]
    kept = [f"s.{key}" for key in keys]
    cursor.execute(f"DELETE FROM {name} WHERE starts = ANY(%s)", [starts])
    cursor.execute(
        f"INSERT INTO {name} (starts, {', '.join([*keys, *measures])})"
        f" SELECT w.start, {', '.join([*kept, *summed])}"
        f" FROM unnest(%s::timestamptz[]) AS w(start) {source} GROUP BY w.start, {', '.join(kept)}",
        [starts],
    )
