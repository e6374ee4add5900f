"""Memories under a key: found, edited as JSON, put back, and deleted with a way back."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from urllib.parse import quote

import pytest
from django.db import connection, connections
from django.db.models import JSONField, Value
from django.utils import timezone

from apps.core.actors import Actor
from apps.core.conflicts import Conflict
from apps.core.models import Change
from apps.memory import memory_actions
from apps.memory.models import Memory, address_of

pytestmark = pytest.mark.django_db
ALICE = Actor("person", "alice", "write")


def make_memory(key="k", value=None, **over):
    return Memory.objects.create(key=key, value={"of": key} if value is None else value, **over)


def page_of(client, url):
    response = client.get(url)
    assert response.status_code == 200, response.content
    return response


def keys(response):
    return [memory.key for memory in response.context["page"].rows]


def fields_of(client, memory, **over):
    """What the form of the memory's page sends as it stands there."""
    return page_of(client, memory.get_absolute_url()).context["form"].initial | over


class TestList:
    def test_the_lately_changed_first_with_the_beginning_of_the_value(self, browser_client):
        make_memory("old", updated_at=timezone.now() - timedelta(days=1))
        make_memory("new", "<b>" + "x" * 1000)
        response = page_of(browser_client, "/memories")
        assert keys(response) == ["new", "old"]
        page = response.content.decode()
        assert "&lt;b&gt;xxx" in page and "x" * 400 not in page

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("q=EDITOR", ["favourite-editor"]),
            ("q=vim", ["favourite-editor"]),
            ("q=vim+name", ["favourite-editor"]),
            ("q=vim+tea", []),
            ("q=100%25", []),
            ('q=say+"hi"', ["greeting"]),
            ("q=käse", ["food"]),
            ("category=facts", ["food"]),
            ("category=facts&q=vim", []),
            ("category=no+such", []),
            ("q=%00", ["favourite-editor", "food", "greeting"]),
        ],
    )
    def test_filters(self, browser_client, query, found):
        make_memory("favourite-editor", {"name": "vim"})
        make_memory("greeting", 'You say "hi"')
        make_memory("food", ["Käse"], category="facts")
        assert sorted(keys(page_of(browser_client, f"/memories?{query}"))) == found

    def test_offers_keys_that_look_alike_where_nothing_matches(self, browser_client):
        make_memory("favourite-editor")
        page = page_of(browser_client, "/memories?q=favorite-editor").content.decode()
        assert "No memory matches" in page and 'href="/memories/favourite-editor"' in page

    def test_indexes_know_the_text(self, db):
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")  # which is quicker among so few
        plan = Memory.objects.holding("needle").order_by().explain()
        assert "site_memories_key_text" in plan and "site_memories_value_text" in plan

    def test_exports_exactly_what_is_filtered(self, browser_client):
        make_memory("a", {"n": 1}, category="x")
        make_memory("b")
        response = browser_client.get("/memories?category=x&format=json")
        [row] = json.loads(b"".join(response.streaming_content))["records"]
        assert (row["key"], row["value"]) == ("a", {"n": 1})

    def test_says_how_rows_get_there(self, browser_client):
        assert b"POST /api/memories" in browser_client.get("/memories").content

    def test_asks_few_questions(self, browser_client, django_assert_max_num_queries):
        for number in range(60):
            make_memory(f"key {number}")
        with django_assert_max_num_queries(8):
            assert len(keys(page_of(browser_client, "/memories?q=key"))) == 50

    def test_pages_on(self, browser_client):
        for number in range(60):
            make_memory(f"key {number}")
        first = page_of(browser_client, "/memories")
        rest = page_of(browser_client, f"/memories?older_than={quote(first.context['page'].older)}")
        assert len({*keys(first), *keys(rest)}) == 60

    @pytest.mark.parametrize("query", ["older_than=x", "sort=value", "show=x", "undo=x", "q=" + "x" * 300])
    def test_nonsense_in_the_url(self, browser_client, query):
        make_memory()
        page_of(browser_client, f"/memories?{query}")

    def test_only_for_who_is_logged_in(self, client, browser_client):
        memory = make_memory()
        for path in ("/memories", "/memories-new", memory.get_absolute_url()):
            assert client.get(path).status_code == 302
            assert browser_client.put(path).status_code == 405
        for path in ("/memories-delete", "/memories-restore", "/memories-revert/1"):
            assert client.post(path).status_code == 302 and browser_client.get(path).status_code == 405


