"""The page of working memory: what is in mind, what `context` would return of it, and why."""

import json
from datetime import timedelta

import pytest

from apps.memory.models import WorkingMemory
from tests.telemetry.rows import ago

pytestmark = pytest.mark.django_db


def make_item(**over) -> WorkingMemory:
    return WorkingMemory.objects.create(**{"category": "task", "key": "one", "value": {"n": 1}} | over)


def keys(response):
    return [item.key for item in response.context["page"].rows]


def context_of(response):
    return [one.item.key for one in response.context["relevant"]]


@pytest.fixture
def mind(db):
    make_item(key="fresh", importance=0.1, updated_at=ago(minutes=1, seconds=5), created_at=ago(hours=5), ttl_hours=3)
    make_item(key="great", importance=0.9, updated_at=ago(days=9), created_at=ago(hours=4), source="<i>cron</i>")
    make_item(key="used", importance=0.1, updated_at=ago(days=9), created_at=ago(hours=3), access_count=30)
    make_item(key="old", importance=0.8, updated_at=ago(days=9), created_at=ago(hours=2), ttl_hours=1, category="x")


class TestItems:
    def test_the_newest_first_that_are_alive_as_text(self, browser_client, mind):
        response = browser_client.get("/working-memory")
        page = response.content.decode()
        assert keys(response) == ["used", "great", "fresh"]
        assert "&lt;i&gt;cron&lt;/i&gt;" in page and "2 h 58 min" in page and ">stays<" in page

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("state=expired", ["old"]),
            ("state=all&category=x", ["old"]),
            ("state=all&sort=-importance", ["great", "old", "used", "fresh"]),
            ("sort=-access_count&key=E", ["used", "fresh", "great"]),
            ("key=_", []),
            ("category=none", []),
        ],
    )
    def test_are_filtered_and_sorted(self, browser_client, mind, query, found):
        assert sorted(keys(browser_client.get(f"/working-memory?{query}"))) == sorted(found)
        if "importance" in query:
            assert keys(browser_client.get(f"/working-memory?{query}"))[:2] == found[:2]

    def test_are_counted(self, browser_client, mind):
        figures = {one.label: one.text for one in browser_client.get("/working-memory").context["figures"]}
        assert figures == {
            "In mind": "3", "Expired": "1", "Categories": "2", "Average importance": "0.48", "Checkpoints": "0",
        }  # fmt: skip

    def test_any_time_to_live_is_told(self, browser_client):
        make_item(key="a", ttl_hours=2**31 - 1)
        make_item(key="b", ttl_hours=0)
        page = browser_client.get("/working-memory?state=all").content.decode()
        assert "89,478,48" in page and ">expired<" in page

    def test_follow_while_they_change(self, browser_client, mind):
        since = browser_client.get("/working-memory").context["page"].since
        make_item(key="late")
        WorkingMemory.objects.filter(key="used").update(value="changed")
        live = browser_client.get("/working-memory", headers={"Live-Since": since})
        assert b"1 new" in live.content and keys(live) == ["used", "great", "fresh"] and b"changed" in live.content
        assert context_of(live)[0] == "late"

    def test_come_as_a_file(self, browser_client, mind):
        answer = browser_client.get("/working-memory?state=expired&format=json")
        [row] = json.loads(b"".join(answer.streaming_content))["records"]
        assert row["key"] == "old" and row["value"] == {"n": 1}

    @pytest.mark.parametrize("text", ["\0", "x" * 3000, "nan", "-1", "1e999"])
    @pytest.mark.parametrize("name", ["category", "key", "state", "limit", "weight_recency", "older_than", "sort"])
    def test_of_nonsense_they_make_sense(self, browser_client, mind, name, text):
        assert browser_client.get("/working-memory", {name: text}).status_code == 200

    def test_of_nothing_they_say_how_they_get_there(self, browser_client):
        assert browser_client.get("/working-memory").content.count(b"POST /api/working-memory") == 2

    def test_cost_at_most_twelve_queries(self, browser_client, mind, django_assert_max_num_queries):
        with django_assert_max_num_queries(12):
            browser_client.get("/working-memory?state=all")

    def test_are_for_those_who_logged_in_and_only_to_be_read(self, client, browser_client):
        for path in ("/working-memory", f"/working-memory/items/{make_item().pk}"):
            assert client.get(path).status_code == 302 and browser_client.post(path).status_code == 405


class TestContext:
    @pytest.mark.parametrize(
        ("weights", "order"),
        [
            ((1, 0, 0), ["fresh", "great", "used"]),
            ((0, 1, 0), ["great", "fresh", "used"]),
            ((0, 0, 1), ["used", "fresh", "great"]),
            ((0.4, 0.4, 0.2), ["fresh", "great", "used"]),
        ],
    )
    def test_is_what_the_api_returns_under_these_weights(self, browser_client, api, mind, weights, order):
        query = dict(zip(("weight_recency", "weight_importance", "weight_access"), weights, strict=True))
        response = browser_client.get("/working-memory", query)
        told = api.get("/api/working-memory/context", query | {"touch_access": "false"}).json()["context"]
        assert context_of(response) == [item["key"] for item in told]
        assert context_of(response)[0] == order[0]

    def test_shows_each_part_of_the_score(self, browser_client, mind):
        one = next(one for one in browser_client.get("/working-memory").context["relevant"] if one.item.key == "used")
        recency, importance, access = (part.score for part in one.parts)
        assert (round(importance, 3), access) == (0.04, 0.2) and 0 < recency < 0.01
        assert recency + importance + access == pytest.approx(one.item.relevance)

    def test_counts_as_no_use(self, browser_client, mind):
        browser_client.get("/working-memory")
        assert WorkingMemory.objects.get(key="great").access_count == 0

    def test_is_of_a_category_and_of_so_many(self, browser_client, mind):
        assert context_of(browser_client.get("/working-memory?category=x")) == []
        assert len(context_of(browser_client.get("/working-memory?limit=2"))) == 2

    def test_of_wrong_weights_it_keeps_the_usual_and_says_so(self, browser_client, mind):
        response = browser_client.get("/working-memory?weight_recency=-3&weight_access=0.7")
        assert response.context["weights"] == {"recency": 0.4, "importance": 0.4, "access": 0.7}
        assert b"greater than or equal to 0" in response.content

    def test_of_odd_importances_it_still_draws(self, browser_client):
        for number, importance in enumerate((-3, float("inf"), float("nan"), 1e300)):
            make_item(key=f"k{number}", importance=importance, updated_at=None)
        response = browser_client.get("/working-memory")
        assert response.status_code == 200 and b'width="nan"' not in response.content


class TestOne:
    def test_shows_everything_as_text(self, browser_client):
        item = make_item(key="<b>k</b>", value={"deep": ["<script>", "ü"]}, ttl_hours=50, updated_at=ago(hours=1))
        page = browser_client.get(f"/working-memory/items/{item.pk}").content.decode()
        assert "&lt;b&gt;k&lt;/b&gt;" in page and "&lt;script&gt;" in page and "ü" in page and "<b>k" not in page
        assert "2 d" in page and item.left_ms < timedelta(hours=49) / timedelta(milliseconds=1)

    def test_of_what_is_not_there_says_so(self, browser_client):
        assert browser_client.get("/working-memory/items/00000000-0000-0000-0000-000000000000").status_code == 404
