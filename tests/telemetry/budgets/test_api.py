"""Budgets over the API: made, changed, read with what is spent of them."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from apps.core.models import Change
from apps.core.rolling_up import roll_up
from apps.telemetry.models import Budget, ModelPrice
from apps.telemetry.sums import SessionSum, UsageSum
from tests.conftest import ApiClient
from tests.factories import make_token
from tests.telemetry.budgets.rows import make_budget
from tests.telemetry.rows import ago, make_session, make_usage

pytestmark = pytest.mark.django_db
NOBODY = "/api/budgets/00000000-0000-4000-8000-000000000000"


@pytest.fixture
def api(db):
    return ApiClient(make_token("admin"))


def item(api, budget):
    return api.get(f"/api/budgets/{budget.pk}").json()


class TestSpending:
    def test_is_that_of_the_scope_and_the_unit(self, api):
        analyst = make_session(agent_id="analyst")
        make_session(agent_id="analyst", session_type="skill_exec")
        make_usage(model="kimi", provider="moonshot", cost_usd="2.5", input_tokens=100, session=analyst)
        make_usage(model="qwen3", cost_usd="1", output_tokens=20)
        make_usage(model="test-model", cost_usd="50")
        expected = [
            ({}, 3.5),
            ({"scope": "agent", "scope_value": "analyst"}, 2.5),
            ({"scope": "model", "scope_value": "qwen3"}, 1),
            ({"scope": "provider", "scope_value": "moonshot"}, 2.5),
            ({"scope": "provider", "scope_value": "nobody"}, 0),
            ({"unit": "tokens"}, 120),
            ({"unit": "tokens", "scope": "model", "scope_value": "kimi"}, 100),
            ({"unit": "runs"}, 1),
            ({"unit": "runs", "scope": "agent", "scope_value": "main"}, 0),
        ]
        made = [make_budget(**fields) for fields, _ in expected]
        assert [item(api, budget)["spent"] for budget in made] == [spent for _, spent in expected]
        for stream in (UsageSum, SessionSum):
            roll_up(stream)
        listed = {row["id"]: row["spent"] for row in api.get("/api/budgets").json()["items"]}
        assert [listed[str(budget.pk)] for budget in made] == [spent for _, spent in expected]

    def test_is_of_the_period_in_utc(self, api):
        budgets = {period: make_budget(period=period, limit=100) for period in ("day", "week", "month")}
        windows = {period: budget.window(timezone.now()) for period, budget in budgets.items()}
        for period, window in windows.items():
            assert window.start <= timezone.now() < window.end and window.start.hour == 0, period
        moments = {window.start for window in windows.values()} | {
            window.start - timedelta(seconds=1) for window in windows.values()
        }
        for moment in moments:
            make_usage(cost_usd="1", created_at=moment)
        for period, window in windows.items():
            assert item(api, budgets[period])["spent"] == sum(moment >= window.start for moment in moments), period

    def test_windows(self):
        thursday = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)
        windows = {period: Budget(period=period).window(thursday) for period in ("day", "week", "month")}
        assert {period: (window.start.day, window.end.day) for period, window in windows.items()} == {
            "day": (31, 1), "week": (28, 4), "month": (1, 1),
        }  # fmt: skip
        assert windows["day"].seconds_left(thursday) == 1800

    def test_of_calls_without_a_cost_is_estimated_where_there_is_a_price(self, api):
        budget = make_budget()
        ModelPrice.objects.create(
            name="kimi", model="kimi", input_usd=2, output_usd=10, source="test", updated_at=timezone.now()
        )
        make_usage(model="kimi", input_tokens=1_000_000, output_tokens=100_000)
        make_usage(model="unheard", input_tokens=1000)
        make_usage(model="kimi", cost_usd="0.5", input_tokens=1_000_000)
        seen = item(api, budget)
        assert (seen["spent"], seen["estimated"], seen["unknown_calls"]) == (3.5, 3, 1)

    def test_costs_as_many_queries_for_many_as_for_one(self, api, django_assert_num_queries):
        for unit in ("usd", "tokens", "runs"):
            for period in ("day", "week", "month"):
                make_budget(unit=unit, period=period)
        api.get("/api/budgets?limit=1")
        with django_assert_num_queries(5):  # the token, the count, the budgets, their calls, their runs
            assert len(api.get("/api/budgets").json()["items"]) == 9


class TestForecast:
    def at(self, share, spent):
        start = datetime(2026, 4, 1, tzinfo=UTC)
        window = Budget(period="month").window(start)
        return window, start + (window.end - start) * share, spent

    def test_follows_the_pace(self):
        window, now, spent = self.at(0.25, 3)
        assert window.forecast(spent, now) == 12
        assert window.reaches(8, spent, now) == window.start + (window.end - window.start) * (2 / 3)
        assert window.reaches(13, spent, now) is None and window.reaches(2, spent, now) is None

    def test_says_when_it_is_too_early(self):
        window, now, spent = self.at(0.01, 3)
        assert window.forecast(spent, now) is None and window.reaches(8, spent, now) is None

    def test_of_nothing_is_nothing(self):
        window, now, _ = self.at(0.5, 0)
        assert window.forecast(0, now) == 0 and window.reaches(8, 0, now) is None

    def test_tells_the_state(self, api):
        budget = make_budget(period="month", limit=10, warn_at=[50, 80])
        states = []
        for cost in ("4.9", "0.1", "5"):
            make_usage(cost_usd=cost)
            states.append(item(api, budget)["state"])
        early = item(api, budget)["forecast"] is None
        assert states[1:] == ["warned" if early else states[1], "over"] and states[0] in ("within", "heading over")


class TestWrites:
    def test_create_change_and_delete(self, api):
        body = {"name": "Daily", "limit": "5.5", "warn_at": [100, 50, 50]}
        made = api.post("/api/budgets", body).json()
        assert made["created"]
        path = f"/api/budgets/{made['id']}"
        seen = api.get(path)
        told = seen.json()
        assert (told["limit"], told["warn_at"], told["hard"], told["period"]) == (5.5, [50, 100], True, "day")
        changed = api.patch(path, {"limit": 8, "hard": False, "name": None}, headers={"If-Match": seen["ETag"]})
        assert changed.json() == {"updated": True} and changed["ETag"] != seen["ETag"]
        assert (api.get(path).json()["limit"], api.get(path).json()["hard"]) == (8, False)
        stale = api.patch(path, {"limit": 9}, headers={"If-Match": seen["ETag"]})
        assert stale.status_code == 409 and stale.json()["budget"]["limit"] == 8
        assert api.delete(path, headers={"If-Match": seen["ETag"]}).status_code == 409
        assert api.delete(path).json() == {"deleted": True} and api.get(path).status_code == 404

    def test_are_set_by_admins_alone(self, db):
        agent = ApiClient(make_token("write"))
        assert agent.post("/api/budgets", {"name": "Daily", "limit": 5}).status_code == 403
        assert not Budget.objects.exists()

    def test_keep_the_history(self, api):
        pk = api.post("/api/budgets", {"name": "Daily", "limit": 5}).json()["id"]
        api.patch(f"/api/budgets/{pk}", {"limit": 50})
        api.delete(f"/api/budgets/{pk}")
        changes = Change.objects.filter(table_name="site_budget", row_id=pk).order_by("id")
        assert [change.operation for change in changes] == ["insert", "update", "delete"]
        assert ("limit", 5.0, 50.0) in changes[1].differences and changes[1].actor_name == "admin token"

    @pytest.mark.parametrize(
        "wrong",
        [
            {"name": ""}, {"name": "x" * 101}, {"name": "a\0b"}, {"limit": 0}, {"limit": -1}, {"limit": "NaN"},
            {"limit": 1e300}, {"limit": "much"}, {"limit": None}, {"unit": "euro"}, {"period": "year"},
            {"warn_at": [0]}, {"warn_at": [1001]}, {"warn_at": list(range(1, 12))}, {"scope": "agent"},
            {"scope_value": "main"}, {"scope": "model", "scope_value": "kimi", "unit": "runs"}, {"hard": "perhaps"},
        ],
    )  # fmt: skip
    def test_what_makes_no_sense_is_refused(self, api, wrong):
        response = api.post("/api/budgets", {"name": "Daily", "limit": 5} | wrong)
        assert response.status_code == 422 and response.json()["detail"]
        assert not Budget.objects.exists()

    def test_changes_must_go_together_with_what_is_there(self, api):
        budget = make_budget(unit="runs")
        response = api.patch(f"/api/budgets/{budget.pk}", {"scope": "model", "scope_value": "kimi"})
        assert response.status_code == 422 and "Runs are counted" in response.json()["detail"]

    def test_a_name_is_taken_once(self, api):
        make_budget(name="Daily")
        assert api.post("/api/budgets", {"name": "Daily", "limit": 5}).status_code == 409
        other = make_budget(name="Weekly")
        assert api.patch(f"/api/budgets/{other.pk}", {"name": "Daily"}).status_code == 409

    def test_unknown_ones(self, api):
        assert {api.get(NOBODY).status_code, api.patch(NOBODY, {"limit": 1}).status_code} == {404}
        assert api.delete(NOBODY).json() == {"detail": "Budget not found"}
        assert api.get("/api/budgets/nonsense").status_code == 422


class TestCheck:
    def check(self, api, **body):
        response = api.post("/api/budget/check", {"agent_id": "main"} | body)
        assert response.status_code == 200, response.json()
        return response.json()

    def test_without_a_budget_everything_is_allowed(self, api):
        make_budget(scope="agent", scope_value="someone else")
        told = self.check(api, model="kimi", estimated_cost=5000)
        assert told == {
            "allowed": True, "remaining": None, "reason": "no budget is concerned", "unit": None, "budget": None,
            "lease_id": None, "expires_at": None,
        }  # fmt: skip

    def test_leases_what_is_asked_for(self, api):
        budget = make_budget(name="Daily", limit=5)
        make_usage(cost_usd="1")
        told = self.check(api, estimated_cost=1.5)
        assert told["allowed"] and told["remaining"] == 2.5 and told["unit"] == "usd" and told["lease_id"]
        seen = item(api, budget)
        assert (seen["spent"], seen["leased"], seen["remaining"]) == (1, 1.5, 2.5)
        assert self.check(api, estimated_cost=2.5)["remaining"] == 0
        refused = self.check(api, estimated_cost=0.01)
        assert not refused["allowed"] and refused["remaining"] == 0 and refused["lease_id"] is None
        assert 0 < refused["retry_after"] <= 300 and "held by leases" in refused["reason"]

    def test_refuses_until_the_period_ends_when_all_is_spent(self, api):
        budget = make_budget(limit=1)
        make_usage(cost_usd="0.9")
        refused = self.check(api, estimated_cost=0.2)
        assert refused["remaining"] == pytest.approx(0.1)
        left = budget.window(timezone.now()).seconds_left(timezone.now())
        assert left <= refused["retry_after"] <= left + 60
        assert self.check(api, estimated_cost=0.1)["allowed"]

    def test_the_tightest_budget_explains(self, api):
        make_budget(name="All", limit=100)
        make_budget(name="Mine", limit=10, scope="agent", scope_value="main")
        make_budget(name="Kimi", limit=10_000, scope="model", scope_value="kimi", unit="tokens")
        told = self.check(api, model="kimi", estimated_cost=8, estimated_tokens=100)
        assert (told["budget"], told["remaining"]) == ("Mine", 2)
        refused = self.check(api, model="kimi", estimated_cost=1, estimated_tokens=9901)
        assert (refused["allowed"], refused["budget"], refused["unit"]) == (False, "Kimi", "tokens")
        assert self.check(api, model="qwen3", estimated_cost=1, estimated_tokens=9901)["allowed"]

    def test_a_soft_limit_only_warns(self, api):
        make_budget(name="Soft", limit=1, hard=False)
        make_usage(cost_usd="2")
        told = self.check(api, estimated_cost=5)
        assert told["allowed"] and told["remaining"] == 0 and "only warns" in told["reason"]
        assert told["lease_id"] is None

    def test_without_an_estimate_a_call_is_taken_to_cost_the_average(self, api):
        make_budget(limit=10)
        for _ in range(2):
            make_usage(cost_usd="4", input_tokens=1000)
        assert self.check(api)["remaining"] == 0  # it may pass the limit, ...
        assert not self.check(api)["allowed"]  # ... but no second one beside it

    def test_tokens_are_turned_into_dollars_by_what_they_cost(self, api):
        make_budget(limit=10)
        make_usage(cost_usd="1", input_tokens=1000)
        assert self.check(api, estimated_tokens=3000)["remaining"] == 6

    def test_the_first_call_of_a_period_leases_a_little(self, api):
        make_budget(limit=10)
        assert self.check(api)["remaining"] == 9.9

    def test_a_provider_is_that_of_the_models_latest_call(self, api):
        make_budget(name="Moonshot", scope="provider", scope_value="moonshot", limit=1)
        make_usage(model="kimi", provider="other", created_at=ago(days=40))
        make_usage(model="kimi", provider="moonshot", created_at=ago(days=39))
        assert self.check(api, model="kimi", estimated_cost=1)["budget"] == "Moonshot"
        assert self.check(api, model="kimi", provider="other", estimated_cost=1)["budget"] is None
        assert not self.check(api, model="unheard", provider="moonshot", estimated_cost=1)["allowed"]

    def test_runs_are_leased_at_their_start_and_not_within(self, api):
        make_budget(unit="runs", limit=2, scope="agent", scope_value="main")
        session = make_session(agent_id="main")
        assert self.check(api)["remaining"] == 0
        assert not self.check(api)["allowed"]
        assert self.check(api, session_id=str(session.pk))["allowed"]
        make_session(agent_id="main")
        make_session(agent_id="main")
        assert not self.check(api, session_id=str(session.pk))["allowed"]

    def test_tokens_trip_where_dollars_never_do(self, api):
        make_budget(name="Dollars", limit=1)
        make_budget(name="Tokens", limit=1000, unit="tokens")
        make_usage(cost_usd="0", input_tokens=900, output_tokens=200)
        assert self.check(api)["budget"] == "Tokens"

    def test_a_retry_gets_the_same_lease(self, api):
        make_budget(limit=10)
        body = {"agent_id": "main", "estimated_cost": 6}
        first, again = (api.post("/api/budget/check", body, headers={"Idempotency-Key": "k"}).json() for _ in range(2))
        assert first == again and first["allowed"] and not self.check(api, estimated_cost=6)["allowed"]

    @pytest.mark.parametrize(
        "wrong",
        [
            {"agent_id": ""}, {"agent_id": None}, {"agent_id": "x" * 101}, {"agent_id": "a\0"}, {"model": "x" * 101},
            {"estimated_tokens": -1}, {"estimated_tokens": 2**31}, {"estimated_cost": -0.1}, {"estimated_cost": "NaN"},
            {"estimated_cost": 1e300}, {"session_id": "nonsense"},
        ],
    )  # fmt: skip
    def test_what_makes_no_sense_is_refused(self, api, wrong):
        make_budget()
        assert api.post("/api/budget/check", {"agent_id": "main"} | wrong).status_code == 422

    def test_costs_a_bounded_number_of_queries(self, api, django_assert_max_num_queries):
        for number in range(9):
            make_budget(unit=("usd", "tokens", "runs")[number % 3], period=("day", "week", "month")[number % 3])
        api.get("/api/budgets?limit=0")
        # The token, the transaction's two ends, budgets, leases, calls, runs, the new leases.
        with django_assert_max_num_queries(8):
            self.check(api)


class TestLeases:
    def lease(self, api, agent="main", **body):
        told = api.post("/api/budget/check", {"agent_id": agent, "estimated_cost": 4} | body).json()
        assert told["allowed"]
        return told["lease_id"]

    def test_are_given_back(self, api):
        budget = make_budget()
        lease = self.lease(api)
        assert api.post("/api/budget/release", {"lease_id": lease}).json() == {"released": True}
        assert api.post("/api/budget/release", {"lease_id": lease}).json() == {"released": False}
        assert api.post("/api/budget/release", {"lease_id": str(uuid4())}).json() == {"released": False}
        assert api.post("/api/budget/release", {"lease_id": "x"}).status_code == 422
        assert item(api, budget)["leased"] == 0

    def test_expire(self, api, settings):
        settings.ARIA_BUDGET_LEASE_SECONDS = 0
        budget = make_budget()
        self.lease(api)
        assert item(api, budget)["leased"] == 0

    def test_end_one_by_one_as_the_agents_calls_are_reported(self, api):
        budget = make_budget()
        main, other = make_session(agent_id="main"), make_session(agent_id="other")
        for _ in range(2):
            self.lease(api)
        leased = []
        for body in (
            {"model": "kimi"},
            {"model": "kimi", "session_id": str(other.pk)},
            {"model": "kimi", "session_id": str(main.pk)},
            {"model": "kimi", "session_id": str(main.pk), "cost_usd": 3},
        ):
            assert api.post("/api/model-usage", body).status_code == 200
            leased.append(item(api, budget)["leased"])
        assert leased == [8, 8, 4, 0] and item(api, budget)["spent"] == 3

    def test_end_with_a_batch_of_calls(self, api):
        budget = make_budget()
        session = make_session(agent_id="main")
        for _ in range(2):
            self.lease(api)
        call = {"kind": "model_usage", "model": "kimi", "session_id": str(session.pk)}
        assert api.post("/api/telemetry/batch", [call] * 3).json()["stored"] == 3
        assert item(api, budget)["leased"] == 0

    def test_stay_while_old_calls_are_imported(self, api):
        budget = make_budget()
        session = make_session(agent_id="main")
        self.lease(api)
        make_usage(session=session, created_at=ago(hours=1))
        assert item(api, budget)["leased"] == 4

    def test_of_runs_end_as_the_session_is_reported(self, api):
        runs, dollars = make_budget(unit="runs"), make_budget()
        self.lease(api)
        assert (item(api, runs)["leased"], item(api, dollars)["leased"]) == (1, 4)
        api.post("/api/sessions", {"agent_id": "main"})
        assert (item(api, runs)["leased"], item(api, runs)["spent"], item(api, dollars)["leased"]) == (0, 1, 4)
