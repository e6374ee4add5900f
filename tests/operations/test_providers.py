"""What is left on accounts, with the providers played by small servers on loopback."""

import pytest

from apps.operations import providers
from tests.remote_servers import remote_server
from tests.servers import free_port

pytestmark = pytest.mark.django_db
KIMI = b'{"code": 0, "data": {"available_balance": 49.5, "voucher_balance": 46.25, "cash_balance": 3.25}}'
ROUTER = b'{"data": {"label": "k", "limit": 20, "usage": 4.5, "is_free_tier": false}}'


@pytest.fixture(autouse=True)
def no_keys(settings):
    settings.MOONSHOT_KIMI_KEY = settings.OPEN_ROUTER_KEY = ""


@pytest.fixture
def kimi(api, settings):
    """Asks for Kimi's balance at an address."""

    def ask(url):
        settings.MOONSHOT_KIMI_KEY, settings.MOONSHOT_URL = "sk-kimi", url
        return api.get("/api/providers/balances").json()["kimi"]

    return ask


@pytest.fixture
def openrouter(api, settings):
    def ask(body):
        with remote_server(body=body) as server:
            settings.OPEN_ROUTER_KEY, settings.OPEN_ROUTER_URL = "sk-or", server.url
            return api.get("/api/providers/balances").json()["openrouter"]

    return ask


def test_nobody_is_asked_without_a_key(api, settings):
    with remote_server() as server:
        settings.MOONSHOT_URL = settings.OPEN_ROUTER_URL = server.url
        body = api.get("/api/providers/balances").json()
        assert server.asked == []
    assert list(body) == ["kimi", "openrouter", "local"]
    assert body["kimi"] == {"provider": "Moonshot/Kimi", "status": "not_configured"}
    assert (body["openrouter"]["status"], body["local"]["status"]) == ("free_tier", "free")
    assert body["openrouter"].keys() == body["local"].keys() == {"provider", "status", "note"}


class TestKimi:
    def test_its_balance(self, kimi):
        with remote_server(body=KIMI) as server:
            assert kimi(server.url + "/") == kimi(server.url + "/") == {
                "provider": "Moonshot/Kimi", "available": 49.5, "voucher": 46.25, "cash": 3.25, "currency": "USD",
                "status": "ok",
            }  # fmt: skip
            assert server.asked == ["/v1/users/me/balance"]
            assert server.headers[0]["Authorization"] == "Bearer sk-kimi"

    @pytest.mark.parametrize(
        "body",
        [b"{}", b"[]", b'"x"', b'{"data": []}', b'{"data": {"available_balance": "much"}}', b'{"data": null}', b"{"],
    )
    def test_an_answer_without_one(self, kimi, body):
        with remote_server(body=body) as server:
            balance = kimi(server.url)
        assert (balance["status"], bool(balance["error"]), "code" in balance) == ("error", True, False)

    def test_a_key_that_is_refused(self, kimi):
        with remote_server(401, KIMI) as server:
            balance = kimi(server.url)
        assert (balance["status"], balance["code"]) == ("error", 401)
        assert "sk-kimi" not in balance["error"]

    def test_a_provider_that_is_away_or_slow(self, kimi, monkeypatch):
        assert kimi(f"http://127.0.0.1:{free_port()}")["error"].startswith("unavailable since ")
        monkeypatch.setattr(providers, "SECONDS", 0.5)
        with remote_server(wait=20) as server:
            assert kimi(server.url)["error"].endswith("no answer in time")


class TestOpenRouter:
    @pytest.mark.parametrize(("limit", "remaining"), [(b"20", 15.5), (b"null", -4.5)])
    def test_its_balance(self, openrouter, limit, remaining):
        assert openrouter(ROUTER.replace(b"20", limit)) == {
            "provider": "OpenRouter", "limit": 20 if limit == b"20" else None, "usage": 4.5, "remaining": remaining,
            "is_free_tier": False, "currency": "USD", "status": "ok",
        }  # fmt: skip

    def test_an_answer_without_one(self, openrouter):
        assert openrouter(b'{"data": {"usage": 1}}') == {
            "provider": "OpenRouter", "status": "error", "error": "an answer without a balance",
        }  # fmt: skip
