"""The wire contract of working memory: items, their time to live, and the context."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.memory.models import WorkingMemory

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
ITEM_KEYS = {
    "id", "category", "key", "value", "importance", "ttl_hours", "source", "checkpoint_id", "created_at",
    "updated_at", "accessed_at", "access_count",
}  # fmt: skip


def make_item(key, hours_ago=0.0, **over):
    then = timezone.now() - hours_ago * HOUR
    fields = {"category": "general", "value": {"of": key}, "created_at": then, "updated_at": then} | over
    return WorkingMemory.objects.create(key=key, **fields)


def keys(response, name="items"):
    return [item["key"] for item in response.json()[name]]


class TestList:
    def test_newest_first(self, api):
        make_item("old", 2)
        make_item("new")
        page = api.get("/api/working-memory").json()
        assert [item["key"] for item in page["items"]] == ["new", "old"]
        assert page["items"][0].keys() == ITEM_KEYS
        assert (page["total"], page["page"], page["limit"], page["pages"]) == (2, 1, 25, 1)

    def test_filters(self, api):
        make_item("a", category="plans")
        make_item("b")
        assert keys(api.get("/api/working-memory?category=plans")) == ["a"]
        assert keys(api.get("/api/working-memory?key=b&category=")) == ["b"]

    def test_hides_the_expired_unless_asked(self, api):
        make_item("gone", 2, ttl_hours=2)
        make_item("nearly", 1.9, ttl_hours=2)
        make_item("for good", 9999)
        make_item("gone at once", ttl_hours=0)
        make_item("far future", 1, ttl_hours=2**31 - 1)
        make_item("odd", 1, ttl_hours=-(2**31))
        make_item("written anew", 9, ttl_hours=2, updated_at=timezone.now())
        make_item("never updated", 1, ttl_hours=2, updated_at=None)
        shown = set(keys(api.get("/api/working-memory")))
        assert shown == {"nearly", "for good", "far future", "written anew", "never updated"}
        assert api.get("/api/working-memory?include_expired=true").json()["total"] == 8
        assert api.get("/api/working-memory?include_expired=perhaps").status_code == 422

    def test_costs_two_queries(self, api, django_assert_num_queries):
        [make_item(str(number)) for number in range(5)]
        api.get("/api/working-memory")
        with django_assert_num_queries(2):  # the token, the page with its count
            assert api.get("/api/working-memory").json()["total"] == 5

    @pytest.mark.parametrize("query", ["limit=-1", "limit=1001", "page=x"])
    def test_bounds(self, api, query):
        assert api.get(f"/api/working-memory?{query}").status_code == 422


class TestUpsert:
    def test_inserts_with_defaults(self, api):
        answer = api.post("/api/working-memory", {"key": "k", "value": 0, "importance": None}).json()
        item = WorkingMemory.objects.get()
        assert answer == {"id": str(item.id), "key": "k", "upserted": True}
        assert (item.category, item.value, item.importance, item.ttl_hours, item.source) == (
            "general", 0, 0.5, None, None,
        )  # fmt: skip
        assert item.access_count == 0 and item.accessed_at is not None and item.checkpoint_id is None

    def test_a_rewrite_replaces_counts_and_renews_the_time_to_live(self, api):
        old = make_item("k", 5, ttl_hours=1, importance=0.9, source="s", checkpoint_id="ckpt")
        answer = api.post("/api/working-memory", {"key": "k", "value": [1], "ttl_hours": "3"}).json()
        item = WorkingMemory.objects.get()
        assert answer["id"] == str(old.id)
        assert (item.value, item.importance, item.ttl_hours, item.source) == ([1], 0.5, 3, None)
        assert (item.access_count, item.checkpoint_id, item.created_at) == (1, "ckpt", old.created_at)
        assert item.updated_at > old.updated_at and item.accessed_at is not None
        assert keys(api.get("/api/working-memory")) == ["k"]

    def test_one_key_may_stand_in_two_categories(self, api):
        for category in ("a", "b"):
            api.post("/api/working-memory", {"key": "k", "value": 1, "category": category})
        assert WorkingMemory.objects.count() == 2

    @pytest.mark.parametrize("value", [False, 0, "", [], {}])
    def test_falsy_values_are_values(self, api, value):
        assert api.post("/api/working-memory", {"key": "k", "value": value}).status_code == 200
        assert WorkingMemory.objects.get().value == value

    @pytest.mark.parametrize(
        ("body", "detail"),
        [
            ({}, "key is required"),
            ({"key": "", "value": 1}, "key is required"),
            ({"key": "k"}, "value is required"),
            ({"key": "k", "value": None}, "value is required"),
        ],
    )
    def test_key_and_value_are_required(self, api, body, detail):
        response = api.post("/api/working-memory", body)
        assert (response.status_code, response.json()) == (400, {"detail": detail})

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"[]",
            b'{"key": "' + b"x" * 201 + b'", "value": 1}',
            b'{"key": "k", "value": 1, "category": "' + b"x" * 51 + b'"}',
            b'{"key": "k", "value": 1, "source": "' + b"x" * 101 + b'"}',
            b'{"key": "k", "value": 1, "importance": "high"}',
            b'{"key": "k", "value": 1, "importance": 1e300}',
            b'{"key": "k", "value": 1, "importance": "nan"}',
            b'{"key": "k", "value": 1, "ttl_hours": -1}',
            b'{"key": "k", "value": 1, "ttl_hours": 99999999999}',
            b'{"key": "k", "value": 1, "ttl_hours": 1.5}',
            b'{"key": "k", "value": "\\u0000"}',
        ],
    )
    def test_bad_bodies(self, api, body):
        assert api.post("/api/working-memory", body).status_code == 422
        assert not WorkingMemory.objects.exists()


class TestChange:
    def test_value_and_importance_alone(self, api):
        item = make_item("k", 5, ttl_hours=1)
        body = {"value": {"new": 1}, "importance": "0.8", "key": "other", "ttl_hours": 9}
        changed = api.patch(f"/api/working-memory/{item.id}", body).json()
        assert changed.keys() == ITEM_KEYS
        assert (changed["value"], changed["importance"], changed["key"], changed["ttl_hours"]) == (
            {"new": 1}, 0.8, "k", 1,
        )  # fmt: skip
        assert keys(api.get("/api/working-memory")) == ["k"]  # the time to live has started again

    @pytest.mark.parametrize("body", [{}, {"value": None, "importance": None}])
    def test_nothing_sent_still_counts_as_a_writing(self, api, body):
        item = make_item("k", 5)
        changed = api.patch(f"/api/working-memory/{item.id}", body).json()
        assert (changed["value"], changed["importance"]) == (item.value, 0.5)
        assert changed["updated_at"] > item.updated_at.isoformat()

    def test_falsy_values_are_values(self, api):
        item = make_item("k")
        assert api.patch(f"/api/working-memory/{item.id}", {"value": 0}).json()["value"] == 0

    def test_delete(self, api):
        item = make_item("k")
        assert api.delete(f"/api/working-memory/{item.id}").json() == {"deleted": True, "id": str(item.id)}
        assert not WorkingMemory.objects.exists()

    @pytest.mark.parametrize("method", ["patch", "delete"])
    @pytest.mark.parametrize(
        ("name", "status", "detail"),
        [
            ("nobody", 400, "Invalid UUID"),
            ("00000000-0000-4000-8000-000000000000", 404, "Working memory item not found"),
        ],
    )
    def test_unknown(self, api, method, name, status, detail):
        response = getattr(api, method)(f"/api/working-memory/{name}")
        assert (response.status_code, response.json()) == (status, {"detail": detail})


class TestContext:
    def test_ranks_by_recency_importance_and_use(self, api):
        make_item("fresh", 0, importance=0.1)
        make_item("important", 9, importance=1.1)
        make_item("used", 9, importance=0.1, access_count=50)
        make_item("gone", 9, importance=1.0, ttl_hours=1)
        context = api.get("/api/working-memory/context").json()
        assert context["count"] == 3
        found = {item["key"]: item["relevance"] for item in context["context"]}
        assert list(found) == ["important", "fresh", "used"]
        assert context["context"][0].keys() == ITEM_KEYS | {"relevance"}
        assert found == pytest.approx({"important": 0.48, "fresh": 0.44, "used": 0.28}, abs=0.002)

    @pytest.mark.parametrize(
        ("weights", "first"), [("1,0,0", "fresh"), ("0,1,0", "important"), ("0,0,1", "used"), ("-1,0,0", "important")]
    )
    def test_weighs_as_told(self, api, weights, first):
        make_item("fresh", 0, importance=0.1)
        make_item("used", 8, importance=0.1, access_count=5)
        make_item("important", 9, importance=1.0)
        names = ("weight_recency", "weight_importance", "weight_access")
        query = "&".join(f"{name}={weight}" for name, weight in zip(names, weights.split(","), strict=True))
        assert keys(api.get(f"/api/working-memory/context?{query}"), "context")[0] == first

    def test_touches_what_it_returns(self, api):
        make_item("a", importance=0.9)
        make_item("b", importance=0.1)
        item = api.get("/api/working-memory/context?limit=1").json()["context"][0]
        assert item["key"] == "a" and item["access_count"] == 1 and item["accessed_at"] is not None
        rows = dict(WorkingMemory.objects.values_list("key", "access_count"))
        assert rows == {"a": 1, "b": 0}

    def test_or_does_not(self, api):
        make_item("a")
        item = api.get("/api/working-memory/context?touch_access=false").json()["context"][0]
        assert item["access_count"] == 0 == WorkingMemory.objects.get().access_count
        assert item.keys() == ITEM_KEYS | {"relevance"}

    @pytest.mark.parametrize("touch", ["true", "false"])
    def test_is_one_statement(self, api, touch, django_assert_num_queries):
        [make_item(str(number)) for number in range(30)]
        api.get("/api/working-memory/context")
        with django_assert_num_queries(2):  # the token, and all else
            assert api.get(f"/api/working-memory/context?touch_access={touch}").json()["count"] == 20

    def test_keeps_to_a_category(self, api):
        make_item("a", category="plans")
        make_item("b")
        assert keys(api.get("/api/working-memory/context?category=plans"), "context") == ["a"]

    def test_overlooks_neither_the_fresh_nor_the_used(self, api, monkeypatch):
        monkeypatch.setattr("apps.memory.querysets.CANDIDATES", 2)
        [make_item(f"important {number}", 5, importance=0.9) for number in range(4)]
        make_item("fresh", 0, importance=0.1)
        make_item("used", 9, importance=0.1, access_count=10)
        found = keys(api.get("/api/working-memory/context?weight_importance=0"), "context")
        assert found[:2] == ["fresh", "used"] and len(found) < 6

    @pytest.mark.parametrize("importance", [5e-324, -1e9, 1e9])
    def test_strange_numbers_harm_nobody(self, api, importance):
        make_item("k", importance=importance, updated_at=timezone.now() + HOUR)
        assert api.get("/api/working-memory/context?weight_importance=0.4").json()["count"] == 1

    @pytest.mark.parametrize("query", ["limit=-1", "limit=1001", "weight_access=nan", "weight_recency=1e9", "limit="])
    def test_bounds(self, api, query):
        assert api.get(f"/api/working-memory/context?{query}").status_code == 422

    def test_nothing_in_mind(self, api):
        assert api.get("/api/working-memory/context").json() == {"context": [], "count": 0}
        make_item("k")
        assert api.get("/api/working-memory/context?limit=0").json() == {"context": [], "count": 0}

    def test_candidates_come_from_the_indexes(self, api):
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")
        with CaptureQueriesContext(connection) as queries:
            api.get("/api/working-memory/context")
        [sql] = [query["sql"] for query in queries if "ranked" in query["sql"]]
        with connection.cursor() as cursor:
            cursor.execute("EXPLAIN " + sql)
            plan = " ".join(line for (line,) in cursor.fetchall())
        for index in ("idx_wm_importance_created", "site_wm_updated", "site_wm_used"):
            assert index in plan


class TestStats:
    def test_counts(self, api):
        make_item("a", category="plans", importance=1.0)
        make_item("b", importance=0.25)
        make_item("c", 2, ttl_hours=1, importance=0.25)
        api.post("/api/working-memory/checkpoint")
        assert api.get("/api/working-memory/stats").json() == {
            "total_items": 3,
            "categories": 2,
            "avg_importance": 0.5,
            "checkpoint_count": 1,
            "expired_count": 1,
            "by_category": [{"category": "general", "count": 2}, {"category": "plans", "count": 1}],
        }

    def test_of_nothing(self, api):
        assert api.get("/api/working-memory/stats").json() == {
            "total_items": 0, "categories": 0, "avg_importance": 0, "checkpoint_count": 0, "expired_count": 0,
            "by_category": [],
        }  # fmt: skip


class TestCleanUp:
    @pytest.fixture(autouse=True)
    def items(self):
        make_item("expired", 2, ttl_hours=1, category="plans", source="s")
        make_item("alive", category="plans", source="s")
        make_item("other", 2, ttl_hours=1)

    @pytest.mark.parametrize(
        ("body", "left"),
        [
            ({}, {"alive"}),
            ({"delete_expired": None, "category": ""}, {"alive"}),
            ({"category": "plans"}, {"alive", "other"}),
            ({"category": "plans", "delete_expired": False}, {"other"}),
            ({"source": "s", "delete_expired": "false"}, {"other"}),
            ({"source": "s", "category": "general", "delete_expired": False}, {"expired", "alive", "other"}),
        ],
    )
    def test_all_conditions_must_hold(self, api, body, left):
        count = 3 - len(left)
        dry = api.post("/api/working-memory/cleanup", {**body, "dry_run": True}).json()
        assert dry == {"matched": count, "deleted": 0, "dry_run": True}
        done = api.post("/api/working-memory/cleanup", body).json()
        assert done == {"matched": count, "deleted": count, "dry_run": False}
        assert set(WorkingMemory.objects.values_list("key", flat=True)) == left

    def test_some_condition_must_be_given(self, api):
        response = api.post("/api/working-memory/cleanup", {"delete_expired": False})
        assert response.status_code == 400
        assert response.json() == {"detail": "Provide category/source or enable delete_expired"}

    @pytest.mark.parametrize("body", [b"", b"[]", b'{"dry_run": "perhaps"}', b'{"category": [1]}'])
    def test_bad_bodies(self, api, body):
        assert api.post("/api/working-memory/cleanup", body).status_code == 422
        assert WorkingMemory.objects.count() == 3

    def test_the_command_purges_the_expired(self, capsys):
        call_command("purge_expired", "--dry-run")
        assert WorkingMemory.objects.count() == 3
        call_command("purge_expired")
        assert capsys.readouterr().out == "2 expired\n2 deleted\n"
        assert WorkingMemory.objects.get().key == "alive"


class TestFileSnapshot:
    @pytest.fixture
    def file(self, tmp_path, settings):
        settings.ARIA_MEMORIES_DIR = str(tmp_path)
        (tmp_path / "memory").mkdir()
        return tmp_path / "memory" / "context.json"

    def get(self, api):
        return api.get("/api/working-memory/file-snapshot")

    @pytest.mark.parametrize("folder", ["", "/nowhere"])
    def test_missing(self, api, settings, folder):
        settings.ARIA_MEMORIES_DIR = folder
        assert self.get(api).json() == {
            "exists": False, "path": "memory/context.json", "sources": [], "path_mode": "missing", "snapshot": None,
        }  # fmt: skip

    def test_shows_the_file_without_its_place(self, api, file):
        file.write_text('{"last_updated": "2026-02-16T10:00:00", "mood": "calm"}')
        answer = self.get(api)
        assert answer.json() == {
            "exists": True,
            "path": "memory/context.json",
            "sources": [{"path": "memory/context.json", "last_updated": "2026-02-16T10:00:00", "size_bytes": 55}],
            "path_mode": "canonical",
            "legacy_sources_detected": 0,
            "snapshot": {"last_updated": "2026-02-16T10:00:00", "mood": "calm"},
        }
        assert str(file.parent.parent) not in answer.content.decode()

    def test_a_file_without_a_date_has_its_own(self, api, file):
        file.write_text("[]")
        assert self.get(api).json()["sources"][0]["last_updated"].endswith("+00:00")

    @pytest.mark.parametrize("content", ["", "{", '"' + "x" * 1_000_000 + '"'])
    def test_unreadable(self, api, file, content):
        file.write_text(content)
        response = self.get(api)
        assert response.status_code == 500
        assert response.json()["detail"].startswith("Failed to read file snapshot: ")

    def test_a_link_leads_nowhere_else(self, api, file, tmp_path_factory):
        secret = tmp_path_factory.mktemp("elsewhere") / "secret.json"
        secret.write_text('{"secret": 1}')
        file.symlink_to(secret)
        response = self.get(api)
        assert response.status_code == 500 and "secret" not in response.content.decode()
