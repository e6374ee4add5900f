"""The wire contract of social posts."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from apps.social.models import SocialPost

pytestmark = pytest.mark.django_db
POST_KEYS = {"id", "platform", "post_id", "content", "visibility", "reply_to", "url", "posted_at", "metadata"}


def make_post(content="Hello, agents", **over):
    return SocialPost.objects.create(content=content, **over)


class TestList:
    def test_newest_first_in_the_page_list(self, api):
        make_post("old", posted_at=timezone.now() - timedelta(days=1))
        parent = make_post("new", post_id="p-1")
        make_post("reply", reply_to=parent)
        page = api.get("/api/social?limit=2").json()
        assert [item["content"] for item in page["items"]] == ["reply", "new"]
        assert (page["total"], page["pages"]) == (3, 2)
        assert page["items"][0].keys() == POST_KEYS and page["items"][0]["reply_to"] == "p-1"

    def test_of_a_platform(self, api):
        make_post(platform="moltbook")
        make_post(platform="mastodon")
        assert api.get("/api/social?platform=mastodon").json()["total"] == 1
        assert api.get("/api/social?platform=").json()["total"] == 2

    def test_costs_two_queries(self, api, django_assert_num_queries):
        parent = make_post(post_id="p-1")
        [make_post(reply_to=parent) for _ in range(20)]
        api.get("/api/social")
        with django_assert_num_queries(2):  # the token, the page with its count
            api.get("/api/social")

    @pytest.mark.parametrize("query", ["limit=-1", "limit=1001", "page=x"])
    def test_refuses_paging_out_of_bounds(self, api, query):
        assert api.get(f"/api/social?{query}").status_code == 422


class TestCreate:
    def test_fills_in_the_defaults(self, api):
        answer = api.post("/api/social", {"content": "Hello", "platform": None, "post_id": ""}).json()
        post = SocialPost.objects.get()
        assert answer == {"id": str(post.id), "created": True}
        assert (post.platform, post.visibility, post.post_id, post.metadata) == ("moltbook", "public", None, {})

    def test_a_reply(self, api):
        make_post(post_id="p-1")
        body = {"content": "Yes", "post_id": 42, "reply_to": "p-1", "metadata": "from the feed"}
        assert api.post("/api/social", body).status_code == 200
        post = SocialPost.objects.get(post_id="42")
        assert (post.reply_to_id, post.metadata) == ("p-1", {"message": "from the feed"})

    def test_a_known_post_is_a_conflict(self, api):
        make_post(post_id="p-1")
        response = api.post("/api/social", {"content": "x", "post_id": "p-1"})
        assert (response.status_code, response.json()) == (409, {"detail": "Post p-1 already exists"})
        assert SocialPost.objects.count() == 1

    def test_a_reply_to_nothing(self, api):
        response = api.post("/api/social", {"content": "x", "reply_to": "p-9"})
        assert (response.status_code, response.json()) == (404, {"detail": "There is no post p-9 to reply to"})

    @pytest.mark.parametrize("body", [
        {}, {"content": ""}, {"content": None}, {"content": "\0"}, {"content": "x", "platform": "x" * 51},
        {"content": "x", "post_id": "x" * 101}, {"content": "x", "visibility": "x" * 51},
        {"content": "x", "metadata": [1]}, [], "text",
    ])  # fmt: skip
    def test_refuses_what_cannot_be_stored(self, api, body):
        assert api.post("/api/social", body).status_code == 422


class TestNoise:
    def test_is_off_by_default(self, api):
        assert api.post("/api/social", {"content": "a test post", "metadata": {"test": 1}}).json()["created"] is True

    @pytest.mark.parametrize(
        "body",
        [
            {"content": "A Test Post"},
            {"content": "[test] one"},
            {"content": "x", "metadata": {"note": "live test"}},
            {"content": "x", "metadata": {"is_test": True}},
            {"content": "x", "metadata": {"dry_run": 1}},
        ],
    )
    def test_drops_test_data_when_switched_on(self, api, settings, body):
        settings.ARIA_NOISE_FILTER = True
        dropped = {"created": False, "skipped": True, "reason": "test_payload"}
        assert api.post("/api/social", body).json() == dropped

    def test_keeps_what_only_looks_alike(self, api, settings):
        settings.ARIA_NOISE_FILTER = True
        body = {"content": "Our latest post", "metadata": {"test": False}}
        assert api.post("/api/social", body).json()["created"] is True


class TestCleanup:
    def test_default_words_count_as_whole_words_only(self, api):
        kept = ["The latest news", "A contest", "Post 421", "abc1234"]
        gone = ["just a TEST.", "live test post", "see abc123!", "(post 42)"]
        [make_post(content) for content in kept + gone]
        answer = api.post("/api/social/cleanup", {}).json()
        assert answer == {"matched": 4, "deleted": 4, "dry_run": False}
        assert set(SocialPost.objects.values_list("content", flat=True)) == set(kept)

    def test_a_dry_run_shows_up_to_five_and_deletes_nothing(self, api):
        [make_post(f"test {number}") for number in range(7)]
        answer = api.post("/api/social/cleanup", {"dry_run": True}).json()
        assert (answer["matched"], answer["deleted"], answer["dry_run"]) == (7, 0, True)
        assert len(answer["samples"]) == 5 and answer["samples"][0].keys() == POST_KEYS
        assert SocialPost.objects.count() == 7

    def test_given_patterns_count_anywhere_and_literally(self, api):
        make_post("100% sure")
        make_post("1000 sure")
        make_post("a.b")
        make_post("axb")
        assert api.post("/api/social/cleanup", {"patterns": ["0%", "A.B", ""]}).json()["deleted"] == 2
        assert set(SocialPost.objects.values_list("content", flat=True)) == {"1000 sure", "axb"}

    def test_of_a_platform(self, api):
        make_post("test", platform="moltbook")
        make_post("test", platform="mastodon")
        assert api.post("/api/social/cleanup", {"platform": "mastodon", "patterns": "test"}).json()["deleted"] == 1

    def test_replies_to_what_goes_stay(self, api):
        parent = make_post("test", post_id="p-1")
        reply = make_post("answer", reply_to=parent)
        api.post("/api/social/cleanup", {})
        reply.refresh_from_db()
        assert reply.reply_to_id is None

    @pytest.mark.parametrize("patterns", [[1, None], ["", " "], [{}]])
    def test_no_usable_pattern(self, api, patterns):
        make_post("test")
        response = api.post("/api/social/cleanup", {"patterns": patterns})
        assert (response.status_code, response.json()) == (400, {"detail": "No cleanup patterns provided"})
        assert SocialPost.objects.exists()

    @pytest.mark.parametrize("body", [{"patterns": 5}, {"patterns": ["x"] * 101}, {"dry_run": "maybe"}, []])
    def test_refuses_other_bodies(self, api, body):
        assert api.post("/api/social/cleanup", body).status_code == 422

    def test_needs_a_body(self, api):
        response = api.generic("POST", "/api/social/cleanup", b"", "application/json")
        assert response.status_code == 422

    def test_costs_one_statement(self, api, django_assert_num_queries):
        api.get("/api/social")
        with django_assert_num_queries(2):  # the token and the deletion
            api.post("/api/social/cleanup", {})


@pytest.fixture
def duplicates():
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE social_posts DROP CONSTRAINT social_posts_post_id_key CASCADE")
    now = timezone.now()
    for number in range(3):
        make_post(f"copy {number}", post_id="p-1", posted_at=now - timedelta(hours=number))
    make_post(post_id="p-1", platform="mastodon")
    make_post(), make_post()


class TestDedupe:
    def test_a_unique_id_leaves_nothing_to_do(self, api):
        make_post(post_id="p-1")
        assert api.post("/api/social/dedupe").json() == {
            "dry_run": True, "duplicates_found": 0, "deleted": 0, "samples": [],
        }  # fmt: skip

    def test_tries_only_unless_told_otherwise(self, api, duplicates):
        response = api.generic("POST", "/api/social/dedupe", b"")
        answer = response.json()
        assert (answer["dry_run"], answer["duplicates_found"], answer["deleted"]) == (True, 2, 0)
        assert answer["samples"][0].keys() == {"id", "platform", "post_id", "posted_at"}
        assert SocialPost.objects.count() == 6

    def test_keeps_the_newest_of_a_platform(self, api, duplicates, django_assert_num_queries):
        api.get("/api/social")
        with django_assert_num_queries(2):  # the token and the rest
            answer = api.post("/api/social/dedupe", {"dry_run": False, "platform": "moltbook"}).json()
        assert (answer["duplicates_found"], answer["deleted"]) == (2, 2)
        left = SocialPost.objects.filter(post_id="p-1").values_list("platform", "content")
        assert set(left) == {("moltbook", "copy 0"), ("mastodon", "Hello, agents")}
