"""The wire contract of thoughts and of memories under a key."""

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.core.models import Change
from apps.memory.models import Memory, Thought

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def make_memory(key, value=None, **over):
    return Memory.objects.create(key=key, value={"of": key} if value is None else value, **over)


class TestThoughts:
    def test_are_listed_newest_first(self, api):
        Thought.objects.create(content="old", created_at=timezone.now() - DAY)
        new = Thought.objects.create(content="new", category="plan", metadata={"a": 1})
        page = api.get("/api/thoughts?limit=1").json()
        assert (page["total"], page["page"], page["limit"], page["pages"]) == (2, 1, 1, 2)
        assert page["items"] == [
            {"id": str(new.id), "category": "plan", "content": "new", "timestamp": new.created_at.isoformat()}
        ]

    def test_fills_in_the_defaults(self, api):
        answer = api.post("/api/thoughts", {"content": "hm", "category": None, "metadata": None, "x": 1}).json()
        thought = Thought.objects.get()
        assert answer == {"id": str(thought.id), "created": True}
        assert (thought.content, thought.category, thought.metadata) == ("hm", "general", {})

    def test_wraps_a_text_where_an_object_is_meant(self, api):
        api.post("/api/thoughts", {"content": 5, "metadata": "from a dream"})
        thought = Thought.objects.get()
        assert (thought.content, thought.metadata) == ("5", {"message": "from a dream"})

    @pytest.mark.parametrize(
        ("body", "headers"),
        [
            ({"content": "x", "id": "7d3f8a52-9b0e-4a59-8a1e-111111111111"}, {}),
            ({"content": "x"}, {"Idempotency-Key": "k"}),
        ],
    )
    def test_a_retry_is_one_thought_and_the_same_answer(self, api, body, headers):
        first, second = (api.post("/api/thoughts", body, headers=headers) for _ in range(2))
        assert first.status_code == second.status_code == 200 and first.json() == second.json()
        assert Thought.objects.count() == 1

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"{",
            b"[]",
            b"{}",
            b'{"content": null}',
            b'{"content": {}}',
            b'{"content": "a\\u0000b"}',
            b'{"content": "x", "category": "' + b"x" * 101 + b'"}',
            b'{"content": "x", "metadata": [1]}',
            b'{"content": "x", "id": "1"}',
        ],
    )
    def test_bad_bodies(self, api, body):
        assert api.post("/api/thoughts", body).status_code == 422
        assert not Thought.objects.exists()


class TestMemoryList:
    def test_lately_changed_first(self, api):
        make_memory("old", updated_at=timezone.now() - DAY)
        make_memory("new", category="facts")
        page = api.get("/api/memories").json()
        assert [item["key"] for item in page["items"]] == ["new", "old"]
        assert page["items"][0].keys() == {"id", "key", "value", "category", "created_at", "updated_at"}
        assert page["total"] == 2

    def test_filters_by_category(self, api):
        make_memory("a", category="facts")
        make_memory("b")
        assert [item["key"] for item in api.get("/api/memories?category=facts").json()["items"]] == ["a"]
        assert api.get("/api/memories?category=").json()["total"] == 2


@pytest.mark.parametrize("path", ["thoughts", "memories"])
class TestPaging:
    @pytest.mark.parametrize("query", ["limit=-1", "limit=1001", "limit=x", "limit=", "page=9999999999999"])
    def test_refuses_what_is_out_of_bounds(self, api, path, query):
        response = api.get(f"/api/{path}?{query}")
        assert response.status_code == 422
        assert response.json()["detail"][0]["loc"] == ["query", query.split("=")[0]]

    def test_costs_two_queries(self, api, path, django_assert_num_queries):
        [make_memory(str(number)) for number in range(5)]
        Thought.objects.bulk_create(Thought(content="x") for _ in range(5))
        api.get(f"/api/{path}")
        with django_assert_num_queries(2):  # the token, the page with its count
            assert api.get(f"/api/{path}").json()["total"] == 5


