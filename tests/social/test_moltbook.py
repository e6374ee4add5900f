"""Import from Moltbook, played by small servers on loopback."""

import json

import pytest

from apps.core import remote
from apps.social import moltbook_feeds
from apps.social.models import SocialPost
from tests.remote_servers import remote_server
from tests.servers import free_port

pytestmark = pytest.mark.django_db
POSTS = [
    {"id": "p1", "title": "T", "content": "Hello", "url": "/post/p1", "created_at": "2026-02-01T10:00:00Z"},
    {"id": "p2", "title": "Only a title", "author": {"name": "Aria"}},
]
COMMENTS = [{"id": "c1", "post_id": "p1", "content": "Mine"}, {"id": "c2", "post_id": "gone", "content": "Lost"}]


def pages(*, posts=POSTS, comments=COMMENTS, limit=100):
    """Of a Moltbook that knows one's own feeds."""
    feeds = {
        "/agents/me": {"success": True, "agent": {"name": "Aria"}},
        f"/agents/me/posts?limit={limit}&offset=0": {"posts": posts},
        f"/agents/me/comments?limit={limit}&offset=0": {"data": {"comments": comments}},
    }
    return {path: json.dumps(body).encode() for path, body in feeds.items()}


@pytest.fixture
def site(settings):
    with remote_server(body=b"[]", pages=pages()) as server:
        settings.MOLTBOOK_API_URL, settings.MOLTBOOK_API_KEY = server.url, "moltbook_key"
        yield server


def run(api, **body):
    response = api.post("/api/social/import-moltbook", body)
    assert response.status_code == 200, response.content
    return response.json()


def stored():
    return {post.post_id: post for post in SocialPost.objects.all()}


class TestImport:
    def test_takes_posts_and_comments_over(self, api, site):
        assert run(api) == {
            "fetched_posts": 2, "fetched_comments": 2, "prepared": 4, "imported": 4, "skipped_existing": 0,
            "cleanup": {"matched": 0, "deleted": 0, "dry_run": False}, "dry_run": False, "problems": [],
        }  # fmt: skip
        posts = stored()
        first, comment = posts["p1"], posts["c1"]
        assert (first.platform, first.content, first.url, first.metadata) == ("moltbook", "Hello", "/post/p1", POSTS[0])
        assert first.posted_at.isoformat() == "2026-02-01T10:00:00+00:00" and posts["p2"].content == "Only a title"
        assert (comment.platform, comment.reply_to_id) == ("moltbook_comment", "p1")
        assert posts["c2"].reply_to_id is None and posts["c2"].metadata["post_id"] == "gone"
        assert {headers["Authorization"] for headers in site.headers} == {"Bearer moltbook_key"}

    def test_may_be_repeated(self, api, site):
        run(api)
        SocialPost.objects.filter(post_id="p1").update(content="edited here")
        again = run(api)
        assert (again["prepared"], again["imported"], again["skipped_existing"]) == (4, 0, 4)
        assert stored()["p1"].content == "edited here"

    def test_a_comment_finds_a_post_of_an_earlier_import(self, api, site):
        run(api, include_comments=False)
        assert stored().keys() == {"p1", "p2"}
        site.pages = pages(posts=[])
        remote.asker.known.clear()
        run(api)
        assert stored()["c1"].reply_to_id == "p1"

    def test_a_dry_run_writes_nothing(self, api, site):
        SocialPost.objects.create(post_id="p1")
        SocialPost.objects.create(post_id="old", content="a test post")
        answer = run(api, dry_run=True)
        assert (answer["prepared"], answer["imported"], answer["skipped_existing"]) == (4, 0, 1)
        assert answer["cleanup"] == {"matched": 1, "deleted": 0, "dry_run": True} and len(stored()) == 2

    def test_deletes_tests_that_moltbook_does_not_tell(self, api, site):
        old = [("moltbook", "a test post"), ("moltbook_comment", "[TEST] two"), ("x", "a test post"),
               ("moltbook", "the latest post, a test, post 42")]  # fmt: skip
        for number, (platform, content) in enumerate(old):
            SocialPost.objects.create(post_id=f"old{number}", platform=platform, content=content)
        SocialPost.objects.create(content="live test")
        site.pages = pages(posts=[{"id": "told", "content": "My first test post"}])
        assert run(api)["cleanup"] == {"matched": 3, "deleted": 3, "dry_run": False}
        assert stored().keys() == {"old2", "old3", "told", "c1", "c2"}
        assert run(api, cleanup_test=False)["cleanup"] is None

    def test_needs_no_body(self, api, site):
        assert api.generic("POST", "/api/social/import-moltbook").status_code == 200
        assert len(stored()) == 4

    def test_with_a_key_of_the_caller(self, api, site):
        run(api, api_key="moltbook_other", api_url=site.url + "/")
        assert {headers["Authorization"] for headers in site.headers} == {"Bearer moltbook_other"}

    def test_what_cannot_be_stored_is_named(self, api, site):
        deep = json.loads("[" * 150 + "]" * 150)
        odd = [{"content": "no id"}, {"id": "x" * 101}, {"id": "nul", "text": "\0"}, {"id": "deep", "more": deep}]
        twice = [{"id": "p1", "content": "first"}, {"id": "p1", "content": "second"}]
        site.pages = pages(posts=[*odd, "text", None, *twice, {"uuid": 7, "created_at": "soon"}], comments={})
        answer = run(api)
        assert (answer["fetched_posts"], answer["prepared"], answer["imported"]) == (7, 2, 2)
        assert [problem.split(":")[0] for problem in answer["problems"]] == [f"moltbook[{place}]" for place in range(4)]
        posts = stored()
        assert posts["p1"].content == "first" and json.loads(posts["7"].content) == {"uuid": 7, "created_at": "soon"}


