"""Making, changing and deleting entities and relations, by pages."""

import json
import re
from html import unescape
from uuid import uuid4

import pytest
from django.test import Client

from apps.core.models import Change
from apps.knowledge.models import GraphEdit, KnowledgeEntity, KnowledgeRelation
from tests.knowledge.graphs import make_entity, make_star, relate

pytestmark = pytest.mark.django_db
HOSTILE = "<script>alert(1)</script>'\"&{{7*7}}"
MOST_QUERIES = 12


def post(client, path, **fields):
    return client.post(path, fields)


def seen(row, *fields, **changed):
    """What the browser sends of a form that was opened while the row was as it is now."""
    sent = {}
    for name in fields:
        value = getattr(row, name)
        value = value if isinstance(value, str) else json.dumps(value)
        sent |= {name: value, f"initial-{name}": value}
    return sent | changed


def seen_entity(row, **changed):
    return seen(row, "name", "type", "properties", **changed)


def said(response):
    return " ".join(str(message) for message in response.context["messages"])


@pytest.fixture
def aria(db):
    aria = make_entity("Aria", "agent", properties={"purpose": "operations"})
    make_star(aria, ["PostgreSQL", "LiteLLM"])
    relate(make_entity("Najia", "person"), aria, "owns", properties={"since": 2025})
    return aria


class TestNew:
    def test_is_made_and_shown(self, browser_client):
        assert b"{}</textarea>" in browser_client.get("/knowledge/new").content
        response = post(browser_client, "/knowledge/new", name="Ada", type="person", properties='{"born": 1815}')
        ada = KnowledgeEntity.objects.get()
        assert (ada.name, ada.type, ada.properties) == ("Ada", "person", {"born": 1815})
        assert response["Location"] == f"/knowledge/{ada.pk}"
        assert Change.objects.of(ada).get().actor_name == "alice"

    @pytest.mark.parametrize(
        "fields",
        [
            {"name": ""},
            {"type": ""},
            {"name": "x" * 501},
            {"name": "a\0b"},
            {"properties": "{"},
            {"properties": "[]"},
            {"properties": '{"a": NaN}'},
            {"properties": '{"a": 1e999}'},
            {"properties": '{"a": "\\u0000"}'},
            {"properties": '{"a": "\\ud800"}'},
            {"properties": '{"a":' * 200 + "1" + "}" * 200},
            {"properties": '"' + "x" * 300_000 + '"'},
        ],
    )
    def test_what_cannot_be_stored_is_refused(self, browser_client, fields):
        response = post(browser_client, "/knowledge/new", **({"name": "Ada", "type": "person"} | fields))
        assert response.status_code == 422 and b"errorlist" in response.content
        assert not KnowledgeEntity.objects.exists()


class TestEdit:
    def test_saves_only_what_was_changed(self, browser_client, aria):
        path = f"/knowledge/{aria.pk}/edit"
        assert b"operations" in browser_client.get(path).content
        sent = seen_entity(aria, name="ARIA")
        KnowledgeEntity.objects.filter(pk=aria.pk).update(type="robot")
        assert post(browser_client, path, **sent).status_code == 302
        aria.refresh_from_db()
        assert (aria.name, aria.type) == ("ARIA", "robot")

    def test_moves_its_revision(self, browser_client, aria):
        before = aria.updated_at
        post(browser_client, f"/knowledge/{aria.pk}/edit", **seen_entity(aria, name="ARIA"))
        aria.refresh_from_db()
        assert aria.updated_at > before

    def test_a_collision_shows_both_and_can_be_decided(self, browser_client, aria):
        path, sent = f"/knowledge/{aria.pk}/edit", seen_entity(aria, name="Mine", properties='{"purpose": "art"}')
        KnowledgeEntity.objects.filter(pk=aria.pk).update(name="Theirs")
        response = post(browser_client, path, **sent)
        assert response.status_code == 409 and {"Mine", "Theirs"} <= {
            v for row in response.context["versions"] for v in row
        }
        aria.refresh_from_db()
        assert aria.name == "Theirs" and aria.properties == {"purpose": "operations"}
        again = hidden_fields(response)
        assert again["name"] == "Mine" and post(browser_client, path, **again).status_code == 302
        aria.refresh_from_db()
        assert aria.name == "Mine" and aria.properties == {"purpose": "art"}

    @pytest.mark.parametrize("initial", ["{", "[1]", ""])
    def test_what_the_page_never_said_is_a_collision(self, browser_client, aria, initial):
        sent = seen_entity(aria, properties="{}") | {"initial-properties": initial}
        response = post(browser_client, f"/knowledge/{aria.pk}/edit", **sent)
        assert response.status_code == 409 or initial == ""

    def test_true_is_not_one(self, browser_client, aria):
        KnowledgeEntity.objects.filter(pk=aria.pk).update(properties={"ok": 1})
        aria.refresh_from_db()
        post(browser_client, f"/knowledge/{aria.pk}/edit", **seen_entity(aria, properties='{"ok": true}'))
        aria.refresh_from_db()
        assert aria.properties["ok"] is True

    def test_errors_keep_what_was_typed(self, browser_client, aria):
        response = post(browser_client, f"/knowledge/{aria.pk}/edit", **seen_entity(aria, name="", properties="{oops"))
        assert (
            response.status_code == 422
            and b"{oops" in response.content
            and b"Edit \xe2\x80\x9cAria" in response.content
        )