class TestUpsert:
    def test_stores_and_replaces(self, api):
        first = api.post("/api/memories", {"key": "k", "value": {"a": [1, None]}, "category": "facts"}).json()
        stored = Memory.objects.get()
        assert first == {"id": str(stored.id), "key": "k", "upserted": True}
        assert (stored.value, stored.category) == ({"a": [1, None]}, "facts")
        assert api.post("/api/memories", {"key": "k", "value": "text"}).json() == first
        again = Memory.objects.get()
        assert (again.value, again.category, again.created_at) == ("text", "general", stored.created_at)
        assert again.updated_at > stored.updated_at

    @pytest.mark.parametrize("value", [None, False, 0, "", "a 'quote'; --", [], {"$": "%s"}, 1.5, "null"])
    def test_any_json_comes_back_as_it_was(self, api, value):
        api.post("/api/memories", {"key": "k", "value": value})
        assert api.get("/api/memories/k").json()["value"] == value

    def test_a_missing_value_is_null(self, api):
        api.post("/api/memories", {"key": "k"})
        assert api.get("/api/memories/k").json()["value"] is None

    def test_the_history_knows_who_it_was(self, api):
        for value in (1, 2):
            api.post("/api/memories", {"key": "k", "value": value})
        api.delete("/api/memories/k")
        changes = Change.objects.of(Memory(id=Change.objects.first().row_id))
        assert [(c.operation, c.actor_name) for c in changes] == [
            ("delete", "skill"), ("update", "skill"), ("insert", "skill"),
        ]  # fmt: skip

    @pytest.mark.parametrize("body", [{}, {"key": ""}, {"key": None, "value": 1}])
    def test_a_key_is_required(self, api, body):
        response = api.post("/api/memories", body)
        assert (response.status_code, response.json()) == (400, {"detail": "key is required"})

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"{",
            b'"text"',
            b'{"key": {}}',
            b'{"key": "' + b"x" * 256 + b'"}',
            b'{"key": "k", "value": "\\u0000"}',
            b'{"key": "k", "value": {"\\u0000": 1}}',
            b'{"key": "k", "value": NaN}',
            b'{"key": "k", "category": "' + b"x" * 101 + b'"}',
        ],
    )
    def test_bad_bodies(self, api, body):
        assert api.post("/api/memories", body).status_code == 422
        assert not Memory.objects.exists()

    def test_no_statement_reads_first(self, api, django_assert_num_queries):
        api.post("/api/memories", {"key": "k", "value": 1})
        with django_assert_num_queries(5):  # the token, the savepoint twice, the actor, the upsert
            api.post("/api/memories", {"key": "k", "value": 2})


class TestOne:
    @pytest.mark.parametrize("key", ["k", "two words", "user/prefs", "ünïcode", "semantic", "a%b", "?"])
    def test_is_found_and_forgotten_by_its_key(self, api, key):
        from urllib.parse import quote

        api.post("/api/memories", {"key": key, "value": 1})
        assert api.get(f"/api/memories/{quote(key)}").json()["key"] == key
        assert api.delete(f"/api/memories/{quote(key)}").json() == {"deleted": True, "key": key}
        assert not Memory.objects.exists()

    def test_nothing_there(self, api):
        response = api.get("/api/memories/nobody")
        assert (response.status_code, response.json()) == (404, {"detail": "Memory not found"})
        assert api.delete("/api/memories/nobody").json() == {"deleted": True, "key": "nobody"}

    def test_a_nul_is_an_error_of_the_caller(self, api):
        assert api.get("/api/memories/a%00b").status_code == 422


class TestNoise:
    def test_is_off_by_default(self, api):
        assert api.post("/api/memories", {"key": "test-1", "value": "test"}).json()["upserted"] is True

    def test_drops_whole_words_when_switched_on(self, api, settings):
        settings.ARIA_NOISE_FILTER = True
        dropped = {"stored": False, "skipped": True, "reason": "test_or_noise_payload"}
        for body in (
            {"key": "test-1"},
            {"key": "k", "value": "a Test"},
            {"key": "k", "value": {"a": "moltbook test"}},
            {"key": "k", "category": "test"},
            {"key": "k", "value": "x: 1"},
        ):
            assert api.post("/api/memories", body).json() == dropped, body
        for body in ({"key": "lookup-1", "value": {"x": 1}}, {"key": "contest_entry", "value": "latest"}):
            assert api.post("/api/memories", body).json()["upserted"] is True, body
