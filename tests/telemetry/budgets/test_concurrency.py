"""Many agents at once, each on a thread and a connection of its own."""

import pytest

from apps.core.actors import Actor
from apps.telemetry.budgets import actions
from apps.telemetry.models import AgentSession, Budget, BudgetLease, ModelUsage
from tests.conftest import ApiClient
from tests.factories import make_token
from tests.goals.test_concurrency import at_once
from tests.telemetry.budgets.rows import make_budget
from tests.telemetry.rows import make_session, make_usage

pytestmark = pytest.mark.django_db(transaction=True)
AGENTS = range(20)


def checks(bodies, threads=20):
    secret = make_token()

    def check(body):
        response = ApiClient(secret).post("/api/budget/check", body)
        assert response.status_code == 200, response.json()
        return response.json()

    return at_once(check, bodies, threads)


def test_twenty_agents_get_no_more_than_there_is():
    make_budget(limit=10)
    make_usage(cost_usd="3.5")
    told = checks([{"agent_id": f"agent {number}", "estimated_cost": 1} for number in AGENTS])
    assert sum(answer["allowed"] for answer in told) == BudgetLease.objects.count() == 6


def test_without_an_estimate_they_pass_the_limit_by_one_lease_at_most():
    make_budget(limit=10)
    for _ in range(2):
        make_usage(cost_usd="2")
    told = checks([{"agent_id": f"agent {number}"} for number in AGENTS])
    assert sum(answer["allowed"] for answer in told) == 3
    make_usage(cost_usd="1")  # 5 spent and 6 held: one lease of 2 beyond the limit, and no further one
    assert not checks([{"agent_id": "late"}])[0]["allowed"]


def test_runs_start_up_to_their_limit():
    make_budget(limit=7, unit="runs")
    assert sum(answer["allowed"] for answer in checks([{"agent_id": "main"} for _ in AGENTS])) == 7


def test_twenty_agents_that_check_spend_and_report_stay_within_the_limit():
    """Each asks, spends what it asked for, reports it, and asks again until it is refused."""
    make_budget(limit=10)
    secret = make_token()

    def work(number):
        client, agent = ApiClient(secret), f"agent {number}"
        session = str(make_session(agent_id=agent).pk)
        wish = {"agent_id": agent, "estimated_cost": 0.3, "session_id": session}
        while client.post("/api/budget/check", wish).json()["allowed"]:
            body = {"model": "kimi", "cost_usd": 0.3, "session_id": session}
            assert client.post("/api/model-usage", body).status_code == 200

    at_once(work, AGENTS, threads=20)
    spent = sum(usage.cost_usd for usage in ModelUsage.objects.all())
    # A refusal may have come of a lease whose call was reported a moment later; nobody ever spends too much.
    assert 10 - 0.3 * 20 <= spent <= 10 and not BudgetLease.objects.exists()


def test_several_budgets_in_any_order_lock_nobody_out():
    for scope, name in (("all", ""), ("agent", "a"), ("agent", "b"), ("model", "kimi"), ("provider", "moonshot")):
        make_budget(scope=scope, scope_value=name, limit=4)
    bodies = [
        {"agent_id": "ab"[number % 2], "model": "kimi", "provider": "moonshot", "estimated_cost": 0.5}
        for number in range(40)
    ]
    assert sum(answer["allowed"] for answer in checks(bodies)) == 8


def test_reports_side_by_side_end_a_lease_each_or_leave_it_to_expire():
    make_budget(limit=100)
    session = make_session(agent_id="main")
    checks([{"agent_id": "main", "estimated_cost": 1}] * 10, threads=10)
    at_once(lambda number: make_usage(session_id=session.pk, cost_usd="1"), range(10), 10)
    assert BudgetLease.objects.count() < 10 and ModelUsage.objects.count() == 10


def test_changes_and_deletions_beside_checks():
    budgets = [make_budget(limit=100) for _ in range(3)]
    person = Actor("person", "alice", "write")
    secret = make_token()

    def work(number):
        if number % 4 == 0:
            actions.update_budget(person, budgets[number % 2].pk, {"limit": 100 + number})
        elif number == 17:
            actions.delete_budget(person, budgets[2].pk)
        else:
            body = {"agent_id": "main", "estimated_cost": 0.01}
            return ApiClient(secret).post("/api/budget/check", body).status_code

    assert set(at_once(work, range(40))) == {200, None}
    assert Budget.objects.count() == 2 and AgentSession.objects.count() == 0