def hidden_fields(response):
    inputs = re.findall(r"<input type=\"hidden\"[^>]*>", response.content.decode().split("<main")[1])
    named = {re.search(r'name="([^"]*)"', one)[1]: re.search(r'value="([^"]*)"', one) for one in inputs}
    return {name: unescape(value[1]) if value else "" for name, value in named.items()}


class TestDelete:
    def test_shows_what_goes_then_deletes_and_restores_it_all(self, browser_client, aria):
        before = everything()
        path = f"/knowledge/{aria.pk}/delete"
        page = browser_client.get(path)
        counted = {(one.relation_type, one.direction): one.relations for one in page.context["relations"]}
        assert counted == {("uses", "outgoing"): 2, ("owns", "incoming"): 1}
        response = browser_client.post(path, {"revision": page.context["revision"]}, follow=True)
        assert not KnowledgeEntity.objects.filter(pk=aria.pk).exists() and not KnowledgeRelation.objects.exists()
        assert "Deleted “Aria” (agent)" in said(response)
        edit = GraphEdit.objects.get()
        assert (edit.kind, edit.actor_name) == ("delete", "alice")
        response = browser_client.post(f"/knowledge/edits/{edit.action}/undo")
        assert response["Location"] == f"/knowledge/{aria.pk}" and everything() == before
        edit.refresh_from_db()
        assert edit.undone

    def test_not_what_was_changed_since_it_was_looked_at(self, browser_client, aria):
        page = browser_client.get(f"/knowledge/{aria.pk}/delete")
        KnowledgeEntity.objects.filter(pk=aria.pk).update(name="Important")
        response = browser_client.post(f"/knowledge/{aria.pk}/delete", {"revision": page.context["revision"]})
        assert response.status_code == 409 and b"changed it meanwhile" in response.content
        assert KnowledgeEntity.objects.filter(pk=aria.pk).exists()


def everything():
    return list(KnowledgeEntity.objects.order_by("pk").values()), list(
        KnowledgeRelation.objects.order_by("pk").values()
    )


