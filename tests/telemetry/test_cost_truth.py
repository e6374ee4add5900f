"""Each amount says whether a client reported it, the price catalogue makes it, or nobody knows; all places alike."""

import csv
import json
import random
from decimal import Decimal

import pytest
from django.utils import timezone

from apps.telemetry.models import AgentSession, ModelUsage
from apps.telemetry.prices import Cost, ModelPrice, Prices
from apps.telemetry.sums import roll_up_all
from tests.telemetry.rows import ago, make_invocation, make_session, make_usage

pytestmark = pytest.mark.django_db


def make_price(name, input_usd, output_usd, **over):
    facts = {"model": name, "source": "models file", "updated_at": timezone.now()} | over
    return ModelPrice.objects.create(name=name, input_usd=input_usd, output_usd=output_usd, **facts)


@pytest.fixture
def prices(db):
    make_price("kimi", "0.6", "2.5")
    make_price("free", 0, 0)


class TestCallsAndSums:
    def test_a_reported_cost_stands_whatever_the_catalogue_says(self, prices):
        assert Prices().cost_of_call("kimi", None, 1000, 10, Decimal("0.25")) == Cost(Decimal("0.25"))

    def test_a_call_without_a_cost_is_its_tokens_at_the_models_price(self, prices):
        cost = Prices().cost_of_call("Moonshot/KIMI", "litellm", 2_000_000, 100_000, Decimal(0))
        assert (cost.estimated, cost.amount, cost.origin) == (Decimal("1.45"), Decimal("1.45"), "estimated")

    def test_free_is_not_unknown_and_unknown_is_not_nothing(self, prices):
        free = Prices().cost_of_call("free", None, 5, 5, Decimal(0))
        unknown = Prices().cost_of_call("mystery", None, 5, 5, Decimal(0))
        idle = Prices().cost_of_call("mystery", None, 0, 0, Decimal(0))
        assert (free.amount, free.origin) == (0, "estimated")
        assert (unknown.amount, unknown.origin) == (None, "unknown")
        assert (idle.amount, idle.origin) == (0, "none")

    def test_a_sum_is_unknown_only_where_nothing_of_it_is_known(self):
        unknown = Cost(unknown_calls=2)
        assert (unknown + unknown).amount is None
        assert (unknown + Cost(Decimal(1))).amount == 1 and (unknown + Cost(estimated_calls=1)).amount == 0
        assert Cost().amount == 0


