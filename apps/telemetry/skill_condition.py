"""How skills are now, so that many calls hide no failures: what we can be sure of, and not a score."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from math import sqrt
from typing import Any, Literal

from django.db import connection
from django.db.models import BooleanField, Case, Value, When
from django.utils import timezone

from apps.core.rollups import floor
from apps.core.templatetags.display import span
from apps.telemetry.latencies import InvocationTime, Latency
from apps.telemetry.sums import InvocationSum

Level = Literal["failing", "watch", "unsure", "well"]
LEVELS: dict[Level, str] = {"failing": "failing", "watch": "worth a look", "unsure": "too few calls", "well": "well"}
RECENT, WEEK, RHYTHM = timedelta(hours=24), timedelta(days=7), timedelta(days=14)
HOUR = timedelta(hours=1)
GOOD = 0.9  # share of the calls that should succeed
Z = 1.96  # 95 % sure
IN_A_ROW = 5  # failures at the end that say enough by themselves
HOURS_OF_A_RHYTHM = 10  # with calls in them, before silence says anything
SILENT = 1.5  # times the longest pause before
LEAST_TIMED, SLOWER, SLOWER_MS = 20, 2, 100  # calls, times the usual median, and milliseconds above it


@dataclass(frozen=True)
class Outcomes:
    calls: int = 0
    failed: int = 0

    @property
    def bounds(self) -> tuple[float, float]:
        """Between which shares the truth lies, 95 % sure (Wilson's interval)."""
        if not self.calls:
            return 0.0, 1.0
        share = 1 - self.failed / self.calls
        middle = share + Z * Z / (2 * self.calls)
        width = Z * sqrt(share * (1 - share) / self.calls + Z * Z / (4 * self.calls**2))
        scale = 1 + Z * Z / self.calls
        return max((middle - width) / scale, 0.0), min((middle + width) / scale, 1.0)

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

    def __add__(self, other: "Outcomes") -> "Outcomes":
        return Outcomes(self.calls + other.calls, self.failed + other.failed)


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

    @property
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
            found.append(f"{self.recent.failed:,} of {self.recent.calls:,} calls failed in the last 24 h")
        if self.week.failed > self.recent.failed:
            found.append(f"{self.week.failed:,} of {self.week.calls:,} in 7 d")
        if self.is_silent:
            found.append(
                f"silent for {span(self.silence.total_seconds())}, and never longer than "
                f"{span(max(self.pause, HOUR).total_seconds())} before"
            )
        if self.is_slower:
            found.append(f"half of the calls took {self.median:,.0f} ms and more, {self.median_before:,.0f} ms before")
        if not self.week.calls:
            found.append("no calls in 7 d")
        return found or [f"all {self.week.calls:,} calls succeeded in 7 d"]

    @property
    def badness(self) -> tuple[int, float, str]:
        """The worst first, and of one level what we can be least sure of."""
        return list(LEVELS).index(self.level), self.week.surely, self.skill


def conditions(skills: Sequence[str] | None = None) -> list[Condition]:
    """Of the skills, or of all, that were called within 14 days; the worst first. In three queries."""
    now = timezone.now()
    hours: dict[str, list[dict[str, Any]]] = defaultdict(list)
    sums = InvocationSum.objects.between(now - RHYTHM, now, "hour")
    for row in (sums if skills is None else sums.filter(skill_name__in=skills)).by_skill_and_hour():
        hours[row["skill_name"]].append(row)
    streaks, medians = failures_in_a_row(list(hours)), latencies(now, skills)
    found = [condition(skill, rows, streaks.get(skill, 0), medians, now) for skill, rows in hours.items()]
    return sorted(found, key=lambda one: one.badness)


def condition(
    skill: str, rows: list[dict[str, Any]], in_a_row: int, times: dict[tuple[str, bool], Latency], now: datetime
) -> Condition:
    """Of its hours with calls, in order of time."""
    starts = [row["hour"] for row in rows]
    recent, before = (times.get((skill, late), Latency(())) for late in (True, False))
    return Condition(
        skill,
        outcomes(row for row in rows if row["hour"] >= floor(now - WEEK, "hour")),
        outcomes(row for row in rows if row["hour"] >= floor(now - RECENT, "hour")),
        last_at=rows[-1]["last_seen"],
        in_a_row=in_a_row,
        pause=max((later - earlier for earlier, later in pairwise(starts)), default=timedelta(0)),
        hours=len({floor(start, "hour") for start in starts}),
        median=recent.p50,
        median_before=before.p50,
        timed=min(recent.calls, before.calls),
        now=now,
    )


def outcomes(rows: Iterable[dict[str, Any]]) -> Outcomes:
    return sum((Outcomes(row["total"], row["failures"]) for row in rows), Outcomes())


def latencies(now: datetime, skills: Sequence[str] | None) -> dict[tuple[str, bool], Latency]:
    """Of the week, by skill and whether they are of the last 24 hours."""
    recent = When(starts__gte=floor(now - RECENT, "hour"), then=Value(True))
    times = InvocationTime.objects.between(now - WEEK, now, "hour")
    times = times if skills is None else times.filter(skill_name__in=skills)
    late = Case(recent, default=Value(False), output_field=BooleanField())
    return {(skill, is_late): latency for (skill, is_late), latency in times.latencies("skill_name", late=late).items()}


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
