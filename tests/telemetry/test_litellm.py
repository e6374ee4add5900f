"""The LiteLLM proxy, played by a small server, and its spend log in a database of its own."""

from datetime import timedelta
from types import SimpleNamespace
from uuid import uuid4

import psycopg
import pytest
from django.utils import timezone

from apps.telemetry import spend_log, usage_pages
from tests.remote_servers import remote_server
from tests.servers import free_port
from tests.telemetry.rows import ago, make_session, make_usage
from tests.telemetry.spend import forget, make_spend, spend_database

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def address(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock(), spend_database() as address:
        yield address


@pytest.fixture
def log(address, settings):
    """The spend log, empty; `log.add(...)` adds a call."""
    settings.LITELLM_DATABASE_URL = address
    for known in spend_log.logs.values():
        known.sums.clear()
    with psycopg.connect(address, autocommit=True) as database:
        database.execute('TRUNCATE "LiteLLM_SpendLogs"')
        yield SimpleNamespace(address=address, add=lambda **over: make_spend(database, **over))


@pytest.fixture
def away(settings, monkeypatch):
    monkeypatch.setattr(spend_log, "CONNECT_SECONDS", 0.5)
    settings.LITELLM_DATABASE_URL = f"postgresql://nobody@127.0.0.1:{free_port()}/litellm"
    yield
    forget()


@pytest.fixture(autouse=True)
def no_proxy(settings):
    settings.SERVICE_URLS = settings.SERVICE_URLS | {"litellm": ""}
    settings.LITELLM_MASTER_KEY = "sk-master"


class TestModels:
    def test_are_what_the_proxy_says(self, api, settings):
        with remote_server(body=b'{"data": [{"id": "kimi"}], "object": "list"}') as proxy:
            settings.SERVICE_URLS["litellm"] = proxy.url + "/"
            assert api.get("/api/litellm/models").json() == {"data": [{"id": "kimi"}], "object": "list"}
            assert proxy.asked == ["/models"] and proxy.headers[0]["Authorization"] == "Bearer sk-master"

    def test_without_a_proxy(self, api):
        assert api.get("/api/litellm/models").json() == {"data": [], "error": "not configured"}

    @pytest.mark.parametrize("proxy", [{"code": 500}, {"body": b"<html>"}, {"body": b" " * 1_100_000}])
    def test_of_a_proxy_that_is_ill(self, api, settings, proxy):
        with remote_server(**proxy) as server:
            settings.SERVICE_URLS["litellm"] = server.url
            body = api.get("/api/litellm/models").json()
        assert body["data"] == [] and body["error"].startswith("unavailable since ")


class TestHealth:
    @pytest.mark.parametrize(("code", "status"), [(200, "healthy"), (503, "unhealthy"), (401, "unhealthy")])
    def test_of_a_proxy(self, api, settings, code, status):
        with remote_server(code) as proxy:
            settings.SERVICE_URLS["litellm"] = proxy.url
            assert api.get("/api/litellm/health").json() == {"status": status}
            assert proxy.asked == ["/health/liveliness"]

    def test_of_none(self, api, settings):
        assert api.get("/api/litellm/health").json() == {"status": "error", "error": "not configured"}
        settings.SERVICE_URLS["litellm"] = f"http://127.0.0.1:{free_port()}"
        body = api.get("/api/litellm/health").json()
        assert body["status"] == "error" and body["error"].startswith("unavailable since ")


class TestSpend:
    def test_lists_the_newest_first(self, api, log):
        log.add(request_id="old", at=ago(hours=1))
        log.add(request_id="new", at=ago(minutes=1).replace(microsecond=250_000), session_id="s", status="success")
        body = api.get("/api/litellm/spend?limit=1").json()
        assert (body["total"], body["offset"], body["limit"]) == (2, 0, 1)
        assert list(body["logs"][0]) == [
            "request_id", "call_type", "model", "model_group", "custom_llm_provider", "prompt_tokens",
            "completion_tokens", "total_tokens", "spend", "startTime", "endTime", "status", "api_base", "cache_hit",
            "session_id",
        ]  # fmt: skip
        assert body["logs"][0]["request_id"] == "new" and body["logs"][0]["startTime"].endswith(".250000+00:00")
        assert api.get("/api/litellm/spend?offset=1").json()["logs"][0]["request_id"] == "old"

    def test_lite(self, api, log):
        log.add()
        (line,) = api.get("/api/litellm/spend?lite=true").json()["logs"]
        assert list(line) == [
            "model", "prompt_tokens", "completion_tokens", "total_tokens", "spend", "startTime", "endTime", "status",
        ]  # fmt: skip

    @pytest.mark.parametrize("query", ["limit=-1", "limit=1001", "offset=-1", "lite=perhaps"])
    def test_refuses_bad_queries(self, api, query):
        assert api.get(f"/api/litellm/spend?{query}").status_code == 422

    def test_global(self, api, log, settings):
        log.add(request_id="a", spend=0.5)
        log.add(request_id="b", spend=0.25, prompt_tokens=1, completion_tokens=1, total_tokens=2)
        with remote_server(body=b'{"spend": 9, "max_budget": 20.5}') as proxy:
            settings.SERVICE_URLS["litellm"] = proxy.url
            assert api.get("/api/litellm/global-spend").json() == {
                "spend": 0.75, "max_budget": 20.5, "total_tokens": 112, "input_tokens": 101, "output_tokens": 11,
                "api_requests": 2,
            }  # fmt: skip
            assert proxy.asked == ["/global/spend"]

    def test_no_budget_without_the_proxy(self, api, log):
        assert api.get("/api/litellm/global-spend").json()["max_budget"] == 0

    def test_without_a_log(self, api):
        assert api.get("/api/litellm/spend").json() == {"logs": [], "total": 0, "error": "not configured"}
        assert api.get("/api/litellm/global-spend").json() == {
            "spend": 0, "total_tokens": 0, "input_tokens": 0, "output_tokens": 0, "api_requests": 0,
            "error": "not configured",
        }  # fmt: skip

    def test_of_a_database_that_is_away(self, api, away):
        first, second = (api.get("/api/litellm/spend").json() for _ in range(2))
        assert first == second and first["logs"] == []
        assert first["error"].startswith("unavailable since ") and first["error"].endswith(": no connection")

    def test_of_a_database_without_the_table(self, api, settings, log):
        with psycopg.connect(log.address, autocommit=True) as database:
            database.execute('ALTER TABLE "LiteLLM_SpendLogs" RENAME TO gone')
            try:
                error = api.get("/api/litellm/spend").json()["error"]
            finally:
                database.execute('ALTER TABLE gone RENAME TO "LiteLLM_SpendLogs"')
        forget()
        assert error.endswith("its table of spend is not there, or has other columns")
        assert api.get("/api/litellm/spend").json()["total"] == 0

    def test_of_an_address_that_is_none(self, api, settings):
        settings.LITELLM_DATABASE_URL = "postgresql://a:secret@b/c?schema=public"
        error = api.get("/api/litellm/spend").json()["error"]
        forget()
        assert error.endswith("its address is not usable") and "secret" not in error

    def test_waits_for_no_lock_for_long(self, api, log, monkeypatch):
        monkeypatch.setattr(spend_log, "ANSWER_SECONDS", 1)
        with psycopg.connect(log.address) as database:
            database.execute('LOCK TABLE "LiteLLM_SpendLogs"')
            error = api.get("/api/litellm/spend").json()["error"]
        forget()
        assert error.endswith("no answer in time")

    def test_one_statement_that_is_slow_stops_no_other(self, api, log, monkeypatch):
        monkeypatch.setattr(spend_log, "ANSWER_SECONDS", 1)
        for _ in range(2):  # the second is not even tried
            with pytest.raises(spend_log.Away, match="no answer in time"):
                spend_log.read("SELECT pg_sleep(60)")
        monkeypatch.undo()
        assert api.get("/api/litellm/spend").json() == {"logs": [], "total": 0, "offset": 0, "limit": 50}
        forget()

    def test_is_only_read(self, log):
        with pytest.raises(spend_log.Away):
            spend_log.read('DELETE FROM "LiteLLM_SpendLogs" RETURNING 1')
        forget()


class TestUsage:
    def test_has_both_as_one_list(self, api, log):
        make_usage(model="skills-old", created_at=ago(minutes=9))
        make_usage(model="skills-new", created_at=ago(minutes=3))
        log.add(request_id="r-1", at=ago(minutes=5), metadata={"status": "failure"}, session_id="s-1")
        page = api.get("/api/model-usage").json()
        assert [item["model"] for item in page["items"]] == ["skills-new", "qwen3", "skills-old"]
        item = page["items"][1]
        assert page["items"][0].keys() == item.keys() and "notice" not in page
        assert (item.pop("created_at")[-6:], page["total"], page["pages"]) == ("+00:00", 3, 1)
        assert item == {
            "id": "r-1", "model": "qwen3", "provider": "openrouter", "input_tokens": 100, "output_tokens": 10,
            "total_tokens": 110, "cost_usd": 0.5, "latency_ms": None, "success": False, "error_message": "failure",
            "session_id": "s-1", "source": "litellm", "cost_origin": "reported", "cost_estimated": None,
        }  # fmt: skip

    @pytest.mark.parametrize(
        ("named", "model", "provider"),
        [
            ({"model": "a/b/c", "model_group": "", "custom_llm_provider": ""}, "c", "a"),
            ({"model": "c", "model_group": None, "custom_llm_provider": None}, "c", "litellm"),
            ({"model": "a/b", "model_group": "g", "custom_llm_provider": "p"}, "g", "p"),
        ],
    )
    def test_names_models_and_providers(self, api, log, named, model, provider):
        log.add(**named)
        (item,) = api.get("/api/model-usage").json()["items"]
        assert (item["model"], item["provider"]) == (model, provider)
        assert api.get(f"/api/model-usage?model={model}&provider={provider}&source=litellm").json()["total"] == 1
        assert api.get(f"/api/model-usage?model={model[:-1]}x").json()["total"] == 0

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("source=all", {"s", "l", "l-old"}),
            ("source=skills", {"s"}),
            ("source=litellm", {"l", "l-old"}),
            ("source=nonsense", set()),
            ("hours=2", {"s", "l"}),
            ("provider=openrouter", {"l", "l-old"}),
        ],
    )
    def test_filters(self, api, log, query, found):
        make_usage(model="s")
        log.add(request_id="1", model_group="l")
        log.add(request_id="2", model_group="l-old", at=ago(hours=3))
        log.add(request_id="3", model_group="Test-Model")
        log.add(request_id="4", custom_llm_provider="pytest")
        page = api.get(f"/api/model-usage?{query}").json()
        assert {item["model"] for item in page["items"]} == found and page["total"] == len(found)

    @pytest.mark.parametrize("most_times", [1000, 4])
    @pytest.mark.parametrize("theirs", [0, 1, 17])
    def test_pages_are_true_however_deep(self, api, log, monkeypatch, most_times, theirs):
        monkeypatch.setattr(usage_pages, "MOST_TIMES", most_times)
        start = timezone.now().replace(microsecond=0)
        for place in range(11):  # some at the same time as one of the log
            make_usage(model=f"s{place}", created_at=start - timedelta(seconds=place * place % 17 * 2))
        for place in range(theirs):
            log.add(request_id=f"r{place:02}", model_group=f"l{place}", at=start - timedelta(seconds=place * 7 % 29))
        whole = api.get("/api/model-usage?limit=100").json()
        assert whole["total"] == len(whole["items"]) == 11 + theirs
        times = [item["created_at"] for item in whole["items"]]
        assert times == sorted(times, reverse=True)
        for limit in (1, 3):
            pages = [api.get(f"/api/model-usage?limit={limit}&page={page + 1}").json() for page in range(32 // limit)]
            assert [item for page in pages for item in page["items"]] == whole["items"]
            assert {page["total"] for page in pages} == {11 + theirs}

    def test_a_call_that_a_skill_reported_too_counts_once(self, api, log):
        log.add(at=ago(hours=1))
        make_usage(provider="litellm", cost_usd=1)
        make_usage(provider="litellm", model="before the log", cost_usd=2, created_at=ago(hours=2))
        page = api.get("/api/model-usage").json()
        assert [item["model"] for item in page["items"]] == ["qwen3", "before the log"] and page["total"] == 2
        assert api.get("/api/model-usage?source=skills").json()["total"] == 2
        stats = api.get("/api/model-usage/stats").json()
        assert (stats["total_requests"], stats["total_cost"], stats["total_tokens"]) == (2, 2.5, 110)
        stats = api.get("/api/sessions/stats").json()
        assert (stats["total_cost"], stats["total_tokens"]) == (2.5, 110)

    def test_without_the_log_the_skills_own_stay(self, api, away):
        make_usage(provider="litellm")
        page = api.get("/api/model-usage").json()
        assert page["total"] == len(page["items"]) == 1
        assert page["notice"].startswith("Without LiteLLM's spend log: unavailable since ")
        assert api.get("/api/model-usage/stats").json()["notice"] == page["notice"]
        assert api.get("/api/sessions/stats").json()["notice"] == page["notice"]


class TestUsageStats:
    def test_adds_up_both(self, api, log):
        make_usage(model="kimi", provider="moonshot", input_tokens=5, cost_usd="0.25", latency_ms=100, success=False)
        make_usage(model="own")
        log.add(request_id="1", model_group="kimi", custom_llm_provider="moonshot")
        log.add(request_id="2", model_group="kimi", custom_llm_provider="moonshot")
        log.add(request_id="3", model_group="kimi", custom_llm_provider="other", metadata={"status": "failure"})
        log.add(request_id="4", at=ago(hours=25))
        stats = api.get("/api/model-usage/stats").json()
        assert [(row["model"], row["provider"], row["requests"], row["source"]) for row in stats["by_model"]] == [
            ("kimi", "moonshot", 3, "merged"), ("kimi", "other", 1, "litellm"), ("own", "local", 1, "skills"),
        ]  # fmt: skip
        assert (stats["by_model"][0]["input_tokens"], stats["by_model"][0]["cost"]) == (205, 1.25)
        assert stats["by_model"][0]["avg_latency"] == stats["avg_latency_ms"] == 100
        assert (stats["total_requests"], stats["total_tokens"], stats["total_cost"]) == (5, 335, 1.75)
        assert stats["success_rate"] == 60
        assert stats["sources"] == {
            "skills": {"requests": 2, "tokens": 5, "cost": 0.25},
            "litellm": {"requests": 3, "tokens": 330, "cost": 1.5},
        }


class TestSessionStats:
    def test_gives_each_agent_its_spend(self, api, log):
        session = make_session(agent_id="coder", metadata={"openclaw_session_id": "gateway-1"})
        make_usage(session=session, input_tokens=7, cost_usd="0.125")
        log.add(request_id="1", session_id=str(session.id).upper())
        log.add(request_id="2", session_id="gateway-1")
        log.add(request_id="3", metadata={"agentId": "writer"})
        log.add(request_id="4", metadata={"mcp_tool_call_metadata": {"agent_id": "writer"}}, session_id="x")
        log.add(request_id="5", session_id="nobody's")
        log.add(request_id="6", metadata=["odd"], session_id=None)
        stats = api.get("/api/sessions/stats").json()
        assert stats["by_agent"] == [
            {"agent_id": "coder", "sessions": 1, "tokens": 227, "cost": 1.125},
            {"agent_id": "writer", "sessions": 0, "tokens": 220, "cost": 1},
        ]
        assert stats["litellm"] == {
            "sessions": 4, "tokens": 660, "cost": 3, "unmapped_tokens": 220, "unmapped_cost": 1,
        }  # fmt: skip
        assert (stats["total_tokens"], stats["total_cost"]) == (667, 3.125)
        assert stats["sources"] == {"skills": {"tokens": 7, "cost": 0.125}, "litellm": {"tokens": 660, "cost": 3}}

    @pytest.mark.parametrize(
        ("query", "cost"),
        [("", 1.5), ("agent_id=a", 0.5), ("status=error", 0), ("include_cron_events=true", 2), ("hours=2", 1.0)],
    )
    def test_honours_the_filters(self, api, log, query, cost):
        for number, over in enumerate([{"agent_id": "a"}, {"agent_id": "cron", "session_type": "openclaw_cron"}]):
            log.add(request_id=f"{number}", session_id=str(make_session(**over).id))
        log.add(request_id="old", at=ago(hours=3))
        log.add(request_id="loose", session_id=str(uuid4()))
        assert api.get(f"/api/sessions/stats?{query}").json()["litellm"]["cost"] == cost

    def test_costs_two_queries_more(self, api, log, django_assert_num_queries):
        for number in range(20):
            session = make_session()
            make_usage(session=session, provider="litellm")
            log.add(request_id=f"{number}", session_id=str(session.id))
        api.get("/api/sessions/stats")
        with django_assert_num_queries(6):  # the token, groups, loose calls; owners, what was reported twice
            api.get("/api/sessions/stats")
