"""The calls of one skill or of all in a time, as the pages of skills show them."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from apps.core.ranges import TimeRange, start_in, start_of
from apps.core.rollups import Span
from apps.telemetry.latencies import InvocationTime, Latency, LatencyQuerySet
from apps.telemetry.skill_condition import Outcomes
from apps.telemetry.skill_health import suggestion
from apps.telemetry.sum_querysets import InvocationSumQuerySet
from apps.telemetry.sums import InvocationSum

Row = dict[str, Any]  # of InvocationSumQuerySet's groups
Names = tuple[Any, ...]
NO_TIMES = Latency(())
RHYTHM_WITHIN = timedelta(days=31)  # of a longer time the hours of the week are not asked for
LEAST_CALLS = 5  # of a tool, to be called slow or failing


@dataclass(frozen=True)
class Group:
    """Calls that have something in common; times are in milliseconds, and None where none is known."""

    names: Names
    outcomes: Outcomes
    tokens: int
    times: Latency
    longest: int | None
    last_seen: datetime

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
    """Of all skills where `skill` is empty."""

    time: TimeRange
    skill: str = ""

    def sums(self, finest: Span = "month") -> InvocationSumQuerySet:
        found = InvocationSum.objects.between(self.time.since, self.time.until, finest)
        return found.of_skill(self.skill) if self.skill else found

    def times(self, finest: Span = "month") -> LatencyQuerySet:
        found = InvocationTime.objects.between(self.time.since, self.time.until, finest)
        return found.filter(skill_name=self.skill) if self.skill else found

    @cached_property
    def rows(self) -> list[Row]:
        """By skill and tool, and those of one skill by model and error too."""
        return list(self.sums().kinds("skill_name", "tool_name", *(("model_used", "error_type") if self.skill else ())))

    @cached_property
    def tool_times(self) -> dict[Names, Latency]:
        """By skill and tool."""
        return self.times().latencies("skill_name", "tool_name")

    @property
    def all_times(self) -> Latency:
        return together(self.tool_times.values())

    @property
    def outcomes(self) -> Outcomes:
        return outcomes_of(self.rows)

    @cached_property
    def drawn(self) -> TimeRange:
        """With a start: for all time that of the first call."""
        first = min((row["first_seen"] for row in self.rows), default=self.time.until)
        return self.time.starting_at(first)

    @cached_property
    def hours(self) -> list[Row] | None:
        """In order of time; None where there are too many of them."""
        assert self.drawn.since is not None
        if self.drawn.until - self.drawn.since > RHYTHM_WITHIN:
            return None
        return list(self.sums("hour").by_hour())

    def over_time(self) -> dict[datetime, Outcomes]:
        """By the starts of the hours, days, weeks or months that are drawn."""
        grain = self.drawn.grain
        if self.hours is None:
            rows = list(self.sums(self.drawn.finest).over_time(grain))
        else:
            rows = [row | {"start": start_of(grain, row["hour"])} for row in self.hours]
        return {start: outcomes_of(of_start) for (start,), of_start in parted(rows, "start").items()}

    def times_over_time(self) -> dict[datetime, Latency]:
        found = self.times(self.drawn.finest).latencies(start=start_in(self.drawn.grain))
        return {start: latency for (start,), latency in found.items()}

    @property
    def skills(self) -> list[Group]:
        times: dict[Names, list[Latency]] = defaultdict(list)
        for (skill, _), latency in self.tool_times.items():
            times[skill,].append(latency)
        return self.by("skill_name", times={names: together(parts) for names, parts in times.items()})

    @property
    def tools(self) -> list[Group]:
        """By skill and tool."""
        return self.by("skill_name", "tool_name", times=self.tool_times)

    @property
    def models(self) -> list[Group]:
        """Of one skill."""
        return self.by("model_used", times={})

    def by(self, *columns: str, times: dict[Names, Latency]) -> list[Group]:
        """The busiest first."""
        found = [group(names, rows, times.get(names, NO_TIMES)) for names, rows in parted(self.rows, *columns).items()]
        return sorted(found, key=lambda one: (-one.outcomes.calls, [str(name) for name in one.names]))

    @property
    def errors(self) -> list[FoundError]:
        """The most frequent first."""
        every = self.rows if self.skill else self.sums().kinds("skill_name", "error_type")
        failed = [row for row in every if row["error_type"] is not None]
        found = [error(names, rows) for names, rows in parted(failed, "skill_name", "error_type").items()]
        return sorted(found, key=lambda one: (-one.count, one.skill, one.type))


def slowest(tools: Iterable[Group], most: int = 10) -> list[Group]:
    """By what one call in twenty takes."""
    known = [tool for tool in tools if tool.times.calls >= LEAST_CALLS]
    return sorted(known, key=lambda tool: (-(tool.times.p95 or 0), tool.names))[:most]


def failing(tools: Iterable[Group], most: int = 10) -> list[Group]:
    """By the share of the calls that surely fails: one failure of one call says less than 50 of 100."""
    found = [tool for tool in tools if tool.outcomes.failed]
    return sorted(found, key=lambda tool: (tool.outcomes.bounds[1], -tool.outcomes.failed, tool.names))[:most]


def parted(rows: Iterable[Row], *columns: str) -> dict[Names, list[Row]]:
    groups: dict[Names, list[Row]] = defaultdict(list)
    for row in rows:
        groups[tuple(row[column] for column in columns)].append(row)
    return groups


def outcomes_of(rows: Iterable[Row]) -> Outcomes:
    return sum((Outcomes(row["total"], row["failures"]) for row in rows), Outcomes())


def group(names: Names, rows: list[Row], times: Latency) -> Group:
    longest = max((row["longest"] for row in rows if row["longest"] is not None), default=None)
    last_seen = max(row["last_seen"] for row in rows)
    return Group(names, outcomes_of(rows), sum(row["tokens"] for row in rows), times, longest, last_seen)


def error(names: Names, rows: list[Row]) -> FoundError:
    skill, type = names
    first_seen, last_seen = min(row["first_seen"] for row in rows), max(row["last_seen"] for row in rows)
    return FoundError(skill, type, sum(row["failures"] for row in rows), first_seen, last_seen)


def together(latencies: Iterable[Latency]) -> Latency:
    counts: Counter[int] = Counter()
    for latency in latencies:
        counts.update(dict(latency.buckets))
    return Latency(sorted(counts.items()))
