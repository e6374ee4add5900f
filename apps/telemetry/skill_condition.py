"""How skills are now, so that many calls hide no failures: what we can be sure of, and not a score."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property, lru_cache
from math import sqrt
from typing import Any, Literal, NamedTuple

from django.db import connection
from django.utils import timezone

from apps.core.rollups import ceiling, floor
from apps.core.templatetags.display import span
from apps.telemetry.latencies import InvocationTime
from apps.telemetry.sums import InvocationSum

Level = Literal["failing", "watch", "unsure", "well"]
LEVELS: dict[Level, str] = {"failing": "failing", "watch": "worth a look", "unsure": "too few calls", "well": "well"}
ORDER = {level: place for place, level in enumerate(LEVELS)}
RECENT, WEEK = timedelta(hours=24), timedelta(days=7)
HOUR = timedelta(hours=1)
UNTIMED = (None, 0)
GOOD = 0.9  # share of the calls that should succeed
Z = 1.96  # 95 % sure
IN_A_ROW = 5  # failures at the end that say enough by themselves
HOURS_OF_A_RHYTHM = 10  # with calls in them, before silence says anything
SILENT = 1.5  # times the longest pause before
LEAST_TIMED, SLOWER, SLOWER_MS = 20, 2, 100  # calls, times the usual median, and milliseconds above it


class Outcomes(NamedTuple):
    calls: int = 0
    failed: int = 0

    @property
    def bounds(self) -> tuple[float, float]:
        """Between which shares the truth lies, 95 % sure."""
        return wilson(self.calls, self.failed)

    @property
    def surely(self) -> float:
        """At least this share of the calls succeeds."""
        return self.bounds[0]

    @property
    def is_good(self) -> bool | None:
        """Do at least GOOD of the calls succeed? None where these calls cannot tell."""
        low, high = self.bounds
        return True if low >= GOOD else False if high < GOOD else None

    @property
    def seems_bad(self) -> bool:
        return self.failed > (1 - GOOD) * self.calls

    def __add__(self, other: tuple[int, ...]) -> "Outcomes":  # type: ignore[override]  # a sum, no longer tuple
        calls, failed = other
        return Outcomes(self.calls + calls, self.failed + failed)


@lru_cache(10_000)
def wilson(calls: int, failed: int) -> tuple[float, float]:
    """Wilson's interval of the share that succeeds. Most of many skills have few calls, and so the same."""
    if not calls:
        return 0.0, 1.0
    share = 1 - failed / calls
    middle = share + Z * Z / (2 * calls)
    width = Z * sqrt(share * (1 - share) / calls + Z * Z / (4 * calls**2))
    scale = 1 + Z * Z / calls
    return max((middle - width) / scale, 0.0), min((middle + width) / scale, 1.0)


@dataclass(frozen=True)
class Condition:
    """Times are in milliseconds."""

    skill: str
    week: Outcomes
    recent: Outcomes  # of the last 24 hours
    last_at: datetime
    in_a_row: int = 0  # failures since the last success, counted up to IN_A_ROW
    pause: timedelta = timedelta(0)  # the longest between hours with calls
    hours: int = 0  # with calls in them
    median: float | None = None
    median_before: float | None = None
    timed: int = 0
    now: datetime = field(default_factory=timezone.now)

    @property
    def silence(self) -> timedelta:
        return self.now - self.last_at

    @property
    def is_silent(self) -> bool:
        return self.hours >= HOURS_OF_A_RHYTHM and self.silence > max(self.pause, HOUR) * SILENT

    @property
    def is_slower(self) -> bool:
        if self.median is None or self.median_before is None or self.timed < LEAST_TIMED:
            return False
        return self.median >= SLOWER * self.median_before and self.median - self.median_before >= SLOWER_MS

    @cached_property
    def level(self) -> Level:
        """By the last 24 hours where they suffice, else by the week."""
        good = self.week.is_good if self.recent.is_good is None else self.recent.is_good
        if good is False or self.in_a_row >= IN_A_ROW:
            return "failing"
        if self.is_silent or self.is_slower or (good is None and self.week.seems_bad):
            return "watch"
        if good is None:
            return "unsure"
        return "well" if self.week.is_good is not False else "watch"

    @property
    def words(self) -> str:
        return LEVELS[self.level]

    @property
    def reasons(self) -> list[str]:
        found = []
        if self.in_a_row >= IN_A_ROW:
            found.append(f"the last {IN_A_ROW} calls all failed")
        if self.recent.failed:
            found.append(f"{self.recent.failed:,} of {self.recent.calls:,} calls failed in 24 h")
        if self.week.failed > self.recent.failed:
            found.append(f"{self.week.failed:,} of {self.week.calls:,} calls failed in 7 d")
        if self.is_silent:
            found.append(
                f"silent for {span(self.silence.total_seconds())}, and never longer than "
                f"{span(max(self.pause, HOUR).total_seconds())} before"
            )
        if self.is_slower:
            found.append(f"half of the calls took {self.median:,.0f} ms and more, {self.median_before:,.0f} ms before")
        return found or [f"all {self.week.calls:,} calls succeeded in 7 d"]

    @property
    def badness(self) -> tuple[int, float, str]:
        """The worst first, and of one level what we can be least sure of."""
        return ORDER[self.level], self.week.surely, self.skill