class TestFeeds:
    def test_of_others_only_the_agents_own_are_taken(self, api, site):
        theirs = {"id": "p3", "author": {"name": "Mallory"}}
        site.pages = {
            "/agents/me": b'{"name": "Aria"}',
            "/posts?limit=100&offset=0": json.dumps([*POSTS, theirs]).encode(),
        }
        assert run(api)["fetched_posts"] == 2 and stored().keys() == {"p1", "p2"}
        assert "/posts?author=Aria&limit=100&offset=0" in site.asked

    def test_pages(self, api, site):
        items = [{"id": f"p{number}"} for number in range(250)]
        for offset, limit in ((0, 100), (100, 100), (200, 50)):
            path = f"/agents/me/posts?limit={limit}&offset={offset}"
            site.pages[path] = json.dumps(items[offset : offset + limit]).encode()
        assert run(api, max_items=250, include_comments=False)["imported"] == 250

    def test_one_that_repeats_itself_ends(self, api, site):
        page = [{"id": f"p{number}"} for number in range(100)]
        site.body, site.pages = json.dumps(page).encode(), {}
        assert run(api, max_items=1000)["fetched_posts"] == 100 and len(site.asked) <= 5

    def test_no_more_than_asked_for(self, api, site):
        site.body, site.pages = json.dumps([{"id": "a"}, {"id": "b"}]).encode(), {}
        assert run(api, max_items=1)["imported"] == 1
        assert run(api, max_items=0)["fetched_posts"] == 0

    def test_comments_that_cannot_be_read_cost_no_posts(self, api, site):
        site.pages = {path: b"{" if "comments" in path else body for path, body in pages().items()}
        site.body = b"{"
        answer = run(api)
        assert answer["imported"] == 2 and "no JSON" in answer["problems"][0]

    @pytest.mark.parametrize(
        ("code", "body", "reason"),
        [(500, b"", "HTTP 500"), (401, b"", "HTTP 401"), (302, b"", "HTTP 302"), (200, b"{", "no JSON")],
    )
    def test_unavailable(self, api, site, code, body, reason):
        site.code, site.body, site.pages = code, body, {}
        response = api.post("/api/social/import-moltbook")
        assert response.status_code == 502 and not stored()
        assert (
            response.json()["detail"].startswith("Moltbook: unavailable since ") and reason in response.content.decode()
        )
        assert "moltbook_key" not in response.content.decode()

    def test_not_there(self, api, settings):
        settings.MOLTBOOK_API_URL, settings.MOLTBOOK_API_KEY = f"http://127.0.0.1:{free_port()}", "k"
        assert api.post("/api/social/import-moltbook").status_code == 502

    def test_too_slow(self, api, settings, monkeypatch):
        monkeypatch.setattr(moltbook_feeds, "ANSWER_SECONDS", 0.2)
        monkeypatch.setattr(moltbook_feeds, "SECONDS", 0.3)
        with remote_server(wait=60) as server:
            settings.MOLTBOOK_API_URL, settings.MOLTBOOK_API_KEY = server.url, "k"
            assert api.post("/api/social/import-moltbook").status_code == 502


class TestRefusals:
    def test_not_configured(self, api, settings):
        settings.MOLTBOOK_API_KEY = ""
        response = api.post("/api/social/import-moltbook")
        assert (response.status_code, response.json()) == (400, {"detail": "MOLTBOOK_API_KEY/TOKEN not configured"})

    @pytest.mark.parametrize("form", ["{}", "{}/", "{}@127.0.0.1", "{}/api"])
    def test_no_other_address(self, api, site, form):
        with remote_server() as elsewhere:
            response = api.post("/api/social/import-moltbook", {"api_url": form.format(elsewhere.url)})
            assert response.status_code == 400 and not elsewhere.asked and not site.asked

    @pytest.mark.parametrize(
        "body", [b"[]", b"{", b'{"max_items": -1}', b'{"max_items": 1001}', b'{"dry_run": "perhaps"}']
    )
    def test_bad_bodies(self, api, site, body):
        assert api.post("/api/social/import-moltbook", body).status_code == 422 and not site.asked

    def test_needs_the_right(self, reader, stranger, site):
        assert reader.post("/api/social/import-moltbook").status_code == 403
        assert stranger.post("/api/social/import-moltbook").status_code == 401 and not site.asked

    def test_wrong_method(self, api):
        assert api.get("/api/social/import-moltbook").status_code == 405
