"""What is older than a few days is summed over all time, and these sums hold only while nothing of it has changed."""

from datetime import timedelta

import pytest
from django.db.models import Sum
from django.utils import timezone

from apps.core.rolling_up import forget, roll_up, roll_up_ever, roll_up_months
from apps.core.rollups import OF_EVER, reach_of_ever
from apps.telemetry import sums
from apps.telemetry.models import SkillInvocation
from apps.telemetry.sums import InvocationSum


@pytest.mark.django_db
class TestSumsOfAllTime:
    @pytest.fixture
    def reach(self):
        """A call a minute before the end of these sums and one at it, summed."""
        reach = reach_of_ever()
        for created_at in (reach - timedelta(minutes=1), reach):
            self.call(created_at)
        roll_up(InvocationSum)
        roll_up_months(InvocationSum)
        assert (roll_up_ever(InvocationSum), roll_up_ever(InvocationSum)) == (True, False)
        return reach

    def call(self, created_at):
        SkillInvocation.objects.create(skill_name="s", tool_name="t", created_at=created_at)

    def calls(self):
        return InvocationSum.objects.between(None).aggregate(n=Sum("calls"))["n"]

    def pretend(self):
        """To tell where an answer comes from."""
        assert InvocationSum.ever.objects.update(calls=1000) == 1

    def test_answer_what_begins_with_the_first_row(self, reach):
        self.pretend()
        assert self.calls() == 1001
        assert InvocationSum.objects.between(None, reach).aggregate(n=Sum("calls")) == {"n": 1000}
        assert InvocationSum.objects.between(None, finest="month").aggregate(n=Sum("calls")) == {"n": 2}
        assert InvocationSum.objects.between(reach - timedelta(days=1)).aggregate(n=Sum("calls")) == {"n": 2}

    def test_do_not_hold_once_something_older_changed(self, reach):
        self.pretend()
        self.call(reach - timedelta(days=90))
        assert self.calls() == 3
        roll_up(InvocationSum)
        assert self.calls() == 3
        assert (roll_up_ever(InvocationSum), roll_up_ever(InvocationSum)) == (True, False)
        assert InvocationSum.ever.objects.aggregate(n=Sum("calls")) == {"n": 2}
        assert self.calls() == 3

    def test_hold_whatever_comes_later(self, reach):
        self.pretend()
        self.call(reach)
        self.call(timezone.now())
        roll_up(InvocationSum)
        assert not roll_up_ever(InvocationSum)
        assert self.calls() == 1003

    def test_reach_on_with_the_days(self, reach, monkeypatch):
        self.pretend()
        monkeypatch.setattr("apps.core.rollups.OF_EVER", OF_EVER - timedelta(days=1))
        assert self.calls() == 2
        assert roll_up_ever(InvocationSum)
        assert InvocationSum.ever.objects.aggregate(n=Sum("calls")) == {"n": 2}
        assert self.calls() == 2

    def test_do_not_hold_for_sums_that_are_forgotten(self, reach):
        self.pretend()
        forget(InvocationSum)
        assert self.calls() == 2

    def test_leave_out_stale_hours(self, reach, monkeypatch):
        SkillInvocation.objects.update(skill_name="another")
        monkeypatch.setattr("apps.core.rollups.OF_EVER", OF_EVER - timedelta(days=1))
        assert roll_up_ever(InvocationSum)
        assert not InvocationSum.ever.objects.exists()
        assert self.calls() == 2
        roll_up(InvocationSum)
        assert roll_up_ever(InvocationSum)
        assert InvocationSum.ever.objects.aggregate(n=Sum("calls")) == {"n": 2}

    def test_are_told_by_a_clock_that_lags(self, reach, monkeypatch):
        """Another process has summed a day further already."""
        monkeypatch.setattr("apps.core.rollups.OF_EVER", OF_EVER - timedelta(days=1))
        assert roll_up_ever(InvocationSum)
        monkeypatch.undo()
        self.call(reach + timedelta(minutes=1))
        roll_up(InvocationSum)
        monkeypatch.setattr("apps.core.rollups.OF_EVER", OF_EVER - timedelta(days=1))
        assert self.calls() == 3

    def test_are_made_by_the_site_itself_but_not_all_the_time(self, monkeypatch):
        monkeypatch.setattr(sums, "summed_ever", {})
        for days, summed in ((9, 1), (8, 1)):
            self.call(timezone.now() - timedelta(days=days))
            sums.roll_up_all()
            assert InvocationSum.ever.objects.aggregate(n=Sum("calls")) == {"n": summed}
        assert self.calls() == 2
        monkeypatch.setattr(sums, "EVER_SECONDS", 0)
        sums.roll_up_all()
        assert InvocationSum.ever.objects.aggregate(n=Sum("calls")) == {"n": 2}
