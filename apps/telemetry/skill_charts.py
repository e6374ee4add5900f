"""Figures and charts of the calls of one skill or of all."""

import math
from collections.abc import Sequence
from typing import Any

from apps.core.charts import Chart, HeatMap, Series, histogram, hours_of_week
from apps.core.figures import Figure, compact, milliseconds, share, whole
from apps.core.ranges import label_of
from apps.telemetry.latencies import RATIO, Latency
from apps.telemetry.skill_calls import NO_TIMES, SkillCalls
from apps.telemetry.skill_condition import Outcomes

MOST_BARS = 24


def figures(calls: SkillCalls) -> list[Figure]:
    """Each beside that of the period before."""
    now, times = calls.outcomes, calls.all_times
    before: dict[str, Any] = {}
    times_before = NO_TIMES
    if previous := calls.before:
        before = previous.together().measures()
        before["rate"] = failure_rate(Outcomes(before["total"], before["failures"]))
        times_before = previous.times_together().latencies().get((), NO_TIMES)
    return [
        Figure("Calls", now.calls, before.get("total"), whole),
        Figure("Failed", failure_rate(now), before.get("rate"), share),
        Figure("Median", times.p50, times_before.p50, milliseconds),
        Figure("p95", times.p95, times_before.p95, milliseconds),
        Figure("p99", times.p99, times_before.p99, milliseconds),
        Figure("Tokens, as reported", calls.tokens, before.get("tokens"), compact),
    ]


def failure_rate(outcomes: Outcomes) -> float | None:
    return outcomes.failed / outcomes.calls if outcomes.calls else None


def charts(calls: SkillCalls) -> list[Chart]:
    labels = [label_of(calls.drawn.grain, start) for start in calls.drawn.starts()]
    outcomes = calls.over_time()
    at = [outcomes.get(start, Outcomes()) for start in calls.drawn.starts()]
    found = calls.times_over_time
    times = [found.get(start, NO_TIMES) for start in calls.drawn.starts()]
    counts = [
        Series("succeeded", [one.calls - one.failed for one in at]),
        Series("failed", [one.failed for one in at]),
    ]
    latency = [
        Series("median", [one.p50 for one in times]),
        Series("p95", [one.p95 for one in times]),
        Series("p99", [one.p99 for one in times]),
    ]
    return [
        Chart("Calls", "bars", labels, counts, whole),
        Chart("Share of failures", "lines", labels, [Series("failed", [failure_rate(one) for one in at])], share),
        Chart("Latency", "lines", labels, latency, milliseconds),
    ]


def rhythm(calls: SkillCalls) -> HeatMap | None:
    """None of a time that is too long to be asked for by the hour."""
    if calls.hours is None:
        return None
    week = hours_of_week((row["hour"], row["total"]) for row in calls.hours)
    return HeatMap("Calls by hour of the week", week, whole)


def latency_histogram(times: Latency) -> Chart:
    """The buckets of the sums, as many of them together as it takes to draw at most MOST_BARS."""
    counts = dict(times.buckets)
    first, last = min(counts, default=0), max(counts, default=0)
    width = math.ceil((last - first + 1) / MOST_BARS)
    lows = range(first, last + 1, width)
    bars = [sum(counts.get(low + place, 0) for place in range(width)) for low in lows]
    return histogram(
        "Latency of calls", edges([*lows, lows[-1] + width]), bars, milliseconds, of="Calls", unit="Latency"
    )


def edges(buckets: Sequence[int]) -> list[float]:
    """The bucket b holds what took more than RATIO^(b-1) milliseconds."""
    return [RATIO ** (bucket - 1) if bucket > 0 else 0.0 for bucket in buckets]
