"""Sums by the hour, the day and the month over tables that grow without end, exact at any moment.

Triggers note each hour whose rows changed in `site_stale_hour`, and add up rows that arrive into sums of their own
beside those of their hour; they only ever append, so writers never wait for one another. A question adds up whole
months, then days, then hours, and reads the rows themselves where its window cuts an hour or where an hour is stale.
`apps.core.rolling_up` brings such hours, their days and their months up to date. Days and months are UTC's.

Of many keys the sums of months are nearly as many as the rows. Where a model says so, all that is older than a few
days is summed once more, over all time, for questions that begin with the first row.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Literal, cast

from django.db import connection, models
from django.db.models.sql.datastructures import BaseTable
from django.utils import timezone

from apps.core.triggers import ADDED, in_calendar

Span = Literal["hour", "day", "month", "ever"]
FINER: dict[Span, Span] = {"month": "day", "day": "hour"}
Part = tuple[str, Sequence[Any]]
OF_EVER = timedelta(days=3)  # so old is what sums of all time are of: what is younger still changes often


@dataclass(frozen=True)
class Measure:
    """A figure over the rows of an hour, and the aggregate that makes one of several hours' figures."""

    of_rows: str
    of_sums: str = "sum"


@dataclass(frozen=True)
class Rows:
    """What is summed: SQL over the rows `r` of a table, and over what they are joined to.

    The keys have the types of the table of sums, because PostgreSQL filters the parts of a question, by their indexes,
    only where all parts are of one type.
    """

    table: str
    moment: str
    keys: dict[str, str]
    measures: dict[str, Measure]
    joins: str = ""

    def sums(self, where: str, table: str = "") -> str:
        """One row an hour and combination of keys, with the columns of the table of sums."""
        columns = self.keys | {name: measure.of_rows for name, measure in self.measures.items()}
        shown = ", ".join(f"{expression} AS {name}" for name, expression in columns.items())
        groups = ", ".join(str(place + 2) for place in range(1 + len(self.keys)))
        return (
            f"SELECT NULL::bigint AS id, date_trunc('hour', r.{self.moment}, 'UTC') AS starts, {shown}"
            f" FROM {table or self.table} AS r {self.joins} WHERE {where} GROUP BY {groups}"
        )

    def stored(self) -> str:
        """The same columns of a table of sums `s`, in whatever order it has them."""
        return ", ".join(f"s.{name}" for name in ("id", "starts", *self.keys, *self.measures))

    def of_hour(self, start: str) -> str:
        return self.within(start, f"{start} + interval '1 hour'")

    def within(self, since: str, until: str) -> str:
        return self.sums(f"r.{self.moment} >= {since} AND r.{self.moment} < {until}")


class SumsQuerySet(models.QuerySet):
    def between(self, since: datetime | None, until: datetime | None = None, finest: Span = "ever"):
        """Sums that add up to the rows of `since` <= moment < `until`; None is no bound.

        No row spans more than `finest`: a chart by the hour needs hours. Those of `ever` start where they end.
        """
        return self.reading(*window(cast(type[Sums], self.model), since, until, finest))

    def reading(self, sql: str, params: Sequence[Any]):
        """What the SQL gives in the place of the table."""
        found = self.all()
        alias = found.query.get_initial_alias()
        found.query.alias_map = {alias: Derived(alias, sql, params)}
        return found

    def of_last(self, *, days: int = 0, hours: int = 0, finest: Span = "ever"):
        return self.between(timezone.now() - timedelta(days=days, hours=hours), finest=finest)


class Sums(models.Model):
    """The sums of an hour, one row a combination of keys. `rows` says of what; days and months have tables too.

    So may all time have, whose rows start where they end, at `reach_of_ever`.
    """

    rows: ClassVar[Rows]
    days: ClassVar[type[models.Model]]
    months: ClassVar[type[models.Model]]
    ever: ClassVar[type[models.Model] | None] = None
    starts = models.DateTimeField(db_index=True)

    class Meta:
        abstract = True


class Derived(BaseTable):
    """A FROM item of our own in the place of the model's table."""

    def __init__(self, alias: str, sql: str, params: Sequence[Any]) -> None:
        super().__init__(alias, alias)
        self.sql, self.params = sql, params

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        return f"({self.sql}) {compiler.quote_name_unless_alias(self.table_alias)}", self.params

    def relabeled_clone(self, change_map: Any) -> "Derived":
        return Derived(change_map.get(self.table_alias, self.table_alias), self.sql, self.params)


def window(model: type[Sums], since: datetime | None, until: datetime | None, finest: Span) -> Part:
    """The FROM item behind `between`: months and days where whole ones fit, hours beside them, rows at the two ends."""
    first_hour, end_hour = since and ceiling(since, "hour"), until and floor(until, "hour")
    parts: list[Part] = []
    if first_hour and end_hour and first_hour > end_hour:  # all within one hour
        parts.append(rows_within(model, since, until))
    else:
        parts += stored(model, finest, first_hour, end_hour)
        parts.append(stale_hours(model, first_hour, end_hour))
        if first_hour != since:
            parts.append(rows_within(model, since, first_hour))
        if end_hour != until:
            parts.append(rows_within(model, end_hour, until))
    return joined(parts)


def joined(parts: Iterable[Part]) -> Part:
    parts = list(parts)
    return " UNION ALL ".join(sql for sql, _ in parts), [param for _, params in parts for param in params]