class TestPage:
    def test_tells_how_much_of_the_cost_is_estimated_and_what_is_not_known(self, browser_client, prices):
        make_usage(model="kimi", cost_usd="1.5", input_tokens=10)
        make_usage(model="kimi", input_tokens=1_000_000, output_tokens=400_000)
        make_usage(model="mystery", provider="fog", output_tokens=7)
        make_usage(model="mystery", provider="fog", output_tokens=7)
        make_usage(model="free", input_tokens=3)
        make_usage(model="idle", success=False)
        response = browser_client.get("/model-usage")
        cost = response.context["figures"][0]
        assert (cost.text, cost.note) == ("$3.10", "of it $1.60 estimated, 2 calls of unknown cost")
        rows = {row.names["model"]: row for row in response.context["table"]}
        assert list(rows) == ["kimi", "mystery", "free", "idle"]
        assert (rows["kimi"].usage.cost.amount, rows["kimi"].share) == (Decimal("3.1"), 1)
        assert (rows["mystery"].usage.cost.amount, rows["mystery"].share) == (None, None)
        assert rows["free"].usage.cost.amount == rows["idle"].usage.cost.amount == 0
        origins = {(call.model, call.spent.origin) for call in response.context["calls"].rows}
        assert origins == {
            *(("kimi", "reported"), ("kimi", "estimated"), ("mystery", "unknown"), ("free", "estimated")),
            ("idle", "none"),
        }
        page = response.content.decode()
        assert '<td class="number">unknown</td>' in page
        assert "Clients reported $1.50." in page and "2 calls came without a cost and are estimated" in page

    def test_of_unknown_costs_alone_says_so(self, browser_client):
        make_usage(model="mystery", input_tokens=7)
        response = browser_client.get("/model-usage")
        cost = response.context["figures"][0]
        assert (cost.text, cost.note) == ("unknown", "1 call of unknown cost")
        chart = response.context["charts"][0]
        assert ["unknown"] in [values for _, values in chart.rows] and "$0.00" not in cost.text

    def test_a_corrected_price_corrects_the_estimate_and_no_row(self, browser_client, prices):
        usage = make_usage(model="kimi", input_tokens=1_000_000)
        ModelPrice.objects.filter(name="kimi").update(input_usd="1.2")
        assert browser_client.get("/model-usage").context["figures"][0].text == "$1.20"
        usage.refresh_from_db()
        assert usage.cost_usd == 0

    @pytest.mark.parametrize(
        ("by", "found"),
        [
            ("model", [{"model": "kimi", "provider": "moonshot"}, {"model": "free", "provider": None}]),
            ("provider", [{"provider": "moonshot"}, {"provider": None}]),
            ("agent", [{"agent_id": "analyst"}, {"agent_id": None}]),
            ("nonsense", [{"model": "kimi", "provider": "moonshot"}, {"model": "free", "provider": None}]),
        ],
    )
    def test_tables_are_by_model_provider_or_agent(self, browser_client, prices, by, found):
        session = make_session(agent_id="analyst")
        for latency in (100, 200, 4000):
            make_usage(model="kimi", provider="moonshot", latency_ms=latency, input_tokens=9, session=session)
        make_usage(model="free", provider=None, input_tokens=9)
        rows = browser_client.get(f"/model-usage?by={by}").context["table"]
        assert [row.names for row in rows] == found
        timed, untimed = rows
        assert (timed.usage.fastest, timed.usage.slowest, timed.usage.requests) == (100, 4000, 3)
        assert timed.times.p50 == pytest.approx(200, rel=0.1) and timed.times.p95 == pytest.approx(4000, rel=0.1)
        assert (untimed.usage.fastest, untimed.times.p50) == (None, None)

    def test_a_long_table_ends_with_the_rest_together(self, browser_client, prices):
        for number in range(60):
            make_usage(model=f"m{number:02}", input_tokens=60 - number, latency_ms=10 * (number + 1))
        make_usage(model="kimi", cost_usd="1")
        response = browser_client.get("/model-usage")
        table = response.context["table"]
        *shown, rest = table
        assert (len(table), shown[0].names["model"], rest.others, rest.usage.requests) == (50, "kimi", 12, 12)
        assert rest.usage.cost == Cost(unknown_calls=12) and rest.times.calls == 12
        assert (rest.usage.fastest, rest.usage.slowest) == (490, 600)
        assert rest.times.p50 == pytest.approx(540, rel=0.1)
        assert b"12 more" in response.content
        assert sum(row.usage.requests for row in table) == response.context["usage"].requests == 61

    def test_by_skill_it_shows_what_the_skills_report_of_their_calls_with_models(self, browser_client):
        make_invocation(skill_name="research", model_used="kimi", tokens_used=30, duration_ms=100)
        make_invocation(skill_name="research", model_used="kimi", tokens_used=12, duration_ms=300, success=False)
        make_invocation(skill_name="social", model_used="qwen3", tokens_used=None, duration_ms=None)
        make_invocation(skill_name="goals")
        rows = list(browser_client.get("/model-usage?by=skill").context["table"])
        assert [(row["skill_name"], row["model_used"]) for row in rows] == [("research", "kimi"), ("social", "qwen3")]
        research, social = rows
        assert (research["total"], research["failures"], research["tokens"]) == (2, 1, 42)
        assert (research["shortest"], research["duration"], research["longest"]) == (100, 200, 300)
        assert (social["tokens"], social["shortest"]) == (0, None)
        [only] = browser_client.get("/model-usage?by=skill&model=qwen3").context["table"]
        assert only["skill_name"] == "social"
        none = browser_client.get("/model-usage?by=skill&model=%3Cb%3E").content
        assert b"No skill called a model in this time as <code>&lt;b&gt;</code>" in none


class TestExport:
    def test_says_of_each_call_where_its_cost_is_from(self, browser_client, prices):
        make_price("dear/qwen", 30, 0)
        make_price("qwen", 3, 0)
        make_usage(model="qwen", provider="DEAR", input_tokens=1_000_000, created_at=ago(hours=1))
        make_usage(model="x/Qwen", provider=None, input_tokens=1_000_000, created_at=ago(hours=2))
        make_usage(model="mystery", input_tokens=1, created_at=ago(hours=3))
        make_usage(model="qwen", cost_usd="2", input_tokens=1, created_at=ago(hours=4))
        make_usage(model="qwen", created_at=ago(hours=5))
        answer = b"".join(browser_client.get("/model-usage?format=csv")).decode()
        rows = list(csv.DictReader(answer.splitlines()))
        assert [row["cost_origin"] for row in rows] == ["estimated", "estimated", "unknown", "reported", "none"]
        assert [float(row["cost_estimated"] or 0) for row in rows] == [30, 3, 0, 0, 0]


