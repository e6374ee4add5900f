"""Cost is never lost: whatever is reported, deleted and pruned, all places that tell it tell the same."""

import random
from decimal import Decimal

import pytest
from django.db import connection
from django.db.models import Sum

from apps.telemetry.models import AgentSession, ModelUsage
from apps.telemetry.sums import roll_up_all

pytestmark = pytest.mark.django_db
PRICES = [Decimal("0.25"), Decimal("0.000001"), Decimal("3.141592"), Decimal(0)]


def execute(sql, *params):
    with connection.cursor() as cursor:
        cursor.execute(sql, params)


class Agent:
    """What an agent and its keepers do, by chance but the same in each run."""

    def __init__(self, api, seed):
        self.api, self.chance = api, random.Random(seed)
        self.reported = Decimal(0)

    def session(self):
        ids = list(AgentSession.objects.order_by("started_at", "pk").values_list("pk", flat=True))
        return self.chance.choice(ids) if ids else None

    def start(self):
        kind = self.chance.choice(["interactive", "openclaw_cron", "skill_exec"])
        assert self.api.post("/api/sessions", {"session_type": kind}).status_code == 200

    def report(self):
        cost = self.chance.choice(PRICES)
        body = {
            "model": self.chance.choice("ab"),
            "cost_usd": float(cost),
            "session_id": self.chance.choice([None, self.session()]),
        }
        assert self.api.post("/api/model-usage", body).status_code == 200
        self.reported += cost

    def age(self):
        """As if all of it had happened up to a month earlier."""
        days, model = self.chance.randrange(30), self.chance.choice("ab")
        execute("UPDATE model_usage SET created_at = created_at - %s * interval '1 day' WHERE model = %s", days, model)

    def delete(self):
        if session := self.session():
            assert self.api.delete(f"/api/sessions/{session}").status_code == 200

    def prune(self):
        execute(
            "DELETE FROM agent_sessions WHERE id IN (SELECT id FROM agent_sessions ORDER BY started_at, id LIMIT 2)"
        )

    def roll_up(self):
        roll_up_all()

    def act(self):
        acts = [self.start, self.report, self.age, self.delete, self.prune, self.roll_up]
        self.chance.choices(acts, weights=[6, 12, 2, 2, 1, 2])[0]()


def told_by_pages(api):
    first = api.get("/api/model-usage?limit=7").json()
    pages = [api.get(f"/api/model-usage?limit=7&page={page}").json() for page in range(1, first["pages"] + 1)]
    assert sum(len(page["items"]) for page in pages) == first["total"]
    return sum(Decimal(str(item["cost_usd"])) for page in pages for item in page["items"])


def told_by_stats(api):
    shown = "include_runtime_events=true&include_cron_events=true"
    yield api.get(f"/api/sessions/stats?{shown}").json()["total_cost"]
    yield api.get(f"/api/sessions/stats?{shown}").json()["sources"]["skills"]["cost"]
    usage = api.get("/api/model-usage/stats?hours=87600").json()
    yield usage["total_cost"]
    yield usage["sources"]["skills"]["cost"]
    yield sum(model["cost"] for model in usage["by_model"])


@pytest.mark.parametrize("seed", range(3))
def test_all_places_tell_the_same(api, seed):
    agent = Agent(api, seed)
    for step in range(120):
        agent.act()
        if step % 20 == 19:
            stored = ModelUsage.objects.aggregate(cost=Sum("cost_usd", default=Decimal(0)))["cost"]
            assert stored == told_by_pages(api) == agent.reported
            assert list(told_by_stats(api)) == pytest.approx([float(stored)] * 5, abs=1e-6)
    assert agent.reported > 0 and ModelUsage.objects.filter(session=None).exists()
