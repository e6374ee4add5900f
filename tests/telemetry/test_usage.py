"""The wire contract of model usage."""

from uuid import uuid4

import pytest

from apps.telemetry.models import ModelUsage
from tests.telemetry.rows import ago, make_session, make_usage

pytestmark = pytest.mark.django_db


class TestList:
    def test_gives_the_page_list_newest_first(self, api):
        make_usage(created_at=ago(hours=1))
        session = make_session()
        make_usage(model="new", input_tokens=2**31 - 1, output_tokens=5, cost_usd="0.000125", session=session)
        page = api.get("/api/model-usage?limit=1").json()
        assert (page["total"], page["page"], page["limit"], page["pages"]) == (2, 1, 1, 2)
        (item,) = page["items"]
        assert item.keys() == {
            "id", "model", "provider", "input_tokens", "output_tokens", "total_tokens", "cost_usd", "latency_ms",
            "success", "error_message", "session_id", "created_at", "source", "cost_origin", "cost_estimated",
        }  # fmt: skip
        assert (item["model"], item["total_tokens"], item["cost_usd"]) == ("new", 2**31 + 4, 0.000125)
        assert (item["session_id"], item["source"]) == (str(session.id), "skills")

    def test_pages_are_true(self, api):
        rows = [make_usage(created_at=ago(minutes=number)) for number in range(7)]
        pages = [api.get(f"/api/model-usage?limit=3&page={page}").json() for page in (1, 2, 3, 4)]
        assert [len(page["items"]) for page in pages] == [3, 3, 1, 0]
        assert {page["total"] for page in pages} == {7} and pages[0]["pages"] == 3
        assert [item["id"] for page in pages for item in page["items"]] == [str(row.id) for row in rows]

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("", {"a", "b", "c"}),
            ("model=&provider=&source=", {"a", "b", "c"}),
            ("model=a", {"a"}),
            ("provider=local", {"a", "b"}),
            ("hours=2", {"a", "c"}),
            ("hours=0", {"a", "b", "c"}),
            ("hours=-1", {"a", "b", "c"}),
            ("hours=99999999999999999999", {"a", "b", "c"}),
            ("source=all", {"a", "b", "c"}),
            ("source=skills", {"a", "b", "c"}),
            ("source=litellm", set()),
            ("source=nonsense", set()),
        ],
    )
    def test_filters(self, api, query, found):
        make_usage(model="a")
        make_usage(model="b", created_at=ago(hours=3))
        make_usage(model="c", provider=None)
        page = api.get(f"/api/model-usage?{query}").json()
        assert {item["model"] for item in page["items"]} == found and page["total"] == len(found)

    def test_hides_test_rows(self, api):
        make_usage(provider="PyTest")
        make_usage(model="Test-Model")
        make_usage(model="test_model", provider=None)
        make_usage(model="latest-model", provider=None)
        assert [item["model"] for item in api.get("/api/model-usage").json()["items"]] == ["latest-model"]
        assert api.get("/api/model-usage/stats").json()["total_requests"] == 1

    @pytest.mark.parametrize("query", ["limit=-1", "limit=1001", "hours=", "hours=x", "model=%00"])
    def test_refuses_bad_queries(self, api, query):
        assert api.get(f"/api/model-usage?{query}").status_code == 422

    def test_costs_two_queries(self, api, django_assert_num_queries):
        [make_usage(session=make_session()) for _ in range(20)]
        api.get("/api/model-usage")
        with django_assert_num_queries(2):  # the token, the page with its count
            api.get("/api/model-usage")