class TestRelations:
    def test_to_one_of_that_name(self, browser_client, aria):
        path = f"/knowledge/{aria.pk}/relations/new"
        assert b"{}</textarea>" in browser_client.get(path).content
        sent = {"direction": "incoming", "relation_type": "helps", "other": "LiteLLM", "properties": '{"a": 1}'}
        assert browser_client.post(path, sent)["Location"] == f"/knowledge/{aria.pk}"
        made = KnowledgeRelation.objects.get(relation_type="helps")
        assert (made.from_entity.name, made.to_entity_id, made.properties) == ("LiteLLM", aria.pk, {"a": 1})

    def test_asks_which_is_meant(self, browser_client, aria):
        twins = [make_entity("kimi", "model"), make_entity("kimi", "person")]
        path, sent = f"/knowledge/{aria.pk}/relations/new", {"direction": "outgoing", "relation_type": "likes"}
        for text, meant in (("kimi", {twin.pk for twin in twins}), ("PostgerSQL", None), ("nothing like it", set())):
            response = browser_client.post(path, sent | {"other": text})
            assert response.status_code == 422
            assert meant is None or {one.id for one in response.context["meant"]} == meant
        assert browser_client.post(path, sent | {"other": ["kimi", str(twins[1].pk)]}).status_code == 302
        assert KnowledgeRelation.objects.get(relation_type="likes").to_entity == twins[1]

    def test_is_changed_and_reverted(self, browser_client, aria):
        relation = KnowledgeRelation.objects.get(relation_type="owns")
        path = f"/knowledge/relations/{relation.pk}"
        assert b"2025" in browser_client.get(path).content
        sent = seen(relation, "relation_type", "properties", relation_type="made")
        assert browser_client.post(path, sent).status_code == 302
        assert browser_client.post(path, sent | {"relation_type": "sold"}).status_code == 409
        relation.refresh_from_db()
        assert (relation.relation_type, relation.properties) == ("made", {"since": 2025})
        change = Change.objects.of(relation).first()
        assert f"/knowledge/edits/{change.action}/undo" in browser_client.get(path).content.decode()
        browser_client.post(f"/knowledge/edits/{change.action}/undo")
        relation.refresh_from_db()
        assert relation.relation_type == "owns"

    def test_is_deleted_and_restored(self, browser_client, aria):
        relation = KnowledgeRelation.objects.get(relation_type="owns")
        response = browser_client.post(f"/knowledge/relations/{relation.pk}/delete", follow=True)
        assert "“Najia” owns “Aria”" in said(response)
        browser_client.post(f"/knowledge/edits/{GraphEdit.objects.get().action}/undo")
        assert KnowledgeRelation.objects.get(pk=relation.pk).properties == {"since": 2025}
        assert "already" in said(browser_client.post(f"/knowledge/relations/{uuid4()}/delete", follow=True))


def pages_of(aria):
    relation = KnowledgeRelation.objects.first()
    return [
        *("/knowledge/new", "/knowledge/edits", f"/knowledge/{aria.pk}/edit", f"/knowledge/{aria.pk}/delete"),
        *(f"/knowledge/{aria.pk}/relations/new", f"/knowledge/relations/{relation.pk}"),
    ]


def test_wrong_methods_and_strangers(browser_client, aria):
    relation = KnowledgeRelation.objects.first()
    for path in (f"/knowledge/edits/{uuid4()}/undo", f"/knowledge/relations/{relation.pk}/delete"):
        assert browser_client.get(path).status_code == 405
        assert Client().post(path).status_code == 302
    assert browser_client.post("/knowledge/edits").status_code == 405
    for path in pages_of(aria):
        assert Client().get(path).status_code == 302 and Client().post(path).status_code in (302, 405)
        assert browser_client.put(path).status_code == 405
    assert KnowledgeEntity.objects.filter(pk=aria.pk).exists()
    for path in ("edit", "delete", "relations/new"):
        assert browser_client.get(f"/knowledge/{uuid4()}/{path}").status_code == 404
    assert browser_client.get(f"/knowledge/relations/{uuid4()}").status_code == 404


def test_hostile_text_is_text_and_queries_are_few(browser_client, django_assert_max_num_queries):
    node = make_entity(HOSTILE, HOSTILE, properties={HOSTILE: HOSTILE})
    relate(node, make_entity(HOSTILE, HOSTILE), HOSTILE, properties={HOSTILE: HOSTILE})
    gone = make_entity(HOSTILE, HOSTILE)
    browser_client.post(f"/knowledge/{gone.pk}/delete")
    for path in pages_of(node):
        with django_assert_max_num_queries(MOST_QUERIES):
            content = browser_client.get(path).content.decode()
        assert "<script>alert" not in content and ("&lt;script&gt;" in content or path == "/knowledge/new")


def test_nothing_was_done_yet(browser_client):
    assert b"Nothing was deleted, merged or imported yet" in browser_client.get("/knowledge/edits").content
