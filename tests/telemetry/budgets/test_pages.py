"""The pages of budgets through the client: four questions an action."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from apps.core.conflicts import revision_of
from apps.core.models import Change
from apps.telemetry.budgets.notices import note_crossings
from apps.telemetry.budgets.spending import Bar, Status
from apps.telemetry.models import Budget, BudgetNotice
from apps.telemetry.prices import Cost
from tests.telemetry.budgets.rows import make_budget
from tests.telemetry.rows import make_session, make_usage

pytestmark = pytest.mark.django_db
SENT = {
    "name": "Daily", "limit": "5.5", "unit": "usd", "period": "day", "scope": "all", "scope_value": "", "hard": "True",
    "warn_at": "80, 50",
}  # fmt: skip
HOSTILE = "<script>alert(1)</script>"


def text(response):
    return " ".join(response.content.decode().split())


def edited(budget, **changes):
    return SENT | {"name": budget.name, "limit": "10", "revision": revision_of(budget.updated_at)} | changes


class TestList:
    def test_shows_what_is_spent_left_and_held(self, browser_client, api):
        make_budget(name="Everything", limit=10)
        make_budget(name="Hours of qwen", limit=2_000_000, unit="tokens", scope="model", scope_value="qwen3")
        make_usage(cost_usd="9", input_tokens=1_500_000)
        api.post("/api/budget/check", {"agent_id": "main", "estimated_cost": 0.5})
        response = browser_client.get("/budgets")
        assert [status.budget.name for status in response.context["budgets"]] == ["Everything", "Hours of qwen"]
        page = text(response)
        assert "<strong>$9.00</strong> spent, 90.0 %; $0.5000 held by leases" in page
        assert "<strong>1.50 M tokens</strong> spent, 75.0 %" in page and "model qwen3" in page
        assert "aria-current" in page and "Budgets" in page

    def test_says_when_the_limit_is_reached(self, browser_client):
        make_budget(limit=1)
        make_usage(cost_usd="1")
        assert "limit reached" in text(browser_client.get("/budgets"))

    def test_of_nothing_it_says_how_budgets_get_there(self, browser_client):
        assert "POST /api/budgets" in text(browser_client.get("/budgets"))

    def test_says_whether_notices_are_sent(self, browser_client, settings):
        assert "ARIA_BUDGET_WEBHOOK_URL" in text(browser_client.get("/budgets"))
        settings.ARIA_BUDGET_WEBHOOK_URL = "http://127.0.0.1:9/secret"
        page = text(browser_client.get("/budgets"))
        assert "configured webhook" in page and "secret" not in page

    def test_costs_a_bounded_number_of_queries(self, browser_client, django_assert_max_num_queries):
        for unit in ("usd", "tokens", "runs"):
            for period in ("day", "week", "month"):
                make_budget(unit=unit, period=period)
        make_usage(input_tokens=5)
        with django_assert_max_num_queries(7):
            browser_client.get("/budgets")

    def test_is_for_those_who_logged_in(self, client, browser_client):
        assert client.get("/budgets").status_code == 302 and client.post("/budgets", SENT).status_code == 302
        assert browser_client.put("/budgets").status_code == 405 and not Budget.objects.exists()


class TestAdd:
    def test_adds_one(self, browser_client):
        response = browser_client.post("/budgets", SENT, follow=True)
        assert "Added “Daily”." in text(response)
        budget = Budget.objects.get()
        assert (float(budget.limit), budget.hard, budget.warn_at) == (5.5, True, [50, 80])
        assert Change.objects.of(budget).get().actor_name == "alice"

    @pytest.mark.parametrize(
        ("wrong", "words"),
        [
            ({"name": ""}, "This field is required"), ({"limit": "0"}, "A limit must be above 0."),
            ({"limit": "NaN"}, "Enter a number."), ({"limit": "1e99"}, "digits"), ({"unit": "euro"}, "valid choice"),
            ({"name": "a\0b"}, "Null characters"), ({"warn_at": "many"}, "whole number"), ({"warn_at": "0"}, "Item 1"),
            ({"scope": "agent"}, "Name the agent"), ({"scope_value": "main"}, "all has no name"),
            ({"unit": "runs", "scope": "model", "scope_value": "kimi"}, "Runs are counted"),
        ],
    )  # fmt: skip
    def test_says_what_is_wrong(self, browser_client, wrong, words):
        response = browser_client.post("/budgets", SENT | wrong)
        assert response.status_code == 422 and words in text(response) and not Budget.objects.exists()

    def test_a_name_is_taken_once(self, browser_client):
        make_budget(name="Daily")
        response = browser_client.post("/budgets", SENT)
        assert response.status_code == 422 and "already exists" in text(response)


class TestOne:
    def test_shows_its_history_and_notices(self, browser_client):
        budget = make_budget(limit=10)
        browser_client.post(f"/budgets/{budget.pk}", edited(budget, limit="20"))
        make_usage(cost_usd="12")
        note_crossings()
        BudgetNotice.objects.update(
            attempts=2, last_answer="HTTP 500", log=[{"at": "2026-11-23T10:00:00+00:00", "answer": HOSTILE}]
        )
        page = text(browser_client.get(f"/budgets/{budget.pk}"))
        assert "<del>10.0</del> → <ins>20.0</ins>" in page and "50 %" in page and "HTTP 500" in page
        assert HOSTILE not in page and "&lt;script&gt;" in page and "not configured" in page

    def test_changes_what_was_changed(self, browser_client):
        budget = make_budget(limit=10)
        Budget.objects.filter(pk=budget.pk).update(warn_at=[50, 80])
        budget.refresh_from_db()
        response = browser_client.post(f"/budgets/{budget.pk}", edited(budget, hard="False"), follow=True)
        assert "Saved." in text(response)
        budget.refresh_from_db()
        assert not budget.hard and float(budget.limit) == 10

    def test_two_people_at_once(self, browser_client):
        budget = make_budget(limit=10)
        sent = edited(budget, limit="30")
        Budget.objects.filter(pk=budget.pk).update(limit=20)
        response = browser_client.post(f"/budgets/{budget.pk}", sent)
        assert response.status_code == 409 and "Someone else has changed this" in text(response)
        assert response.context["form"]["limit"].value() == "30"
        sent["revision"] = response.context["form"]["revision"].value()
        assert browser_client.post(f"/budgets/{budget.pk}", sent).status_code == 302
        budget.refresh_from_db()
        assert float(budget.limit) == 30

    def test_says_what_is_wrong(self, browser_client):
        budget, other = make_budget(limit=10), make_budget()
        for wrong in ({"limit": "-1"}, {"name": other.name}, {"scope": "agent"}):
            response = browser_client.post(f"/budgets/{budget.pk}", edited(budget, **wrong))
            assert response.status_code == 422 and 'class="errorlist' in text(response)

    def test_is_deleted(self, browser_client):
        budget = make_budget()
        assert browser_client.get(f"/budgets/{budget.pk}/delete").status_code == 405
        assert "Deleted." in text(browser_client.post(f"/budgets/{budget.pk}/delete", follow=True))
        assert "already" in text(browser_client.post(f"/budgets/{budget.pk}/delete", follow=True))
        assert browser_client.get(f"/budgets/{budget.pk}").status_code == 404
        assert browser_client.post(f"/budgets/{budget.pk}", SENT).status_code == 404

    def test_is_for_those_who_logged_in(self, client):
        budget = make_budget()
        for path in (f"/budgets/{budget.pk}", f"/budgets/{budget.pk}/delete"):
            assert client.post(path, SENT).status_code == 302
        assert Budget.objects.filter(pk=budget.pk).exists()


class TestPanel:
    def test_stands_on_the_page_of_model_usage(self, browser_client):
        assert "nothing warns or stops" in text(browser_client.get("/model-usage"))
        for number in range(6):
            make_budget(name=f"Budget of {number}", limit=100 - 10 * number)
        make_usage(cost_usd="10", session=make_session())
        response = browser_client.get("/model-usage")
        assert [status.budget.name for status in response.context["budgets"]] == [
            f"Budget of {number}" for number in (5, 4, 3, 2)
        ]
        assert 'class="budget-bar' in text(response)

    @pytest.mark.parametrize("query", ["", "model=qwen3", "range=all&provider=local"])
    def test_keeps_that_page_at_a_bounded_number_of_queries(self, browser_client, django_assert_max_num_queries, query):
        make_budget()
        make_budget(unit="runs")
        make_usage(input_tokens=5)
        with django_assert_max_num_queries(12):
            assert len(browser_client.get(f"/model-usage?{query}").context["budgets"]) == 1

    @pytest.mark.parametrize(
        ("spent", "leased", "elapsed", "expected"),
        [
            (2, 1, 0.5, Bar(20, 30, 40, 100, [50, 80])),
            (20, 0, 1, Bar(100, 100, 100, 50, [25, 40])),
            (0, 0, 0.01, Bar(0, 0, 0, 100, [50, 80])),
            (5, 0, 0.25, Bar(25, 25, 100, 50, [25, 40])),
        ],
    )
    def test_bars_hold_everything_on_one_line(self, spent, leased, elapsed, expected):
        budget = make_budget(limit=Decimal(10))
        window = budget.window(timezone.now())
        now = window.start + timedelta(days=1) * elapsed
        assert Status(budget, window, now, Decimal(spent), Decimal(leased), Cost()).bar == expected