def stored(model: type[Sums], span: Span, first: datetime | None, end: datetime | None) -> Iterator[Part]:
    """The stored sums of first <= hour < end, save for stale hours: of `span` where it can be, else of finer ones."""
    if span == "ever":
        yield from of_all_time(model, first, end)
        return
    if span == "hour":
        yield sums_of(model, span, first, end)
        return
    # The month that runs is not summed: its days are asked as they are, and by whatever index on them fits.
    over = end or (timezone.now() if span == "month" else None)
    first_whole, end_whole = first and ceiling(first, span), over and floor(over, span)
    if first_whole and end_whole and first_whole >= end_whole:
        yield from stored(model, FINER[span], first, end)
        return
    yield sums_of(model, span, first_whole, end_whole)
    if first != first_whole:
        yield from stored(model, FINER[span], first, first_whole)
    if end != end_whole:
        yield from stored(model, FINER[span], end_whole, end)
    stale: Span = span
    while stale != "hour":
        yield finer_of_stale(model, stale, first_whole, end_whole)
        stale = FINER[stale]


def of_all_time(model: type[Sums], first: datetime | None, end: datetime | None) -> Iterator[Part]:
    """Sums of all time as far as they reach, or months where those do not hold now; and what came since."""
    reach = reach_of_ever()
    if not model.ever or first or (end and end < reach):
        yield from stored(model, "month", first, end)
        return
    notes, params = noted_as_stale(model, "ever", None, reach)
    sums = f"{table(model, 'ever')} AS s WHERE s.starts = %s"
    holds, params = f"{reaches(model)} AND NOT EXISTS (SELECT {notes})", [reach, *params]
    yield f"SELECT {model.rows.stored()} FROM {sums} AND {holds}", [reach, *params]
    for sql, more in stored(model, "month", None, reach):
        yield f"{sql} AND NOT ({holds})", [*more, *params]
    yield from stored(model, "month", reach, end)


def reach_of_ever() -> datetime:
    return floor(timezone.now() - OF_EVER, "day")


def reaches(model: type[Sums]) -> str:
    """Whether the sums of all time were made up to a moment.

    By the index on it, for before a VACUUM many dead rows may lie in the way of the first that lives.
    """
    return f"(SELECT max(starts) FROM {table(model, 'ever')}) IS NOT DISTINCT FROM %s"


def sums_of(model: type[Sums], span: Span, first: datetime | None, end: datetime | None) -> Part:
    stale, params = stale_starts(model, span, first, end)
    bounds, more = bounded("s.starts", first, end)
    sql = f"SELECT {model.rows.stored()} FROM {table(model, span)} AS s WHERE s.starts NOT IN ({stale}){bounds}"
    return sql, [*params, *more]


def finer_of_stale(model: type[Sums], span: Span, first: datetime | None, end: datetime | None) -> Part:
    """What is not stale of stale days, or months, by the hours, or days, of them."""
    coarse, params = stale_starts(model, span, first, end)
    fine, more = stale_starts(model, FINER[span], first, end)
    return (
        f"SELECT {model.rows.stored()} FROM (SELECT DISTINCT starts FROM ({coarse}) AS c(starts)) AS c"
        f" JOIN {table(model, FINER[span])} AS s ON s.starts >= c.starts AND s.starts < c.starts + interval '1 {span}'"
        f" WHERE s.starts NOT IN ({fine})"
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
    """Stale hours; or days that have such an hour or an addition; or months that have one, or wait to be summed."""
    notes, params = noted_as_stale(model, span, first, end)
    start = "hour" if span == "hour" else f"date_trunc('{span}', hour, 'UTC')"
    return f"SELECT {start} {notes}", params


def noted_as_stale(model: type[Sums], span: Span, first: datetime | None, end: datetime | None) -> Part:
    bounds, params = bounded("hour", first, end)
    names = [table(model)] if span == "hour" else [table(model), table(model) + ADDED]
    names += [table(model, span)] if span in ("month", "ever") else []
    noted_for = ", ".join(f"'{name}'" for name in names)
    return f"FROM site_stale_hour WHERE sums IN ({noted_for}){bounds}", params


def bounded(column: str, first: datetime | None, end: datetime | None) -> Part:
    given = [(operator, moment) for operator, moment in ((">=", first), ("<", end)) if moment is not None]
    return "".join(f" AND {column} {operator} %s" for operator, _ in given), [moment for _, moment in given]


def table(model: type[Sums], span: Span = "hour") -> str:
    stored_in = {"hour": model, "day": model.days, "month": model.months, "ever": model.ever}[span]
    assert stored_in is not None
    return stored_in._meta.db_table


def floor(moment: datetime, span: Span) -> datetime:
    moment = moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    moment = moment if span == "hour" else moment.replace(hour=0)
    return moment.replace(day=1) if span == "month" else moment


def ceiling(moment: datetime, span: Span) -> datetime:
    start = floor(moment, span)
    if start == moment:
        return start
    longest = {"hour": timedelta(hours=1), "day": timedelta(days=1), "month": timedelta(days=31)}[span]
    return floor(start + longest, span)


def addition(model: type[Sums]) -> str:
    """SQL that adds up `added`, the new rows of a statement, into sums of their own."""
    rows = model.rows
    columns = ", ".join(["starts", *rows.keys, *rows.measures])
    summed = rows.sums(in_calendar(f"r.{rows.moment}"), "added")
    return f"INSERT INTO {table(model)} ({columns}) SELECT {columns} FROM ({summed}) AS s"


def first_moment(model: type[Sums]) -> datetime | None:
    """Of the rows; by the index on their moment."""
    rows = model.rows
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT min({rows.moment}) FROM {rows.table} WHERE {in_calendar(rows.moment)}")
        return cursor.fetchone()[0]