MODELS = ["kimi", "x/KIMI", "litellm/moonshot/kimi", "free", "mystery", "dear/qwen", "qwen"]
PROVIDERS = ["moonshot", "dear", None]


class History:
    """What agents and their keepers do, by chance but the same in each run."""

    def __init__(self, seed):
        self.chance = random.Random(seed)

    def report(self):
        session = self.chance.choice([None, make_session(agent_id=self.chance.choice("ab")), self.any_session()])
        make_usage(
            model=self.chance.choice(MODELS),
            provider=self.chance.choice(PROVIDERS),
            session=session,
            cost_usd=self.chance.choice(["0", "0", "0.25", "0.000001"]),
            input_tokens=self.chance.choice([0, 7, 1_234_567]),
            output_tokens=self.chance.choice([0, 1, 98_765]),
            success=self.chance.random() < 0.8,
            created_at=ago(hours=self.chance.choice([1, 2, 30, 100]), minutes=self.chance.randrange(60)),
        )

    def any_session(self):
        return self.chance.choice([None, *AgentSession.objects.order_by("started_at", "pk")])

    def delete_session(self):
        if session := self.any_session():
            session.delete()

    def prune(self):
        AgentSession.objects.filter(agent_id=self.chance.choice("ab")).delete()

    def correct_a_price(self):
        ModelPrice.objects.filter(name="kimi").update(input_usd=self.chance.choice(["0.6", "0.123457"]))

    def learn_a_price(self):
        ModelPrice.objects.filter(name="qwen").delete()
        make_price("qwen", self.chance.randrange(5), 1)

    def roll_up(self):
        roll_up_all()

    def act(self):
        acts = [self.report, self.delete_session, self.prune, self.correct_a_price, self.learn_a_price, self.roll_up]
        self.chance.choices(acts, weights=[20, 2, 1, 1, 1, 3])[0]()


def by_hand():
    """Of the rows themselves: reported, estimated, and calls of unknown cost."""
    known = {price.name: price for price in ModelPrice.objects.all()}
    reported = estimated = Decimal(0)
    unknown = 0
    for call in ModelUsage.objects.all():
        reported += call.cost_usd
        if call.cost_usd or not (call.input_tokens or call.output_tokens):
            continue
        names = [f"{call.provider}/{call.model}".lower(), call.model.lower(), call.model.lower().split("/")[-1]]
        price = next((known[name] for name in names if name in known), None)
        if price is None:
            unknown += 1
        else:
            estimated += (call.input_tokens * price.input_usd + call.output_tokens * price.output_usd) / 1_000_000
    return reported, estimated, unknown


def told_by_the_page(page):
    for by in ("model", "provider", "agent"):
        context = page.get(f"/model-usage?range=all&by={by}").context
        costs = [row.usage.cost for row in context["table"]]
        yield (
            sum(cost.reported for cost in costs),
            sum(cost.estimated for cost in costs),
            sum(cost.unknown_calls for cost in costs),
        )
        usage = context["usage"].cost
        yield usage.reported, usage.estimated, usage.unknown_calls
        figure = context["figures"][0]
        assert figure.value == usage.amount
        drawn = [value for series in context["charts"][0].series for value in series.values if value is not None]
        assert sum(drawn) == pytest.approx(float(usage.amount or 0))


def told_by_stats(api):
    stats = api.get("/api/model-usage/stats?hours=87600").json()
    yield stats["total_cost"], stats["cost_estimated"], stats["calls_without_price"]
    models = stats["by_model"]
    yield tuple(sum(model[name] for model in models) for name in ("cost", "cost_estimated", "calls_without_price"))


def told_by_rows(items):
    return (
        sum(float(item["cost_usd"]) for item in items),
        sum(float(item["cost_estimated"] or 0) for item in items),
        sum(item["cost_origin"] == "unknown" for item in items),
    )


@pytest.mark.parametrize("seed", range(3))
def test_page_api_and_export_tell_what_the_rows_say(browser_client, api, prices, seed):
    history = History(seed)
    for step in range(90):
        history.act()
        if step % 30 == 29:
            truth = by_hand()
            assert list(told_by_the_page(browser_client)) == [truth] * 6
            rough = [pytest.approx(float(part), abs=1e-6) for part in truth]
            for told in told_by_stats(api):
                assert list(told) == rough
            assert list(told_by_rows(api.get("/api/model-usage?limit=1000").json()["items"])) == rough
            export = b"".join(browser_client.get("/model-usage?range=all&format=ndjson"))
            assert list(told_by_rows([json.loads(line) for line in export.splitlines()])) == rough
    assert all(truth) and ModelUsage.objects.filter(session=None).exists()
