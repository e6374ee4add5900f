"""Which tools are the slowest and which fail the most, of however many there are."""

from heapq import nsmallest

from apps.telemetry.latencies import Latency
from apps.telemetry.skill_calls import TOOL, Group, Names, SkillCalls

LEAST_CALLS = 5  # timed ones of a tool, to be called slow
MANY = 500  # tools, beyond which only the slowest calls are asked for first
LOWEST = -1  # below all buckets


def slowest(calls: SkillCalls, tools: list[Group], most: int = 10) -> list[Group]:
    """By what one call in twenty takes.

    What has more than a twentieth of its calls among the slowest hundredth of all is slower than what has not.
    """
    timed = {tool.names: tool.timed for tool in tools if tool.timed >= LEAST_CALLS}
    place = calls.all_times.place(0.99) if len(timed) > MANY else None
    found = slower_than(place[0], calls, timed) if place else {}
    if len(found) < most:
        found = slower_than(LOWEST, calls, timed)
    first = nsmallest(most, found, key=lambda names: (-found[names], names))
    named = {tool.names: tool for tool in tools}
    return [named[names] for names in first]


def slower_than(bucket: int, calls: SkillCalls, timed: dict[Names, int]) -> dict[Names, float]:
    """The p95, in milliseconds, of those tools whose p95 lies above the bucket; `timed` are the calls of each."""
    found = {}
    for names, slow in calls.times().filter(bucket__gt=bucket).latencies(*TOOL).items():
        every = timed.get(names, 0)
        if slow.calls > 0.05 * every > 0:
            found[names] = Latency([(bucket, max(every - slow.calls, 0)), *slow.buckets]).p95 or 0.0
    return found


def failing(tools: list[Group], most: int = 10) -> list[Group]:
    """By the share of the calls that surely fails: one failure of one call says less than 50 of 100."""
    failed = [tool for tool in tools if tool.outcomes.failed]
    return nsmallest(most, failed, key=lambda tool: (tool.outcomes.bounds[1], -tool.outcomes.failed, tool.names))