class TestRecord:
    def test_fills_in_the_defaults(self, api):
        answer = api.post("/api/model-usage", {"model": "qwen3"}).json()
        row = ModelUsage.objects.get()
        assert answer == {"id": str(row.id), "created": True}
        assert (row.provider, row.input_tokens, row.output_tokens, row.cost_usd) == (None, 0, 0, 0)
        assert (row.latency_ms, row.success, row.error_message, row.session_id) == (None, True, None, None)

    def test_is_liberal_in_what_it_reads(self, api):
        body = {"model": "m", "input_tokens": "12", "latency_ms": 12.7, "success": "no", "cost_usd": None}
        assert api.post("/api/model-usage", body | {"session_id": "", "provider": ""}).status_code == 200
        row = ModelUsage.objects.get()
        assert (row.input_tokens, row.latency_ms, row.success, row.session_id) == (12, 13, False, None)

    def test_belongs_to_a_session(self, api):
        session = make_session()
        api.post("/api/model-usage", {"model": "m", "session_id": str(session.id)})
        assert ModelUsage.objects.get().session == session

    def test_an_unknown_session_is_named(self, api):
        response = api.post("/api/model-usage", {"model": "m", "session_id": str(uuid4())})
        assert (response.status_code, response.json()) == (404, {"detail": "Session not found"})
        assert not ModelUsage.objects.exists()

    @pytest.mark.parametrize("retry", [{"id": str(uuid4())}, {}])
    def test_a_retry_stores_nothing_twice(self, api, retry):
        body = {"model": "m", "cost_usd": 1, **retry}
        first, second = (api.post("/api/model-usage", body, headers={"Idempotency-Key": "k"}) for _ in range(2))
        assert first.json() == second.json() and ModelUsage.objects.count() == 1

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"{",
            b"[]",
            b"{}",
            b'{"model": ""}',
            b'{"model": "' + b"x" * 101 + b'"}',
            b'{"model": "m", "provider": "' + b"x" * 51 + b'"}',
            b'{"model": "m", "input_tokens": 2147483648}',
            b'{"model": "m", "output_tokens": -1}',
            b'{"model": "m", "cost_usd": 10000}',
            b'{"model": "m", "cost_usd": -1}',
            b'{"model": "m", "latency_ms": "slow"}',
            b'{"model": "m", "session_id": "mine"}',
            b'{"model": "m", "error_message": "\\u0000"}',
        ],
    )
    def test_bad_bodies_are_refused(self, api, body):
        response = api.post("/api/model-usage", body)
        assert response.status_code == 422 and response.json()["detail"]
        assert not ModelUsage.objects.exists()


class TestStats:
    def test_of_nothing(self, api):
        nothing = {"requests": 0, "tokens": 0, "cost": 0}
        assert api.get("/api/model-usage/stats").json() == {
            "period_hours": 24, "total_requests": 0, "total_tokens": 0, "total_cost": 0, "cost_estimated": 0,
            "calls_without_price": 0, "avg_latency_ms": 0, "success_rate": 100, "by_model": [],
            "sources": {"skills": nothing, "litellm": nothing},
        }  # fmt: skip

    def test_adds_up_by_model_and_provider(self, api):
        make_usage(model="a", input_tokens=10, output_tokens=1, cost_usd="0.5", latency_ms=100)
        make_usage(model="a", latency_ms=301, success=False)
        make_usage(model="a", provider="cloud", cost_usd="0.25")
        make_usage(created_at=ago(hours=25))
        stats = api.get("/api/model-usage/stats").json()
        assert (stats["total_requests"], stats["total_tokens"], stats["total_cost"]) == (3, 11, 0.75)
        assert (stats["avg_latency_ms"], stats["success_rate"]) == (200, 66.7)
        assert stats["by_model"] == [
            {"model": "a", "provider": "local", "requests": 2, "input_tokens": 10, "output_tokens": 1, "cost": 0.5,
             "cost_estimated": 0, "calls_without_price": 0, "avg_latency": 200, "source": "skills"},
            {"model": "a", "provider": "cloud", "requests": 1, "input_tokens": 0, "output_tokens": 0, "cost": 0.25,
             "cost_estimated": 0, "calls_without_price": 0, "avg_latency": 0, "source": "skills"},
        ]  # fmt: skip
        assert stats["sources"]["skills"] == {"requests": 3, "tokens": 11, "cost": 0.75}

    @pytest.mark.parametrize("hours", ["-1", "87601", "x", ""])
    def test_has_bounds(self, api, hours):
        assert api.get(f"/api/model-usage/stats?hours={hours}").status_code == 422

    def test_costs_two_queries(self, api, django_assert_num_queries):
        [make_usage(model=f"m{number}", input_tokens=1) for number in range(20)]
        api.get("/api/model-usage")
        with django_assert_num_queries(3):  # the token, the models, their prices
            api.get("/api/model-usage/stats")
