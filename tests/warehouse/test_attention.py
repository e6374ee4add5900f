"""What the overview says needs somebody now."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.goals.models import Goal
from apps.improvement.models import ImprovementProposal
from apps.operations.models import HeartbeatLog, ScheduleTick
from apps.telemetry.budgets.models import Budget, BudgetNotice
from apps.telemetry.repeated import fingerprint
from tests.factories import make_goal
from tests.telemetry.rows import ago, make_activity, make_invocation, make_session, make_usage
from tests.warehouse.overview_rows import FRAGMENT, findings, make_job

pytestmark = pytest.mark.django_db


class TestAttention:
    def test_jobs_that_are_late_silent_or_failing(self, browser_client):
        day, now = timedelta(days=1), timezone.now()
        milliseconds = int(ago(days=100).timestamp() * 1000)
        regular = {"run_count": 70, "created_at_ms": milliseconds}
        make_job(id="1", name="late", last_run_at=now - day, next_run_at=now - timedelta(hours=2))
        make_job(id="2", name="quiet", last_run_at=now - 30 * day, next_run_at=now + day, **regular)
        make_job(id="3", name="ill", last_run_at=now - day, next_run_at=now + day, last_status="error", **regular)
        make_job(id="4", name="well", last_run_at=now - day, next_run_at=now + day, **regular)
        make_job(id="5", name="off", next_run_at=now - 9 * day, enabled=False)
        make_job(id="6", name="once, and done", last_run_at=now - day, next_run_at=now - 2 * day)
        make_job(id="7", name="about to run", next_run_at=now - timedelta(minutes=2))
        make_job(id="8", name="odd", last_run_at=now - day, created_at_ms=2**62, run_count=0)
        assert findings(browser_client.get("/")) == [
            ("Job silent", "quiet"),
            ("Job overdue", "late"),
            ("Job failing", "ill"),
        ]

    def test_a_scheduler_or_agent_that_has_gone_silent(self, browser_client):
        HeartbeatLog.objects.create(beat_number=1, created_at=ago(hours=30))
        tick = ScheduleTick.objects.create(last_tick=ago(hours=7), heartbeat_interval=3600)
        response = browser_client.get("/")
        assert findings(response) == [("Scheduler silent", "The scheduler"), ("Agent silent", "The agent")]
        ScheduleTick.objects.filter(pk=tick.pk).update(heartbeat_interval=6 * 3600)
        HeartbeatLog.objects.create(beat_number=2)
        assert findings(browser_client.get("/")) == []

    def test_sessions_goals_and_proposals_that_wait(self, browser_client):
        make_session(started_at=ago(hours=30), agent_id="devops")
        make_session(started_at=ago(hours=2))
        make_session(started_at=ago(hours=30), status="ended")
        make_goal(title="Stuck", status="active", updated_at=ago(days=4))
        make_goal(status="active")
        make_goal(status="pending", updated_at=ago(days=4))
        ImprovementProposal.objects.create(
            title="Delete all", description="d", risk_level="high", created_at=ago(days=4)
        )
        ImprovementProposal.objects.create(title="Rejected", description="d", status="rejected")
        response = browser_client.get("/")
        assert findings(response) == [
            ("Session too long", "devops"), ("Proposal waiting", "Delete all"), ("Goal without movement", "Stuck"),
        ]  # fmt: skip
        severities = [finding.severity for finding in response.context["attention"].findings]
        assert severities == ["bad", "bad", "warn"]
        stuck = Goal.objects.get(title="Stuck")
        assert f'href="/goals/{stuck.pk}"' in response.content.decode()

    def test_counts_what_it_does_not_show(self, browser_client):
        for number in range(7):
            make_goal(title=f"Stuck {number}", status="active", updated_at=ago(days=4 + number))
        response = browser_client.get("/")
        attention = response.context["attention"]
        assert [finding.subject for finding in attention.findings] == [f"Stuck {n}" for n in (6, 5, 4, 3)]
        assert attention.number == 7
        assert '<a href="/sprint-board">3 more goals without movement</a>' in response.content.decode()

    def test_budgets_of_which_a_share_is_reached_in_this_period(self, browser_client):
        today = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)
        spent, strained, well = (Budget.objects.create(name=name, limit=1) for name in ("spent", "strained", "well"))
        for share in (50, 100):
            BudgetNotice.objects.create(budget=spent, period_start=today, share=share, payload={})
        BudgetNotice.objects.create(budget=strained, period_start=today, share=80, payload={})
        BudgetNotice.objects.create(budget=well, period_start=today - timedelta(days=1), share=100, payload={})
        response = browser_client.get("/")
        assert findings(response) == [("Budget spent", "spent"), ("Budget strained", "strained")]
        assert "80 % of the limit is reached" in response.content.decode()

    @pytest.mark.parametrize("period", ["day", "week", "month"])
    def test_a_budget_of_a_period_that_is_under_way_but_of_none_that_is_over(self, browser_client, period):
        start = Budget(period=period).window(timezone.now()).start
        new, old = (Budget.objects.create(name=name, limit=1, period=period) for name in ("new", "old"))
        BudgetNotice.objects.create(budget=new, period_start=start, share=100, payload={})
        BudgetNotice.objects.create(budget=old, period_start=start - timedelta(days=1), share=100, payload={})
        assert findings(browser_client.get("/")) == [("Budget spent", "new")]

    def test_skills_that_fail_more_than_they_should(self, browser_client):
        for number in range(6):
            make_invocation(skill_name="moltbook", success=number < 2)
            make_invocation(skill_name="moltbook", created_at=ago(days=3))
            make_invocation(skill_name="market", success=number < 3)
            make_invocation(skill_name="market", success=number < 3, created_at=ago(days=3))
            make_invocation(skill_name="goals")
        make_invocation(skill_name="seldom", success=False)
        response = browser_client.get("/")
        assert findings(response) == [("Skill turned unhealthy", "moltbook"), ("Skill unhealthy", "market")]
        assert "4 of 6 calls failed in 24 h; in the week before 0 of 6." in response.content.decode()

    def test_errors_of_one_fingerprint(self, browser_client):
        for number in range(5):
            make_usage(
                success=False,
                error_message=f"429: retry in {number} s, request 0f8fad5b-d9cb-469f-a165-7086772895{number:02}",
            )
            make_activity(success=False, error_message=f"Seldom {'abcde'[number]}", skill="research")
            make_activity(success=True, error_message="no failure")
            make_usage(success=False, error_message="old", created_at=ago(days=2))
        response = browser_client.get("/")
        assert findings(response) == [("Error repeats", "<n>: retry in <n> s, request <id>")]
        assert "5 times in 24 h in model calls (qwen3)" in response.content.decode()

    @pytest.mark.parametrize(
        ("message", "same"),
        [
            ("no such file: /home/aria/notes/a b.txt", "no such file: /tmp/x/a b.txt"),
            ("KeyError: 'priority_label'", "KeyError: 'owner'"),
            ("GET https://api.example.org/v1/users/17?x=2 gave 503", "GET http://127.0.0.1:8080/health gave 502"),
            ("commit 9f86d081884c7d65 is   gone", "commit 60303ae22b998861 is gone"),
            ("took 12.5 s of 1,000", "took 7 s of 30"),
        ],
    )  # fmt: skip
    def test_a_fingerprint_leaves_out_what_differs(self, message, same):
        assert fingerprint(message) == fingerprint(same)

    def test_a_fingerprint_keeps_what_was_wrong(self):
        assert fingerprint("no such table: goals") != fingerprint("no such table: thoughts")


class TestBudgets:
    def test_shows_those_with_the_largest_share(self, browser_client):
        for number in range(6):
            Budget.objects.create(name=f"Budget {number}", limit=10 - number)
        make_usage(cost_usd="3")
        panel = browser_client.get(reverse("overview_budgets"), headers=FRAGMENT).content.decode()
        assert "Budget 5" in panel and "Budget 0" not in panel and "<h1" not in panel
        assert reverse("overview_budgets") in browser_client.get("/").content.decode()
