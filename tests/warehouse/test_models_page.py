"""The page of models: the catalogue, what was used of it and beside it, and what other systems know of the cost."""

import json

import psycopg
import pytest

from apps.telemetry import spend_log
from apps.telemetry.prices import ModelPrice
from apps.warehouse.prices import update_prices
from tests.remote_servers import remote_server
from tests.servers import free_port
from tests.telemetry.rows import ago, make_session, make_usage
from tests.telemetry.spend import forget, make_spend, spend_database

pytestmark = pytest.mark.django_db
HOSTILE = "<img src=x onerror=alert(1)>"
KIMI = {
    "name": "Kimi K2", "tier": "paid", "contextWindow": 262144, "cost": {"input": 0.6, "output": 2.5},
    "litellm": {"model": "moonshot/kimi-k2"}, "aliases": ["moon"],
}  # fmt: skip


@pytest.fixture(autouse=True)
def nobody_else(settings):
    settings.MOONSHOT_KIMI_KEY = settings.OPEN_ROUTER_KEY = settings.LITELLM_DATABASE_URL = ""


@pytest.fixture
def catalogue(settings, tmp_path):
    path = tmp_path / "models.json"
    settings.ARIA_MODELS_FILE = str(path)
    path.write_text(json.dumps({"models": {"kimi": KIMI, "spare": {}}}))
    update_prices()
    return path


def shown(response):
    return {figure.label: (figure.text, figure.note) for figure in response.context["page"].figures()}


class TestPage:
    def test_tells_what_was_used_of_the_catalogue_and_beside_it(self, browser_client, catalogue):
        make_usage(model="kimi", provider="moonshot", cost_usd="1")
        make_usage(model="litellm/moonshot/Kimi-K2", provider="litellm", input_tokens=1_000_000)
        make_usage(model="MOON", provider=None, output_tokens=1_000_000)
        make_usage(model="mystery", provider="fog", input_tokens=5)
        make_usage(model="kimi", cost_usd="50", created_at=ago(days=31))
        response = browser_client.get("/models")
        kimi, spare = response.context["page"].known
        assert (kimi.model["id"], kimi.usage.requests, float(kimi.usage.cost.amount)) == ("kimi", 3, 4.1)
        assert (spare.price, spare.usage.requests, spare.spelling) == (None, 0, "")
        [stranger] = response.context["page"].strangers
        assert (stranger.model, stranger.provider, stranger.usage.cost.amount) == ("mystery", "fog", None)
        assert shown(response) == {
            "In the catalogue": ("2", ""),
            "Used": ("2", "1 of them not in the catalogue"),
            "Calls": ("4", ""),
            "Cost": ("$4.10", "of it $3.10 estimated, 1 call of unknown cost"),
        }
        assert shown(browser_client.get("/models?range=all"))["Cost"][0] == "$54.10"

    def test_agrees_with_the_page_of_model_usage(self, browser_client, catalogue):
        make_usage(model="kimi", input_tokens=12_345, session=make_session())
        make_usage(model="mystery", output_tokens=1)
        make_usage(model="other", cost_usd="0.25")
        usage = browser_client.get("/model-usage?range=30d").context["figures"][0]
        assert shown(browser_client.get("/models"))["Cost"] == (usage.text, usage.note)

    def test_lists_the_latest_calls_with_where_their_cost_is_from(self, browser_client, catalogue):
        make_usage(model="kimi", input_tokens=1_000_000)
        make_usage(model="mystery", input_tokens=1)
        origins = {call.model: cost.origin for call, cost in browser_client.get("/models").context["calls"]}
        assert origins == {"kimi": "estimated", "mystery": "unknown"}

    def test_without_a_file_and_calls_it_says_how_they_get_there(self, browser_client, settings):
        settings.ARIA_MODELS_FILE = ""
        page = browser_client.get("/models").content.decode()
        assert "<code>ARIA_MODELS_FILE</code> names" in page and "No prices, so calls" in page

    def test_a_broken_file_is_told_of(self, browser_client, catalogue):
        catalogue.write_text("{")
        response = browser_client.get("/models")
        assert response.status_code == 200 and "The file of models is no JSON" in response.content.decode()

    def test_shows_text_as_text(self, browser_client, catalogue):
        model = KIMI | {"name": HOSTILE, "tier": HOSTILE, "aliases": [HOSTILE], "input": [HOSTILE]}
        catalogue.write_text(json.dumps({"models": {HOSTILE + "id": model}}))
        update_prices()
        make_usage(model=HOSTILE, provider=HOSTILE, error_message=HOSTILE, success=False, input_tokens=1)
        make_usage(model=HOSTILE + "2", provider=HOSTILE, session=make_session(agent_id=HOSTILE))
        page = browser_client.get("/models").content.decode()
        assert "<img src=x" not in page and "&lt;img src=x" in page

    def test_exports_the_prices(self, browser_client, catalogue):
        lines = b"".join(browser_client.get("/models?format=ndjson")).splitlines()
        assert [json.loads(line)["name"] for line in lines] == list(ModelPrice.objects.values_list("name", flat=True))
        assert len(lines) == 4 and browser_client.get("/models?format=xml").status_code == 404

    @pytest.mark.parametrize("query", ["range=soon", "since=x", "since=0001-01-01T00:00", "model=%00"])
    def test_of_nonsense_it_shows_the_usual_time(self, browser_client, query):
        assert browser_client.get(f"/models?{query}").context["time"].name == "30d"

    def test_costs_a_bounded_number_of_queries(self, browser_client, catalogue, django_assert_max_num_queries):
        for number in range(60):
            make_usage(model=f"m{number}", input_tokens=1, session=make_session())
        with django_assert_max_num_queries(6):
            browser_client.get("/models")

    def test_is_for_those_who_logged_in_and_only_to_be_read(self, client, browser_client):
        for path in ("/models", "/models/accounts"):
            assert client.get(path).status_code == 302
            assert browser_client.post(path).status_code == 405


