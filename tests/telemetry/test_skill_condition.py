"""How skills are now: sure of it or not, and no number of calls hides failures."""

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.telemetry.models import SkillInvocation
from apps.telemetry.skill_condition import Condition, Outcomes, conditions
from tests.telemetry.rows import ago

NOW = timezone.now()


def condition(week=(100, 0), recent=(0, 0), **over):
    return Condition("s", Outcomes(*week), Outcomes(*recent), **{"last_at": NOW, "now": NOW} | over)


@pytest.mark.parametrize(
    ("calls", "failed", "low", "high"),
    [(0, 0, 0, 1), (1, 0, 0.207, 1), (1, 1, 0, 0.793), (10, 2, 0.490, 0.943), (1000, 100, 0.880, 0.917)],
)
def test_the_interval_is_wilsons(calls, failed, low, high):
    assert Outcomes(calls, failed).bounds == pytest.approx((low, high), abs=0.001)


@pytest.mark.parametrize(
    ("week", "recent", "level"),
    [
        ((35, 0), (0, 0), "well"),
        ((34, 0), (0, 0), "unsure"),
        ((20, 1), (0, 0), "unsure"),
        ((20, 3), (0, 0), "watch"),
        ((3, 3), (0, 0), "failing"),
        ((1, 1), (0, 0), "failing"),
        ((10_000, 1_500), (0, 0), "failing"),  # many calls earn nothing
        ((10_000, 200), (12, 6), "failing"),  # what is new counts more than what was
        ((10_000, 1_500), (500, 1), "watch"),  # and a mended skill had a bad week
        ((10_000, 200), (2, 1), "well"),  # too few to say, and so the week says it
    ],
)
def test_levels(week, recent, level):
    assert condition(week, recent).level == level


def test_failures_in_a_row_are_enough():
    one = condition((10_000, 5), in_a_row=5)
    assert one.level == "failing" and one.reasons[0] == "the last 5 calls all failed"


def test_silence_is_measured_by_the_skills_own_rhythm():
    def silent(hours, *, pause, active=10):
        return condition(last_at=NOW - timedelta(hours=hours), pause=timedelta(hours=pause), hours=active)

    assert silent(16, pause=10).level == "watch"
    assert silent(16, pause=10).reasons == ["silent for 16 h, and never longer than 10 h before"]
    assert silent(14, pause=10).level == "well"
    assert silent(16, pause=10, active=9).level == "well"  # too seldom to have a rhythm
    assert silent(1.4, pause=0).level == "well"


def test_slower_than_usual():
    slower = condition(median=450, median_before=200, timed=20)
    assert slower.level == "watch" and "450 ms and more, 200 ms before" in slower.reasons[0]
    assert condition(median=450, median_before=200, timed=19).level == "well"
    assert condition(median=45, median_before=20, timed=99).level == "well"  # nobody feels that
    assert condition(median=450, median_before=None, timed=99).level == "well"


@pytest.mark.django_db
class TestOfCalls:
    def test_are_read_from_the_calls(self, django_assert_num_queries):
        SkillInvocation.objects.bulk_create(
            SkillInvocation(
                skill_name="market",
                tool_name="price",
                success=number >= 6,
                duration_ms=100 if number >= 24 else 900,
                created_at=ago(hours=number, minutes=1),
            )
            for number in range(80)
        )
        SkillInvocation.objects.create(skill_name="old", tool_name="t", created_at=ago(days=8))
        with django_assert_num_queries(4):
            [found] = conditions()
        assert (found.skill, found.level, found.in_a_row) == ("market", "failing", 5)
        assert found.week == Outcomes(80, 6) and found.recent.failed == 6
        assert found.pause == timedelta(hours=1) and found.median_before == pytest.approx(100, rel=0.1)

    def test_the_worst_come_first(self):
        for name, failed in (("well", 0), ("bad", 40), ("worse", 60)):
            SkillInvocation.objects.bulk_create(
                SkillInvocation(
                    skill_name=name, tool_name="t", success=number >= failed, created_at=ago(minutes=99 - number)
                )
                for number in range(90)
            )
        assert [(one.skill, one.level) for one in conditions()] == [
            ("worse", "failing"),
            ("bad", "failing"),
            ("well", "well"),
        ]
