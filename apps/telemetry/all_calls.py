"""The calls of all skills in a time: of however many tools there are, only what is shown is read in full."""

from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from heapq import nsmallest
from typing import NamedTuple

from django.db.models import Sum

from apps.core.rollups import Span, first_moment
from apps.telemetry.call_totals import CallTotal, CallTotalQuerySet
from apps.telemetry.latencies import Latency
from apps.telemetry.skill_calls import NO_TIMES, TOOL, FoundError, Group, Names, Row, SkillCalls, group, parted
from apps.telemetry.skill_condition import Outcomes
from apps.telemetry.sums import InvocationSum

LEAST_CALLS = 5  # timed ones of a tool, to be called slow
MANY = 500  # tools, beyond which only the slowest calls are asked for first
LOWEST = -1  # below all buckets


class Tool(NamedTuple):
    """What is known of each tool."""

    skill: str
    name: str
    calls: int
    failed: int
    timed: int


@dataclass(frozen=True)
class AllCalls(SkillCalls):
    """The `most` busiest skills are shown."""

    most: int = 25

    def together(self, finest: Span = "ever") -> CallTotalQuerySet:
        return CallTotal.objects.between(self.time.since, self.time.until, finest)

    times_together = together

    @cached_property
    def rows(self) -> list[Row]:
        """Of the skills, the busiest first."""
        return sorted(self.sums().kinds("skill_name"), key=lambda row: (-row["total"], row["skill_name"]))

    @property
    def first(self) -> datetime:
        return first_moment(InvocationSum) or self.time.ends

    @property
    def skills(self) -> list[Group]:
        busiest = [group((row["skill_name"],), [row]) for row in self.rows[: self.most]]
        return self.timed(busiest, "skill_name")

    @property
    def errors(self) -> list[FoundError]:
        failed = self.sums().exclude(error_type=None).kinds("skill_name", "error_type")
        rows = failed.order_by("-failures", "skill_name", "error_type")
        names = ("skill_name", "error_type", "failures", "first_seen", "last_seen")
        return [FoundError(*row) for row in rows.values_list(*names)[: self.most]]


@dataclass(frozen=True)
class AllTools(AllCalls):
    """The `most` tools that are slowest and that fail most."""

    most: int = 10

    @cached_property
    def counts(self) -> list[Tool]:
        sums = self.sums().order_by().values_list(*TOOL)
        return [Tool(*row) for row in sums.annotate(Sum("calls"), Sum("failed"), Sum("timed"))]

    @property
    def slowest_and_failing(self) -> tuple[list[Group], list[Group]]:
        slowest, failing = self.slowest, self.failing
        # Of these, and of others that bear the name of one of them.
        wanted = {
            "skill_name__in": {skill for skill, _ in (*slowest, *failing)},
            "tool_name__in": {tool for _, tool in (*slowest, *failing)},
        }
        rows = parted(self.sums().filter(**wanted).kinds(*TOOL), *TOOL)
        times = self.times().filter(**wanted).latencies(*TOOL)
        found = {names: replace(group(names, rows[names]), times=times.get(names, NO_TIMES)) for names in rows}
        return [found[names] for names in slowest], [found[names] for names in failing]

    @cached_property
    def slowest(self) -> list[Names]:
        """Tools, by what one call in twenty takes.

        What has more than a twentieth of its calls among the slowest hundredth of all is slower than what has not.
        """
        place = self.all_times.place(0.99) if len(self.counts) > MANY else None
        found = self.slower_than(place[0]) if place else {}
        if len(found) < self.most:
            found = self.slower_than(LOWEST)
        return nsmallest(self.most, found, key=lambda names: (-found[names], names))

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
        return [(tool.skill, tool.name) for tool in nsmallest(self.most, failed, key=surely_failing)]


def surely_failing(tool: Tool) -> tuple[float, int, Names]:
    return Outcomes(tool.calls, tool.failed).bounds[1], -tool.failed, (tool.skill, tool.name)
