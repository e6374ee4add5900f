"""Percentiles from buckets are near those of the rows, over any time and for any part of the calls."""

import random

import pytest

from apps.core.rolling_up import roll_up
from apps.telemetry.latencies import RATIO, InvocationTime, Latency, UsageTime
from apps.telemetry.models import SkillInvocation
from tests.telemetry.rows import ago, make_invocation, make_session, make_usage

pytestmark = pytest.mark.django_db


def exact(values, share):
    ordered = sorted(values)
    return ordered[max(0, -(-int(share * 1000) * len(ordered) // 1000) - 1)]


@pytest.mark.parametrize("rolled_up", [False, True])
def test_are_at_most_a_tenth_off(rolled_up):
    chance = random.Random(7)
    taken = {"slow": [], "quick": []}
    for _ in range(600):
        skill = chance.choice(("slow", "quick"))
        taken[skill].append(round(chance.lognormvariate(7 if skill == "slow" else 3, 1)))
    SkillInvocation.objects.bulk_create(
        SkillInvocation(skill_name=skill, tool_name="t", duration_ms=ms, created_at=ago(hours=number % 60))
        for skill, times in taken.items()
        for number, ms in enumerate(times)
    )
    if rolled_up:
        roll_up(InvocationTime)
    found = InvocationTime.objects.of_last(days=3).latencies("skill_name")
    for skill, times in taken.items():
        latency = found[(skill,)]
        assert latency.calls == len(times)
        shares, percentiles = [0.5, 0.95, 0.99], [latency.p50, latency.p95, latency.p99]
        for share, percentile in zip(shares, percentiles, strict=True):
            assert exact(times, share) / RATIO <= percentile <= exact(times, share) * RATIO
        by_tool = InvocationTime.objects.of_last(days=3).percentiles(shares, "skill_name", "tool_name")
        in_sql, calls = by_tool[skill, "t"]
        assert calls == len(times) and in_sql == pytest.approx(percentiles)


def test_of_calls_that_were_not_timed_there_are_none():
    make_invocation(duration_ms=None)
    assert InvocationTime.objects.of_last(days=1).latencies() == {}
    assert InvocationTime.objects.of_last(days=1).percentiles([0.5], "skill_name") == {}
    assert Latency([]).p50 is None


def test_the_quickest_and_the_slowest_have_a_bucket():
    for ms in (-5, 0, 1, 2**31 - 1):
        make_invocation(duration_ms=ms)
    latency = InvocationTime.objects.of_last(days=1).latencies()[()]
    assert latency.calls == 4 and latency.p50 == 1
    assert 2**31 / RATIO < latency.percentile(1) < 2**31 * RATIO


def test_are_asked_by_agent_and_filtered_like_the_sums():
    make_usage(latency_ms=100, session=make_session(agent_id="a"))
    make_usage(latency_ms=900)
    make_usage(latency_ms=5, model="test-model")
    found = UsageTime.objects.of_last(days=1).real().latencies("agent_id")
    assert {agent: round(latency.p50, -2) for (agent,), latency in found.items()} == {"a": 100, None: 900}
