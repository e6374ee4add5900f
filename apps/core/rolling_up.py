"""Keeps the sums up to date. How seldom this runs changes the cost of an answer, never the answer."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import chain
from typing import Any, Literal

from django.db import connection, transaction
from django.utils import timezone

from apps.core.rollups import FINER, Span, Sums, floor, joined, reach_of_ever, reaches, stored, table
from apps.core.triggers import ADDED, SUMMED, hours_there, noted


def stale(models: Sequence[type[Sums]], span: Literal["hour", "month"]) -> list[type[Sums]]:
    """Those whose sums of such spans are to be brought up to date: mostly none, and one question tells."""
    names = {table(model, span): model for model in models}
    end = this_month() if span == "month" else "infinity"
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT replace(sums, %s, '') FROM site_stale_hour"
            " WHERE sums = ANY(%s) AND hour < %s::timestamptz",
            [ADDED, [*names, *(name + ADDED for name in names)], end],
        )
        found = {name for (name,) in cursor.fetchall()}
    return [model for name, model in names.items() if name in found]


def this_month() -> datetime:
    """Its start; it is summed when it is over."""
    return floor(timezone.now(), "month")


@transaction.atomic
def roll_up(model: type[Sums], most: int = 1000) -> int:
    """Bring the newest stale hours up to date, at most `most` of them; how many they were.

    The hours that are noted while this runs stay noted: only what was seen before the rows were read is crossed out.
    """
    with connection.cursor() as cursor:
        lock(cursor, model)
        cursor.execute(
            "SELECT hour, array_agg(id) FROM site_stale_hour WHERE sums IN (%s, %s)"
            " GROUP BY hour ORDER BY hour DESC LIMIT %s",
            [table(model), table(model) + ADDED, most],
        )
        notes = dict(cursor.fetchall())
        hours = list(notes)
        replace(cursor, model, "hour", hours, f"CROSS JOIN LATERAL ({model.rows.of_hour('w.start')}) AS s")
        replace(cursor, model, "day", sorted({floor(hour, "day") for hour in hours}), of_finer(model, "day"))
        note(cursor, table(model, "month"), {floor(hour, "month") for hour in hours})
        oldest = hours[-1:]
        # A day more than they reach: by another clock it may be tomorrow.
        if model.ever and oldest and oldest[0] < reach_of_ever() + timedelta(days=1):
            note(cursor, table(model, "ever"), oldest)
        cross_out(cursor, chain(*notes.values()))
        if hours:  # of notes that came and went between two looks nobody else would tell
            cursor.execute("SELECT pg_notify('aria_live', %s)", [SUMMED + table(model)])
    return len(hours)


@transaction.atomic
def roll_up_months(model: type[Sums], most: int = 12) -> int:
    """Sum the newest months that are over and changed since they were summed; how many they were."""
    with connection.cursor() as cursor:
        lock(cursor, model)
        cursor.execute(
            "SELECT hour, array_agg(id) FROM site_stale_hour WHERE sums = %s AND hour < %s"
            " GROUP BY hour ORDER BY hour DESC LIMIT %s",
            [table(model, "month"), this_month(), most],
        )
        notes = dict(cursor.fetchall())
        replace(cursor, model, "month", list(notes), of_finer(model, "month"))
        cross_out(cursor, chain(*notes.values()))
    return len(notes)


@transaction.atomic
def roll_up_ever(model: type[Sums]) -> bool:
    """Sum what is older than `reach_of_ever`, where that moved on or something older changed; whether it did.

    What stale hours hold is left out, and these sums do not hold as long as there are any.
    """
    if not model.ever:
        return False
    name, reach = table(model, "ever"), reach_of_ever()
    with connection.cursor() as cursor:
        lock(cursor, model)
        cursor.execute(
            f"SELECT array(SELECT id FROM site_stale_hour WHERE sums = %s AND hour < %s), {reaches(model)}",
            [name, reach, reach],
        )
        notes, there = cursor.fetchone()
        if there and not notes:
            return False
        sums, params = joined(stored(model, "month", None, reach))
        cursor.execute(f"DELETE FROM {name} WHERE starts <> %s", [reach])
        replace(cursor, model, "ever", [reach], f"CROSS JOIN ({sums}) AS s", params)
        cursor.execute(f"ANALYZE {name}")
        cross_out(cursor, notes)
    return True


def lock(cursor: Any, model: type[Sums]) -> None:
    """One at a time a table."""
    cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [table(model)])


def note(cursor: Any, name: str, hours: Iterable[datetime]) -> None:
    cursor.execute(
        "INSERT INTO site_stale_hour (sums, hour) SELECT %s, unnest(%s::timestamptz[])", [name, sorted(hours)]
    )


def cross_out(cursor: Any, notes: Iterable[int]) -> None:
    cursor.execute("DELETE FROM site_stale_hour WHERE id = ANY(%s)", [list(notes)])


def of_finer(model: type[Sums], span: Span) -> str:
    of_span = f"s.starts >= w.start AND s.starts < w.start + interval '1 {span}'"
    return f"JOIN {table(model, FINER[span])} AS s ON {of_span}"


@transaction.atomic
def forget(model: type[Sums]) -> None:
    """Make every hour stale that has rows or sums. Questions read the rows until they are rolled up again."""
    rows = model.rows
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO site_stale_hour (sums, hour) {noted({table(model): hours_there(rows.moment, rows.table)})}"
            f" UNION SELECT '{table(model)}', starts FROM {table(model)}"
        )


def replace(
    cursor: Any, model: type[Sums], span: Span, starts: list[datetime], source: str, params: Iterable[Any] = ()
) -> None:
    """Sum the spans that begin at `w.start` anew, from the sums `s` of shorter times that `source` joins to them."""
    name, keys, measures = table(model, span), list(model.rows.keys), model.rows.measures
    summed = [f"{measure.of_sums}(s.{column})" for column, measure in measures.items()]
    kept = [f"s.{key}" for key in keys]
    # In one statement, so that both halves see the same rows: an addition is in the new sums or still beside them.
    cursor.execute(
        f"WITH old AS (DELETE FROM {name} WHERE starts = ANY(%s))"
        f" INSERT INTO {name} (starts, {', '.join([*keys, *measures])})"
        f" SELECT w.start, {', '.join([*kept, *summed])}"
        f" FROM unnest(%s::timestamptz[]) AS w(start) {source} GROUP BY w.start, {', '.join(kept)}",
        [starts, starts, *params],
    )