class TestAccounts:
    def test_what_is_not_configured_is_told_apart(self, browser_client):
        page = browser_client.get("/models/accounts").content.decode()
        assert page.count("not configured") == 2 and "<code>LITELLM_DATABASE_URL</code> names" in page
        assert "<code>MOONSHOT_KIMI_KEY</code>" in page and "unavailable" not in page

    def test_what_is_away_is_told_with_since_when(self, browser_client, settings, monkeypatch):
        monkeypatch.setattr(spend_log, "CONNECT_SECONDS", 0.5)
        settings.MOONSHOT_KIMI_KEY, settings.MOONSHOT_URL = "sk-kimi", f"http://127.0.0.1:{free_port()}"
        settings.LITELLM_DATABASE_URL = f"postgresql://x@127.0.0.1:{free_port()}/x"
        try:
            page = browser_client.get("/models/accounts").content.decode()
        finally:
            forget()
        assert page.count("unavailable since") == 2 and "sk-kimi" not in page

    def test_balances(self, browser_client, settings):
        kimi = b'{"data": {"available_balance": 49.5, "voucher_balance": 46.25, "cash_balance": 3.25}}'
        router = b'{"data": {"limit": null, "usage": 4.5, "is_free_tier": true}}'
        pages = {"/v1/users/me/balance": kimi, "/api/v1/auth/key": router}
        with remote_server(pages=pages) as server:
            settings.MOONSHOT_KIMI_KEY, settings.OPEN_ROUTER_KEY = "sk-kimi", "sk-or"
            settings.MOONSHOT_URL = settings.OPEN_ROUTER_URL = server.url
            page = browser_client.get("/models/accounts").content.decode()
        assert "49.50 USD" in page and "46.25 of it in vouchers" in page
        assert "no limit" in page and "4.50 USD used, on the free tier" in page

    def test_the_spend_of_the_proxy_and_how_old_it_is(self, browser_client, settings):
        with spend_database() as address, psycopg.connect(address, autocommit=True) as log:
            settings.LITELLM_DATABASE_URL = address
            assert "It has logged no call yet" in browser_client.get("/models/accounts").content.decode()
            forget()
            make_spend(log, at=ago(days=3), spend=0.75)
            page = browser_client.get("/models/accounts", headers={"HX-Request": "true"}).content.decode()
            assert "$0.7500 as the proxy logged it" in page and ">stale<" in page and "3 d ago" in page
            assert "<html" not in page
            forget()
            make_spend(log, at=ago(minutes=3), spend=1)
            page = browser_client.get("/models/accounts").content.decode()
            assert "$1.75 as the proxy" in page and ">stale<" not in page and "<html" in page
