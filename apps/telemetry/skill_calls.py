"""The calls of one skill or of all in a time, as the pages of skills show them."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, Self

from apps.core.ranges import TimeRange, start_of
from apps.core.rollups import Span
from apps.telemetry.latencies import InvocationTime, Latency, LatencyQuerySet
from apps.telemetry.skill_condition import Outcomes
from apps.telemetry.skill_health import suggestion
from apps.telemetry.sum_querysets import CallQuerySet, InvocationSumQuerySet
from apps.telemetry.sums import InvocationSum

Row = dict[str, Any]  # of InvocationSumQuerySet's groups
Names = tuple[Any, ...]
NO_TIMES = Latency(())
RHYTHM_WITHIN = timedelta(days=31)  # of a longer time the hours of the week are not asked for
TOOL = ("skill_name", "tool_name")
KIND = (*TOOL, "model_used", "error_type")


@dataclass(frozen=True)
class Group:
    """Calls that have something in common; times are in milliseconds, and None where none is known."""

    names: Names
    outcomes: Outcomes
    tokens: int
    timed: int  # calls whose duration is known
    longest: int | None
    first_seen: datetime
    last_seen: datetime
    times: Latency = NO_TIMES

    @property
    def failure_rate(self) -> float:
        return self.outcomes.failed / self.outcomes.calls

    @property
    def percentiles(self) -> list[float | None]:
        """p50, p95 and p99; those of buckets may lie a little above the longest call, which is known exactly."""
        found = (self.times.p50, self.times.p95, self.times.p99)
        return [value if value is None or self.longest is None else min(value, self.longest) for value in found]


@dataclass(frozen=True)
class FoundError:
    """Failures of one type, which is empty where nobody said; `advice` says what to do about them."""

    skill: str
    type: str
    count: int
    first_seen: datetime
    last_seen: datetime

    @property
    def advice(self) -> str:
        if not self.type:
            return "Let the skill say what went wrong: it reports failures without an error_type."
        return suggestion(skill_name=self.skill, error_type=self.type, count=self.count)


@dataclass(frozen=True)
class SkillCalls:
    """Of all skills where `skill` is empty; the columns `parts` tell apart what `by` groups."""

    time: TimeRange
    skill: str = ""
    parts: Names = KIND

    def sums(self, finest: Span = "ever") -> InvocationSumQuerySet:
        found = InvocationSum.objects.between(self.time.since, self.time.until, finest)
        return found.of_skill(self.skill) if self.skill else found

    def times(self, finest: Span = "ever") -> LatencyQuerySet:
        found = InvocationTime.objects.between(self.time.since, self.time.until, finest)
        return found.filter(skill_name=self.skill) if self.skill else found

    def together(self, finest: Span = "ever") -> CallQuerySet:
        """Sums for what needs no tool told apart."""
        return self.sums(finest)

    def times_together(self, finest: Span = "ever") -> LatencyQuerySet:
        return self.times(finest)

    @cached_property
    def rows(self) -> list[Row]:
        return list(self.sums().kinds(*self.parts))

    @property
    def outcomes(self) -> Outcomes:
        return outcomes_of(self.rows)

    @property
    def tokens(self) -> int:
        return sum(row["tokens"] for row in self.rows)

    @property
    def first(self) -> datetime:
        return min((row["first_seen"] for row in self.rows), default=self.time.ends)

    @property
    def before(self) -> Self | None:
        """Those of the time before, as long; all time has none."""
        return replace(self, time=self.time.previous) if self.time.previous else None

    @cached_property
    def drawn(self) -> TimeRange:
        """With a start: for all time that of the first call."""
        return self.time if self.time.since else self.time.starting_at(self.first)

    @cached_property
    def hours(self) -> list[Row] | None:
        """In order of time; None where there are too many of them."""
        if self.drawn.length > RHYTHM_WITHIN:
            return None
        return list(self.together("hour").by_hour())

    def over_time(self) -> dict[datetime, Outcomes]:
        """By the starts of the hours, days, weeks or months that are drawn."""
        grain = self.drawn.grain
        if self.hours is None:
            rows = list(self.together(self.drawn.finest).over_time(grain))
        else:
            rows = [row | {"start": start_of(grain, row["hour"])} for row in self.hours]
        return {start: outcomes_of(of_start) for (start,), of_start in parted(rows, "start").items()}

    @cached_property
    def times_over_time(self) -> dict[datetime, Latency]:
        return self.times_together(self.drawn.finest).latencies_over_time(self.drawn.grain)

    @property
    def all_times(self) -> Latency:
        return together(self.times_over_time.values())

    def by(self, *columns: str) -> list[Group]:
        """The busiest first, without their times."""
        found = [group(names, rows) for names, rows in parted(self.rows, *columns).items()]
        return sorted(found, key=lambda one: (-one.outcomes.calls, [str(name) for name in one.names]))

    def timed(self, groups: list[Group], *columns: str) -> list[Group]:
        """The same, by `skill_name` or TOOL, with their times."""
        found = self.times().filter(skill_name__in={one.names[0] for one in groups}).latencies(*columns)
        return [replace(one, times=found.get(one.names, NO_TIMES)) for one in groups]

    @property
    def errors(self) -> list[FoundError]:
        """The most frequent first."""
        failed = (row for row in self.rows if row["error_type"] is not None)
        types = parted(failed, "skill_name", "error_type").items()
        found = [FoundError(skill, type, *seen(rows)) for (skill, type), rows in types]
        return sorted(found, key=lambda one: (-one.count, one.skill, one.type))


def parted(rows: Iterable[Row], *columns: str) -> dict[Names, list[Row]]:
    groups: dict[Names, list[Row]] = defaultdict(list)
    for row in rows:
        groups[tuple(row[column] for column in columns)].append(row)
    return groups


def outcomes_of(rows: Iterable[Row]) -> Outcomes:
    return sum((Outcomes(row["total"], row["failures"]) for row in rows), Outcomes())


def group(names: Names, rows: list[Row]) -> Group:
    longest = max((row["longest"] for row in rows if row["longest"] is not None), default=None)
    tokens, timed = (sum(row[name] for row in rows) for name in ("tokens", "timed"))
    _, first_seen, last_seen = seen(rows)
    return Group(names, outcomes_of(rows), tokens, timed, longest, first_seen, last_seen)


def seen(rows: list[Row]) -> tuple[int, datetime, datetime]:
    """How many failed, and when the first and the last of the calls was."""
    failures = sum(row["failures"] for row in rows)
    return failures, min(row["first_seen"] for row in rows), max(row["last_seen"] for row in rows)


def together(latencies: Iterable[Latency]) -> Latency:
    counts: Counter[int] = Counter()
    for latency in latencies:
        counts.update(dict(latency.buckets))
    return Latency(sorted(counts.items()))