class TestMemory:
    @pytest.mark.parametrize(
        "key",
        ["a", "a/b", "/", "//x", "..", ".", "", "../x", "new", "a b?c#d%41", "ä\n\nb", "<i>'\"", "x" * 255, "\\", "💥"],
    )
    def test_any_key_has_a_page_and_can_be_saved(self, browser_client, key):
        memory = make_memory(key)
        body = fields_of(browser_client, memory, value="[1]")
        response = browser_client.post(memory.get_absolute_url(), body, follow=True)
        assert response.status_code == 200 and response.context["memory"].key == key
        assert Memory.objects.get().value == [1]

    def test_a_list_leads_to_it(self, browser_client):
        make_memory("a/../b")
        assert 'href="/memories/a%2F..%2Fb"' in browser_client.get("/memories").content.decode()

    @pytest.mark.parametrize("path", ["/memories/none", "/memories/", "/memories/?key=%00", "/memories/a%00b"])
    def test_where_there_is_none(self, browser_client, path):
        assert browser_client.get(path).status_code == 404

    def test_keeps_every_digit_and_says_who_it_was(self, browser_client):
        memory = make_memory()
        text = '{"n": 12345678901234567890.1230}'
        browser_client.post(memory.get_absolute_url(), fields_of(browser_client, memory, value=text, category="facts"))
        saved = Memory.objects.written().get()
        assert "12345678901234567890.1230" in saved.text
        assert saved.category == "facts" and saved.updated_at > memory.updated_at
        assert Change.objects.latest("id").actor_name == "alice"

    @pytest.mark.parametrize(
        ("text", "problem"),
        [
            ('{"a": 1,\n "b": }', "Line 2, column 7: Expecting value."),
            ("{'a': 1}", "Line 1, column 2"),
            ('{"a": 1} x', "Line 1, column 10: Extra data."),
            ("NaN", "JSON has no NaN."),
            ('{"a": 1, "a": 2}', "stands twice"),
            ("[" * 100_000 + "]" * 100_000, "nested too deeply"),
            (r'"\u0000"', "cannot store"),
            (r'"\ud800"', "cannot store"),
            ("9" * 5_000, "more than 1000 digits"),
            ("1e200000", "cannot store"),
            ("", "required"),
        ],
    )
    def test_says_what_is_no_json_and_keeps_what_was_written(self, browser_client, text, problem):
        memory = make_memory()
        response = browser_client.post(memory.get_absolute_url(), fields_of(browser_client, memory, value=text))
        assert response.status_code == 422 and problem in response.context["form"].errors["value"][0]
        assert response.context["form"]["value"].value() == text
        assert Memory.objects.get().value == {"of": "k"}

    def test_a_change_meanwhile_is_a_conflict_also_where_its_time_stays(self, browser_client):
        memory = make_memory(value={"a": 1, "b": 2})
        mine = fields_of(browser_client, memory, value='{"a": 1, "b": 3}')
        Memory.objects.update(value={"a": 9, "b": 2})
        response = browser_client.post(memory.get_absolute_url(), mine)
        assert response.status_code == 409 and Memory.objects.get().value == {"a": 9, "b": 2}
        assert ("-", '    "a": 9,') in response.context["lines"]
        over = {name: field.value() for name, field in ((f.name, f) for f in response.context["form"])}
        assert browser_client.post(memory.get_absolute_url(), over).status_code == 302
        assert Memory.objects.get().value == {"a": 1, "b": 3}

    def test_the_same_stored_again_is_no_conflict(self, api, browser_client):
        memory = make_memory()
        mine = fields_of(browser_client, memory, value="1")
        api.post("/api/memories", {"key": "k", "value": {"of": "k"}})
        assert browser_client.post(memory.get_absolute_url(), mine).status_code == 302

    def test_of_two_at_once_one_is_told(self, transactional_db):
        memory = make_memory()
        revision = Memory.objects.written().get().revision

        def save(number):
            try:
                memory_actions.change_memory(ALICE, memory.pk, str(number), "general", revision)
                return True
            except Conflict:
                return False
            finally:
                connections.close_all()

        with ThreadPoolExecutor(4) as pool:
            assert sorted(pool.map(save, range(4))) == [False, False, False, True]

    def test_can_be_made(self, browser_client):
        body = {"key": " a/b ", "value": "[true]", "category": "facts"}
        response = browser_client.post("/memories-new", body)
        assert response.status_code == 302 and response["Location"] == address_of(" a/b ")
        again = browser_client.post("/memories-new", body | {"value": "0"})
        assert again.status_code == 422 and "already" in again.context["form"].errors["key"][0]
        assert Memory.objects.get().value == [True]

    def test_asks_few_questions(self, browser_client, django_assert_max_num_queries):
        memory = make_memory()
        for number in range(30):
            Memory.objects.update(value=number)
        with django_assert_max_num_queries(6):
            assert len(page_of(browser_client, memory.get_absolute_url()).context["history"]) == 20