def conditions(skills: Sequence[str] | None = None) -> list[Condition]:
    """Of the skills that were called within 7 days, or of these of them, the worst first. In four queries.

    Days begin and end with whole hours, whose sums are there.
    What takes long to know is asked of those skills alone that it can say something of.
    """
    if skills is not None and not skills:
        return []
    now = timezone.now()
    first, last_day, end = floor(now - WEEK, "hour"), floor(now - RECENT, "hour"), ceiling(now, "hour")
    rows = hours_of_skills(first, last_day, end, skills)
    late = medians(last_day, end, skills)
    before = medians(first, last_day, [skill for skill, (_, timed) in late.items() if timed >= LEAST_TIMED])
    streaks = failures_in_a_row([skill for skill, calls, failed, *_ in rows if failed >= min(calls, IN_A_ROW)])
    found = [
        Condition(
            skill,
            Outcomes(calls, failed),
            Outcomes(recent, recent_failed),
            last_at=last_at,
            in_a_row=streaks.get(skill, 0),
            pause=longest_pause(hours),
            hours=hours.count("1"),
            median=late.get(skill, UNTIMED)[0],
            median_before=before.get(skill, UNTIMED)[0],
            timed=min(late.get(skill, UNTIMED)[1], before.get(skill, UNTIMED)[1]),
            now=now,
        )
        for skill, calls, failed, recent, recent_failed, last_at, hours in rows
    ]
    return sorted(found, key=lambda one: one.badness)


# The hours with calls as digits, of which the first that the week touches comes first.
HOURS = """
SELECT skill_name, sum(calls)::bigint, sum(failed)::bigint,
       coalesce(sum(calls) FILTER (WHERE starts >= %s), 0)::bigint,
       coalesce(sum(failed) FILTER (WHERE starts >= %s), 0)::bigint,
       max(last_at), bit_or(set_bit(repeat('0', 169)::bit(169), (date_part('epoch', starts - %s) / 3600)::int, 1))::text
  FROM ({sums}) AS sums GROUP BY skill_name
"""


def hours_of_skills(
    first: datetime, last_day: datetime, end: datetime, skills: Sequence[str] | None
) -> list[tuple[Any, ...]]:
    """By skill: calls and failures since `first` and since `last_day`, the last call, and the hours with calls."""
    week = InvocationSum.objects.between(first, end, "hour")
    week = week if skills is None else week.filter(skill_name__in=skills)
    sums, parameters = week.values("skill_name", "starts", "calls", "failed", "last_at").query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(HOURS.format(sums=sums), [last_day, last_day, first, *parameters])
        return cursor.fetchall()


def longest_pause(hours: str) -> timedelta:
    """Between two hours with calls; none where there are no two."""
    if hours.count("1") < 2:
        return timedelta(0)
    return (max(map(len, hours.strip("0").split("1"))) + 1) * HOUR


def medians(since: datetime, until: datetime, skills: Sequence[str] | None = None) -> dict[str, tuple[float, int]]:
    """By skill: milliseconds, and how many calls were timed."""
    times = InvocationTime.objects.between(since, until)
    times = times if skills is None else times.filter(skill_name__in=skills)
    return {skill: (median, timed) for (skill,), ([median], timed) in times.percentiles([0.5], "skill_name").items()}


NEWEST = """
SELECT s.name, array_agg(c.success ORDER BY c.created_at DESC, c.id DESC)
  FROM unnest(%s::text[]) AS s(name)
 CROSS JOIN LATERAL (SELECT id, success, created_at FROM skill_invocations
                      WHERE skill_name = s.name AND created_at <= now()
                      ORDER BY created_at DESC, id DESC LIMIT %s) AS c
 GROUP BY s.name
"""


def failures_in_a_row(skills: list[str]) -> dict[str, int]:
    """Of each skill how many of its newest calls failed until one succeeded, counted up to IN_A_ROW."""
    with connection.cursor() as cursor:
        cursor.execute(NEWEST, [skills, IN_A_ROW])
        return {name: [*successes, True].index(True) for name, successes in cursor.fetchall()}
