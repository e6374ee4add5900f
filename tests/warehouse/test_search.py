"""The wire contract of the search over activities, thoughts and memories."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from apps.memory.models import Memory, Thought
from apps.warehouse import search
from tests.warehouse.activities import make_activity, make_many_activities
from tests.warehouse.databases import sql

pytestmark = pytest.mark.django_db


def found(api, query):
    return api.get(f"/api/search?{query}").json()


class TestSearch:
    def test_always_has_the_three_keys(self, api):
        assert found(api, "") == found(api, "q=") == {"activities": [], "thoughts": [], "memories": []}

    def test_activities(self, api):
        one = make_activity("deploy", {"message": "All went well", "n": 1})
        make_activity("x", {"description": "a Deployment"}, created_at=timezone.now() - timedelta(hours=1))
        make_activity("x", {"to": "deploy"}, created_at=timezone.now() - timedelta(hours=2))
        make_activity("y")
        rows = found(api, "q=DEPLOY")["activities"]
        assert rows[0] == {
            "id": str(one.id), "type": "deploy", "content": "All went well", "timestamp": one.created_at.isoformat(),
        }  # fmt: skip
        assert [row["content"] for row in rows[1:]] == ["a Deployment", '{"to": "deploy"}']

    def test_thoughts_by_content_and_category(self, api):
        Thought.objects.create(content="the weather", category="idle")
        Thought.objects.create(content="whatever", category="weather", created_at="2026-01-01T00:00:00Z")
        rows = found(api, "q=weather")["thoughts"]
        assert [(row["type"], row["content"]) for row in rows] == [("idle", "the weather"), ("weather", "whatever")]

    def test_memories_by_value_category_and_key(self, api):
        now = timezone.now()
        Memory.objects.create(key="colour", value={"of": "the sky"})
        Memory.objects.create(key="a", value='the "sky"', created_at=now - timedelta(hours=1))
        Memory.objects.create(key="skyline", value=7, category="general", created_at=now - timedelta(hours=2))
        Memory.objects.create(key="b", value=[], category="sky", created_at=now - timedelta(hours=3))
        rows = found(api, "q=sky")["memories"]
        assert [row["content"] for row in rows] == ['{"of": "the sky"}', 'the "sky"', "7", "[]"]

    def test_only_what_is_asked_for(self, api, django_assert_num_queries):
        make_activity("weather")
        Thought.objects.create(content="weather")
        with django_assert_num_queries(3):  # the token, its note of use, the thoughts
            rows = found(api, "q=weather&activities=no&memories=0")
        assert (len(rows["activities"]), len(rows["thoughts"]), rows["memories"]) == (0, 1, [])

    def test_twenty_at_most(self, api):
        make_many_activities(30)
        rows = found(api, "q=ordinary")["activities"]
        assert [row["content"] for row in rows] == [f"ordinary work{n}" for n in range(1, 21)]

    @pytest.mark.parametrize("text", ["100%", "a_c", "back\\slash"])
    def test_signs_are_ordinary(self, api, text):
        make_activity("x", created_at="2026-01-01T00:00:00Z")
        Thought.objects.create(content=f"({text})")
        Thought.objects.create(content="100 abc backslash")
        response = api.get("/api/search", {"q": text}).json()
        assert [row["content"] for row in response["thoughts"]] == [f"({text})"]

    @pytest.mark.parametrize("text", ["ab", "a-b", "--", "é"])
    def test_a_text_without_a_trigram_is_looked_for_in_the_newest(self, api, monkeypatch, text):
        monkeypatch.setattr(search, "RECENT", 2)
        for hours in range(3):
            Thought.objects.create(content=f"<{text}> {hours}", created_at=timezone.now() - timedelta(hours=hours))
        rows = api.get("/api/search", {"q": text}).json()["thoughts"]
        assert [row["content"][-1] for row in rows] == ["0", "1"]

    def test_other_scripts(self, api):
        Thought.objects.create(content="日本語を学ぶ")
        for text in ("日本語", "日本"):
            assert len(api.get("/api/search", {"q": text}).json()["thoughts"]) == 1

    @pytest.mark.parametrize("query", ["q=%00", "q=" + "x" * 501, "thoughts=perhaps"])
    def test_refuses_what_is_no_text(self, api, query):
        assert api.get(f"/api/search?{query}").status_code == 422

    def test_a_rare_text_is_found_through_the_index_a_common_one_by_time(self):
        make_many_activities(20_000)
        make_activity("x", {"message": "the needle"})
        sql("SELECT gin_clean_pending_list('site_activity_text')")  # or the plan depends on how much of it waits
        sql("ANALYZE activity_log")
        sql("SET LOCAL random_page_cost = 1.1")  # as the embedded server has it; others may be tuned for old disks

        def plan(text):
            with connection.cursor() as cursor:
                cursor.execute(f"EXPLAIN {search.statement('activities', text)}", {"text": f"%{text}%"})
                return str(cursor.fetchall())

        assert "site_activity_text" in plan("needle") and "Seq Scan" not in plan("needle")
        for text in ("ordinary", "zz"):
            assert "idx_activity_created" in plan(text) and "Seq Scan" not in plan(text)
