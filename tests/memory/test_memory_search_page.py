"""Semantic memories on pages: what a search finds and why, who found what, and what people may do to it."""

import csv
import io
import json
from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from apps.core.models import Change
from apps.memory.models import Retrieval, SemanticMemory, WaitingText
from apps.memory.semantic_actions import OUTDATED, embed_what_waits
from tests.memory.test_semantic_api import TEXTS, contents, make_semantic, search

pytestmark = pytest.mark.django_db
NOWHERE = uuid4()


def page_of(client, url, **params):
    response = client.get(url, params)
    assert response.status_code == 200, response.content
    return response


def found(response):
    return [one.memory.content for one in response.context["shown"]]


def listed(response):
    return [memory.excerpt for memory in response.context["page"].rows]


def fields_of(client, memory, **over):
    """What the form of the memory's page sends as it stands there."""
    form = page_of(client, memory.get_absolute_url()).context["form"]
    return {field.name: field.value() or "" for field in form} | over


@pytest.fixture
def three(db):
    return {name: make_semantic(text) for name, text in TEXTS.items()}


@pytest.fixture
def proxy(three):
    return three["proxy"]


class TestSearch:
    def test_finds_by_meaning_and_words_and_says_how(self, browser_client, three):
        response = page_of(browser_client, "/memory-search", q="why did the proxy restart?")
        first = response.context["shown"][0]
        assert first.memory.content == TEXTS["proxy"]
        assert [(way, place) for way, place, _ in first.parts] == [("meaning", 1), ("words", 1)]
        assert first.score == pytest.approx(2 / 61)
        page = response.content.decode()
        assert "multilingual-e5-small" in page and "place 1 by meaning" in page and "meaning and words" in page
        assert response.context["found"].embedding_ms > 0 and response.context["found"].search_ms > 0

    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            ({"mode": "text"}, ["proxy old", "proxy new"]),
            ({"category": "a"}, ["proxy old"]),
            ({"source": "t"}, ["proxy new"]),
            ({"min_importance": "0.5"}, ["proxy old"]),
            ({"hours": "24"}, ["proxy new"]),
            ({"category": "none"}, []),
        ],
    )
    def test_filters(self, browser_client, query, expected):
        make_semantic(
            "proxy old", created_at=timezone.now() - timedelta(hours=30), category="a", importance=0.9, source="s"
        )
        make_semantic("proxy new", category="b", importance=0.1, source="t")
        response = page_of(browser_client, "/memory-search", q="proxy", **query)
        got = [memory.content for memory in response.context["found"].memories]
        assert sorted(got) == sorted(expected)
        without = page_of(browser_client, "/memory-search", **query)
        assert sorted(listed(without)) == sorted(expected)

    def test_puts_near_duplicates_together(self, browser_client, three):
        make_semantic(TEXTS["proxy"] + "!")
        response = page_of(browser_client, "/memory-search", q="proxy restarted in the night")
        first = response.context["shown"][0]
        assert len(first.alike) == 1 and len(found(response)) == 3
        assert "1 near-duplicate of it" in response.content.decode()

    def test_without_embeddings_goes_by_words_and_says_so(self, browser_client, three, off):
        response = page_of(browser_client, "/memory-search", q="proxy")
        assert found(response) == [TEXTS["proxy"]] and "switched off" in response.content.decode()
        assert "switched off" in page_of(browser_client, "/memory-search", q="proxy", mode="vector").content.decode()

    def test_text_is_text(self, browser_client):
        make_semantic("<b>bold", summary="<i>", category="<u>", source="<s>")
        page = page_of(browser_client, "/memory-search", q="bold").content.decode()
        assert "&lt;b&gt;bold" in page and "<b>bold" not in page and "<u>" not in page and "<s>" not in page

    @pytest.mark.parametrize(
        "query",
        ["q=%00", "q=+", "q=" + "x" * 2001, "q=x&mode=best", "hours=-1", "min_importance=nan", "min_importance=1e400",
         "category=%00", "show=x", "undo=x", "older_than=x", "sort=content", "q=%ED%B3%A4"],
    )  # fmt: skip
    def test_nonsense_in_the_url(self, browser_client, three, query):
        assert browser_client.get(f"/memory-search?{query}").status_code == 200

    def test_exports_what_is_found_and_what_is_listed(self, browser_client, three):
        def rows(query):
            answer = browser_client.get(f"/memory-search?{query}&format=csv")
            return list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode())))

        assert rows("q=proxy&mode=text")[0]["content"] == TEXTS["proxy"]
        assert {row["content"] for row in rows("show=never")} == set(TEXTS.values()) - {TEXTS["proxy"]}

    def test_asks_few_questions(self, browser_client, three, django_assert_max_num_queries):
        page_of(browser_client, "/memory-search", q="proxy")
        for query in ({"q": "proxy"}, {}, {"show": "most"}, {"show": "deleted"}):
            with django_assert_max_num_queries(12):
                page_of(browser_client, "/memory-search", **query)

    def test_compares_with_an_exact_search_on_demand_and_logs_nothing(self, browser_client, three):
        response = page_of(browser_client, "/memory-search/recall", q="proxy")
        recall = response.context["recall"]
        assert (recall.found, recall.wanted, recall.share) == (3, 3, 1.0)
        fragment = browser_client.get("/memory-search/recall?q=proxy", headers={"HX-Request": "true"}).content.decode()
        assert fragment.strip().startswith('<div id="recall"') and "<html" not in fragment
        assert not Retrieval.objects.exists()

    @pytest.mark.parametrize("query", ["", "q=", "q=%00", "q=x&category=none"])
    def test_compares_nothing(self, browser_client, query):
        assert browser_client.get(f"/memory-search/recall?{query}").status_code == 200

    def test_compares_nothing_without_embeddings(self, browser_client, off):
        assert b"nothing to compare" in browser_client.get("/memory-search/recall?q=x").content

    def test_only_for_who_is_logged_in(self, client, browser_client, proxy):
        for path in ("/memory-search", "/memory-search/recall", f"/memory-search/{proxy.pk}"):
            assert client.get(path).status_code == 302 and browser_client.put(path).status_code == 405
        for action in ("bury", "weigh", "delete"):
            path = f"/memory-search/{proxy.pk}/{action}"
            assert client.post(path).status_code == 302 and browser_client.get(path).status_code == 405


