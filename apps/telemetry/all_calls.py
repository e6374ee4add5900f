"""The calls of all skills in a time: of however many tools there are, only what is shown is read in full."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from heapq import nsmallest
from typing import Any, NamedTuple

from django.db.models import F, QuerySet, Sum, TextField, Value

from apps.core.rollups import Span, first_moment
from apps.telemetry.call_totals import CallTotal, CallTotalQuerySet
from apps.telemetry.latencies import Latency, collected
from apps.telemetry.skill_calls import NO_TIMES, TOOL, FoundError, Group, Names, SkillCalls, group
from apps.telemetry.skill_condition import Outcomes
from apps.telemetry.sums import InvocationSum

LEAST_CALLS = 5  # timed ones of a tool, to be called slow
MANY = 500  # tools, beyond which only the slowest calls are asked for first
LOWEST = -1  # below all buckets
RANKED = 10  # tools of each kind that are shown


class Tool(NamedTuple):
    """What is known of each tool."""

    skill: str
    name: str
    calls: int
    failed: int
    timed: int
    tokens: int


@dataclass(frozen=True)
class AllCalls(SkillCalls):
    """The `most` busiest skills are shown."""

    most: int = 25

    def together(self, finest: Span = "ever") -> CallTotalQuerySet:
        return CallTotal.objects.between(self.time.since, self.time.until, finest)

    times_together = together

    @cached_property
    def counts(self) -> list[Tool]:
        sums = self.sums().order_by().values_list(*TOOL)
        found = sums.annotate(*(Sum(name) for name in ("calls", "failed", "timed", "tokens_used")))
        return [Tool(*row) for row in found]

    @property
    def outcomes(self) -> Outcomes:
        return Outcomes(sum(tool.calls for tool in self.counts), sum(tool.failed for tool in self.counts))

    @property
    def tokens(self) -> int:
        return sum(tool.tokens for tool in self.counts)

    @property
    def first(self) -> datetime:
        return first_moment(InvocationSum) or self.time.until

    @cached_property
    def names(self) -> list[str]:
        """Of all skills, the busiest first."""
        calls: Counter[str] = Counter()
        for tool in self.counts:
            calls[tool.skill] += tool.calls
        return sorted(calls, key=lambda skill: (-calls[skill], skill))

    @cached_property
    def groups(self) -> dict[Names, Group]:
        """Those of `parts`, with their times."""
        sums, times = (self.parts_of(every) for every in (self.sums(), self.times()))
        rows = union(part.kinds("skill_name", "part") for part in sums)
        counts = union(part.counted("skill_name", "part") for part in times).order_by("bucket")
        found = collected(counts.values_list("skill_name", "part", "bucket", "n"))
        named = (((row["skill_name"], row["part"]), row) for row in rows)
        return {names: replace(group(names, [row]), times=found.get(names, NO_TIMES)) for names, row in named}

    def parts_of(self, rows: Any) -> list[Any]:
        """The busiest skills, where `part` is None; and the ranked tools, with others of their names."""
        ranked = [*self.slowest, *self.failing]
        tools = rows.filter(skill_name__in={skill for skill, _ in ranked}, tool_name__in={tool for _, tool in ranked})
        skills = rows.filter(skill_name__in=self.names[: self.most])
        return [skills.annotate(part=Value(None, TextField())), tools.annotate(part=F("tool_name"))]

    @property
    def skills(self) -> list[Group]:
        return [self.groups[skill, None] for skill in self.names[: self.most]]

    @property
    def errors(self) -> list[FoundError]:
        failed = self.sums().exclude(error_type=None).kinds("skill_name", "error_type")
        rows = failed.order_by("-failures", "skill_name", "error_type")
        names = ("skill_name", "error_type", "failures", "first_seen", "last_seen")
        return [FoundError(*row) for row in rows.values_list(*names)[: self.most]]

    @cached_property
    def slowest(self) -> list[Names]:
        """Tools, by what one call in twenty takes.

        What has more than a twentieth of its calls among the slowest hundredth of all is slower than what has not.
        """
        place = self.all_times.place(0.99) if len(self.counts) > MANY else None
        found = self.slower_than(place[0]) if place else {}
        if len(found) < RANKED:
            found = self.slower_than(LOWEST)
        return nsmallest(RANKED, found, key=lambda names: (-found[names], names))

    def slower_than(self, bucket: int) -> dict[Names, float]:
        """The p95, in milliseconds, of those tools whose p95 lies above the bucket."""
        timed = {(tool.skill, tool.name): tool.timed for tool in self.counts if tool.timed >= LEAST_CALLS}
        found = {}
        for names, slow in self.times().filter(bucket__gt=bucket).latencies(*TOOL).items():
            every = timed.get(names, 0)
            if slow.calls > 0.05 * every > 0:
                found[names] = Latency([(bucket, max(every - slow.calls, 0)), *slow.buckets]).p95 or 0.0
        return found

    @cached_property
    def failing(self) -> list[Names]:
        """Tools, by the share of the calls that surely fails: one failure of one call says less than 50 of 100."""
        failed = [tool for tool in self.counts if tool.failed]
        return [(tool.skill, tool.name) for tool in nsmallest(RANKED, failed, key=surely_failing)]


def surely_failing(tool: Tool) -> tuple[float, int, Names]:
    return Outcomes(tool.calls, tool.failed).bounds[1], -tool.failed, (tool.skill, tool.name)


def union(parts: Iterable[QuerySet]) -> QuerySet:
    first, *others = parts
    return first.union(*others, all=True)