class TestHistory:
    def test_shows_the_lines_that_differ_as_text(self, browser_client):
        memory = make_memory(value={"a": 1, "b": "<i>"})
        Memory.objects.update(value={"a": 1, "b": "<u>"}, category="facts")
        response = page_of(browser_client, memory.get_absolute_url())
        latest, first = response.context["history"]
        assert ("-", '    "b": "<i>"') in latest.lines and ("+", '    "b": "<u>"') in latest.lines
        assert latest.others == [("category", "general", "facts")] and not first.lines
        assert "&lt;u&gt;" in response.content.decode()

    def test_bounds_long_texts(self, browser_client):
        memory = make_memory(value=list(range(3000)))
        Memory.objects.update(value=list(range(1, 3001)))
        entry = page_of(browser_client, memory.get_absolute_url()).context["history"][0]
        assert entry.cut and len(entry.lines) < 500

    def test_goes_back_to_any_version(self, browser_client):
        memory = make_memory(value={"n": 0})
        for change in (
            {"value": {"n": 1}},
            {"category": "facts"},
            {"value": Value(None, JSONField())},
            {"value": {"n": 2}},
        ):
            Memory.objects.update(**change)
        seen = []
        for entry in page_of(browser_client, memory.get_absolute_url()).context["history"]:
            body = {"revision": fields_of(browser_client, memory)["revision"]}
            assert browser_client.post(f"/memories-revert/{entry.change.pk}", body).status_code == 302
            found = Memory.objects.get()
            seen.append((found.value, found.category))
        assert seen == [
            ({"n": 2}, "facts"), (None, "facts"), ({"n": 1}, "facts"), ({"n": 1}, "general"), ({"n": 0}, "general"),
        ]  # fmt: skip

    def test_but_not_over_a_change_that_nobody_saw(self, browser_client):
        memory = make_memory(value=1)
        Memory.objects.update(value=2)
        change = Change.objects.of(memory).last()
        page = browser_client.post(f"/memories-revert/{change.pk}", {"revision": "old"}, follow=True)
        assert "changed meanwhile" in page.content.decode() and Memory.objects.get().value == 2

    @pytest.mark.parametrize("pk", [0, 10**30])
    def test_not_to_what_is_no_change(self, browser_client, pk):
        assert browser_client.post(f"/memories-revert/{pk}").status_code == 404


class TestDelete:
    def test_many_and_back_as_they_were(self, browser_client):
        rows = [make_memory(f"k{number}", {"n": number}, category="c") for number in range(3)]
        before = list(Memory.objects.order_by("key").values())
        response = browser_client.post("/memories-delete", {"pk": [rows[0].pk, rows[2].pk]}, follow=True)
        assert keys(response) == ["k1"] and len(response.context["undo"]) == 2
        assert Change.objects.latest("id").actor_name == "alice"
        browser_client.post("/memories-restore", {"change": response.context["undo"]})
        assert list(Memory.objects.order_by("key").values()) == before
        assert not page_of(
            browser_client, response.request["PATH_INFO"] + "?" + response.request["QUERY_STRING"]
        ).context["undo"]

    def test_later_from_the_list_of_what_was_deleted(self, browser_client, api):
        make_memory("<i>gone")
        api.delete("/api/memories/" + quote("<i>gone"))
        response = page_of(browser_client, "/memories?show=deleted")
        [change] = response.context["page"].rows
        assert "&lt;i&gt;gone" in response.content.decode() and change.actor_name == "skill"
        back = browser_client.post("/memories-restore", {"change": change.pk})
        assert back["Location"] == address_of("<i>gone")
        assert not page_of(browser_client, "/memories?show=deleted").context["page"].rows

    def test_not_over_what_has_the_key_by_now(self, browser_client):
        memory = make_memory(value=1)
        memory_actions.delete_memories(ALICE, [memory.pk])
        change = Change.objects.latest("id").pk
        make_memory(value=2)
        page = browser_client.post("/memories-restore", {"change": change}, follow=True).content.decode()
        assert "did not come back" in page and Memory.objects.get().value == 2

    @pytest.mark.parametrize("body", [{}, {"pk": "x"}, {"pk": "7d3f8a52-9b0e-4a59-8a1e-111111111111"}, {"pk": "\0"}])
    def test_of_nothing_deletes_nothing(self, browser_client, body):
        make_memory()
        page = browser_client.post("/memories-delete", body, follow=True)
        assert b"Nothing was deleted" in page.content and Memory.objects.exists()

    @pytest.mark.parametrize("change", ["", "x", "-1", "0", "9" * 30])
    def test_restoring_nothing(self, browser_client, change):
        assert browser_client.post("/memories-restore", {"change": change}).status_code == 302
        assert not Memory.objects.exists()