class TestLists:
    def test_the_latest(self, browser_client):
        make_semantic("old", created_at=timezone.now() - timedelta(days=1))
        make_semantic("new")
        assert listed(page_of(browser_client, "/memory-search")) == ["new", "old"]
        assert not Retrieval.objects.exists()

    def test_by_importance(self, browser_client):
        make_semantic("little", importance=0.1)
        make_semantic("much", importance=0.9)
        assert listed(page_of(browser_client, "/memory-search", sort="-importance")) == ["much", "little"]

    def test_never_and_most_retrieved(self, browser_client, api, three):
        for query in ("proxy", "proxy", "dollars"):
            search(api, query, mode="text")
        assert listed(page_of(browser_client, "/memory-search", show="never")) == [TEXTS["fruit"]]
        most = page_of(browser_client, "/memory-search", show="most").context["most"]
        assert [(one.excerpt, one.found_count) for one in most] == [(TEXTS["proxy"], 2), (TEXTS["money"], 1)]

    @pytest.mark.parametrize(
        ("show", "said"),
        [("", "POST /api/memories/semantic"), ("never", "found at least once"), ("most", "No search"),
         ("buried", "Nothing is buried"), ("deleted", "Nothing that was deleted")],
    )  # fmt: skip
    def test_empty(self, browser_client, show, said):
        assert said in page_of(browser_client, "/memory-search", show=show).content.decode()

    def test_says_how_many_texts_wait(self, browser_client):
        WaitingText.objects.create(content="x", actor_kind="token", actor_name="a")
        assert "1 text waits for its embedding" in page_of(browser_client, "/memory-search").content.decode()


class TestRetrievals:
    def test_each_search_is_noted_with_who_and_where(self, browser_client, api, proxy):
        search(api, "proxy restarts", limit=2)
        page_of(browser_client, "/memory-search", q="lost <i>requests")
        response = page_of(browser_client, proxy.get_absolute_url())
        seen = [
            (one.actor_kind, one.actor_name, one.query, one.mode, one.place) for one in response.context["retrievals"]
        ]
        assert seen == [
            ("person", "alice", "lost <i>requests", "hybrid", 1),
            ("token", "skill", "proxy restarts", "vector", 1),
        ]
        assert "lost &lt;i&gt;requests" in response.content.decode()
        assert Retrieval.objects.filter(query="proxy restarts").count() == 2

    def test_the_log_is_bounded(self, api, proxy, monkeypatch):
        search(api, "proxy " * 300, mode="text")
        assert len(Retrieval.objects.first().query) == 500
        Retrieval.objects.all().delete()
        for days in (100, 2, 1, 0):
            Retrieval.objects.create(
                memory_id=proxy.pk,
                query=str(days),
                mode="text",
                place=1,
                found_at=timezone.now() - timedelta(days=days),
            )
        assert [one.query for one in Retrieval.objects.forgotten()] == ["100"]
        monkeypatch.setattr("apps.memory.retrievals.KEPT_ROWS", 2)
        Retrieval.objects.forgotten().delete()
        assert [one.query for one in Retrieval.objects.of(proxy.pk)] == ["0", "1"]


class TestMemory:
    def test_shows_all_of_it_as_text(self, browser_client):
        memory = make_semantic("<b>x", summary="<i>s", category="<u>", source="<s>", metadata={"<a>": "<em>"})
        page = page_of(browser_client, memory.get_absolute_url()).content.decode()
        for text in ("&lt;b&gt;x", "&lt;i&gt;s", "&lt;u&gt;", "&lt;s&gt;", "&lt;a&gt;"):
            assert text in page
        assert "<em>" not in page

    def test_asks_few_questions(self, browser_client, proxy, api, django_assert_max_num_queries):
        search(api, "proxy")
        with django_assert_max_num_queries(12):
            page_of(browser_client, proxy.get_absolute_url())

    def test_shows_its_near_duplicates(self, browser_client, proxy):
        twin = make_semantic(TEXTS["proxy"] + "!", buried=True)
        assert [one.pk for one in page_of(browser_client, proxy.get_absolute_url()).context["alike"]] == [twin.pk]

    def test_where_there_is_none(self, browser_client):
        assert browser_client.get(f"/memory-search/{NOWHERE}").status_code == 404
        for action in ("bury", "weigh"):
            assert browser_client.post(f"/memory-search/{NOWHERE}/{action}", {"step": "up"}).status_code == 404
        assert browser_client.post(f"/memory-search/{NOWHERE}/delete").status_code == 302

    def test_a_new_text_gets_a_new_vector(self, browser_client, api, proxy):
        body = fields_of(browser_client, proxy, content="The cat sleeps on the warm oven.\r\nAll day.")
        assert browser_client.post(proxy.get_absolute_url(), body).status_code == 302
        changed = SemanticMemory.objects.get(pk=proxy.pk)
        assert (
            changed.content == "The cat sleeps on the warm oven.\nAll day."
            and changed.embedding_model == "multilingual-e5-small"
        )
        assert contents(search(api, "a sleeping pet", limit=1)) == [changed.content]
        [latest] = Change.objects.of(proxy)[:1]
        assert latest.actor_name == "alice" and latest.after.keys() == {"content"}

    def test_or_later_where_no_model_can_be_reached(self, browser_client, api, proxy, settings):
        settings.ARIA_EMBEDDINGS = "off"
        body = fields_of(browser_client, proxy, content="A cat")
        page = browser_client.post(proxy.get_absolute_url(), body, follow=True).content.decode()
        assert "by its meaning later" in page
        assert SemanticMemory.objects.get(pk=proxy.pk).embedding_model == OUTDATED
        settings.ARIA_EMBEDDINGS = "local"
        assert "A cat" not in contents(search(api, "cat"))
        assert embed_what_waits() == 1 and contents(search(api, "cat", limit=1)) == ["A cat"]

    def test_other_fields_leave_the_vector_alone(self, browser_client, proxy):
        body = fields_of(browser_client, proxy, category="facts", importance="0.75", summary="s")
        browser_client.post(proxy.get_absolute_url(), body)
        changed = SemanticMemory.objects.get(pk=proxy.pk)
        assert (changed.category, changed.importance, changed.summary) == ("facts", 0.75, "s")
        assert list(changed.embedding) == list(SemanticMemory.objects.get(pk=proxy.pk).embedding)

    @pytest.mark.parametrize(
        "over",
        [{"content": ""}, {"category": "x" * 51}, {"importance": "nan"}, {"importance": "1e300"}, {"source": "a\0b"}],
    )
    def test_bad_values(self, browser_client, proxy, over):
        response = browser_client.post(proxy.get_absolute_url(), fields_of(browser_client, proxy, **over))
        assert response.status_code == 422 and SemanticMemory.objects.get(pk=proxy.pk).content == TEXTS["proxy"]

    def test_a_change_meanwhile_is_a_conflict(self, browser_client, proxy):
        mine = fields_of(browser_client, proxy, category="mine")
        SemanticMemory.objects.update(category="theirs")
        response = browser_client.post(proxy.get_absolute_url(), mine)
        assert response.status_code == 409 and SemanticMemory.objects.get(pk=proxy.pk).category == "theirs"
        over = {field.name: field.value() or "" for field in response.context["form"]}
        assert browser_client.post(proxy.get_absolute_url(), over).status_code == 302
        assert SemanticMemory.objects.get(pk=proxy.pk).category == "mine"

    def test_a_search_meanwhile_is_none(self, browser_client, api, proxy):
        mine = fields_of(browser_client, proxy, category="mine")
        search(api, "proxy")
        assert browser_client.post(proxy.get_absolute_url(), mine).status_code == 302

    def test_a_buried_one_is_never_found_and_can_be_restored(self, browser_client, api, proxy):
        page = browser_client.post(f"/memory-search/{proxy.pk}/bury", follow=True).content.decode()
        assert "no search finds it" in page
        for mode in ("vector", "text", "hybrid"):
            assert TEXTS["proxy"] not in contents(search(api, "proxy", mode=mode))
        assert TEXTS["proxy"] not in found(page_of(browser_client, "/memory-search", q="proxy"))
        assert TEXTS["proxy"] not in listed(page_of(browser_client, "/memory-search"))
        assert listed(page_of(browser_client, "/memory-search", show="buried")) == [TEXTS["proxy"]]
        browser_client.post(f"/memory-search/{proxy.pk}/bury", {"buried": "no"})
        assert contents(search(api, "proxy", mode="text")) == [TEXTS["proxy"]]
        assert [change.actor_name for change in Change.objects.of(proxy)[:2]] == ["alice", "alice"]

    @pytest.mark.parametrize(
        ("before", "step", "after"),
        [
            (0.5, "up", 0.6),
            (0.7, "up", 0.8),
            (0.95, "up", 1),
            (7, "up", 7),
            (0.5, "down", 0.4),
            (0.05, "down", 0),
            (-3, "down", -3),
            (7, "down", 6.9),
        ],
    )
    def test_feedback_moves_its_importance(self, browser_client, before, step, after):
        memory = make_semantic(importance=before)
        fragment = browser_client.post(
            f"/memory-search/{memory.pk}/weigh", {"step": step}, headers={"HX-Request": "true"}
        )
        assert (
            SemanticMemory.objects.get().importance == after
            and f'id="importance-{memory.pk}"' in fragment.content.decode()
        )

    def test_feedback_without_javascript_and_nonsense(self, browser_client, proxy):
        assert b"0.6" in browser_client.post(f"/memory-search/{proxy.pk}/weigh", {"step": "up"}, follow=True).content
        assert browser_client.post(f"/memory-search/{proxy.pk}/weigh", {"step": "x"}).status_code == 422

    def test_a_deletion_can_be_undone(self, browser_client, api, proxy):
        SemanticMemory.objects.filter(pk=proxy.pk).update(
            metadata={"a": [1]}, buried=True, created_at="2026-01-02T03:04:05Z"
        )
        response = browser_client.post(f"/memory-search/{proxy.pk}/delete", follow=True)
        assert not SemanticMemory.objects.filter(pk=proxy.pk).exists() and len(response.context["undo"]) == 1
        browser_client.post("/memory-search/restore", {"change": response.context["undo"]})
        back = SemanticMemory.objects.get(pk=proxy.pk)
        assert (back.content, back.metadata, back.buried) == (TEXTS["proxy"], {"a": [1]}, True)
        assert back.created_at.year == 2026 and back.embedding_model == OUTDATED
        browser_client.post(f"/memory-search/{proxy.pk}/bury", {"buried": "no"})
        assert TEXTS["proxy"] not in contents(search(api, "proxy"))  # it has no vector yet
        assert contents(search(api, "proxy", mode="text")) == [TEXTS["proxy"]]
        assert embed_what_waits() == 1 and contents(search(api, "proxy", limit=1)) == [TEXTS["proxy"]]

    def test_and_later_from_the_list_and_keeps_how_often_it_was_found(self, browser_client, api, proxy):
        search(api, "proxy", mode="text")
        browser_client.post(f"/memory-search/{proxy.pk}/delete")
        [change] = page_of(browser_client, "/memory-search", show="deleted").context["page"].rows
        for _ in range(2):
            browser_client.post("/memory-search/restore", {"change": change.pk})
        back = SemanticMemory.objects.get(pk=proxy.pk)
        assert back.access_count == 1 and back.accessed_at

    @pytest.mark.parametrize("change", ["", "x", "-1", "9" * 30])
    def test_restoring_nothing(self, browser_client, change):
        assert browser_client.post("/memory-search/restore", {"change": change}).status_code == 302

    def test_goes_back_to_any_version(self, browser_client, api, proxy):
        for over in ({"content": "A cat"}, {"category": "facts"}, {"content": "A dog", "importance": "0.9"}):
            browser_client.post(proxy.get_absolute_url(), fields_of(browser_client, proxy, **over))
        history = page_of(browser_client, proxy.get_absolute_url()).context["history"]
        seen = []
        for entry in history:
            revision = {"revision": fields_of(browser_client, proxy)["revision"]}
            browser_client.post(f"/memory-search/revert/{entry.change.pk}", revision)
            back = SemanticMemory.objects.get(pk=proxy.pk)
            seen.append((back.content, back.category, back.importance))
        assert seen == [
            ("A dog", "facts", 0.9),
            ("A cat", "facts", 0.5),
            ("A cat", "general", 0.5),
            (TEXTS["proxy"], "general", 0.5),
        ]
        assert contents(search(api, "proxy", limit=1)) == [TEXTS["proxy"]]
        page = browser_client.post(f"/memory-search/revert/{history[0].change.pk}", {"revision": "old"}, follow=True)
        assert "changed meanwhile" in page.content.decode()
        assert SemanticMemory.objects.get(pk=proxy.pk).content == TEXTS["proxy"]

    def test_reverts_nothing_that_is_not_there(self, browser_client, proxy):
        assert browser_client.post("/memory-search/revert/0").status_code == 404
        change = Change.objects.of(proxy).get().pk
        browser_client.post(f"/memory-search/{proxy.pk}/delete")
        assert browser_client.post(f"/memory-search/revert/{change}").status_code == 404

    def test_tells_who_changed_what(self, browser_client, proxy):
        browser_client.post(
            proxy.get_absolute_url(), fields_of(browser_client, proxy, content="One\nTwo", category="<u>")
        )
        latest = page_of(browser_client, proxy.get_absolute_url()).context["history"][0]
        assert ("+", "Two") in latest.lines and latest.others == [("category", "general", "<u>")]


def test_the_api_answers_as_before(api, three):
    """What the page explains stays there."""
    [memory] = json.loads(search(api, "proxy", limit=1, mode="hybrid").content)["memories"]
    assert not {"near", "alike", "place"} & memory.keys()
