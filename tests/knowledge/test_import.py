"""Graphs from files: what is read, what is refused, and what is stored of it."""

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from apps.core import uploads
from apps.core.actors import Actor
from apps.core.bodies import UnreadableBody
from apps.knowledge.imports.reading import read
from apps.knowledge.imports.storing import planned, store
from apps.knowledge.models import GraphEdit, GraphImport, KnowledgeEntity, KnowledgeRelation
from apps.knowledge.undoing import undo
from tests.knowledge.graphs import make_entity, relate
from tests.knowledge.test_editing import HOSTILE, said

pytestmark = pytest.mark.django_db
ALICE = Actor("person", "alice", "write")
MEMORY = [
    {"type": "entity", "name": "Aria", "entityType": "agent", "observations": ["Likes tea", "Runs at night"]},
    {"type": "entity", "name": "PostgreSQL", "entityType": "tool", "observations": []},
    {"type": "relation", "from": "Aria", "to": "PostgreSQL", "relationType": "uses"},
]
SAID = {"observations": MEMORY[0]["observations"]}
GRAPHML = """<?xml version="1.0"?>
<graphml xmlns="http://graphml.graphdrawing.org/xmlns">
  <key id="d0" for="node" attr.name="label" attr.type="string"/>
  <key id="d1" for="node" attr.name="age" attr.type="int"/>
  <key id="d2" for="edge" attr.name="weight" attr.type="double"/>
  <key id="d3" for="node" attr.name="alive" attr.type="boolean"/>
  <graph edgedefault="directed">
    <node id="n0"><data key="d0">Aria &amp; co</data><data key="d1">3</data><data key="d3">true</data>
      <graph><node id="n0::a"><data key="kind">part</data></node></graph></node>
    <node id="n1"/>
    <edge source="n0" target="n1"><data key="d2">0.5</data></edge>
    <edge source="n0" target="nowhere"/>
  </graph>
</graphml>"""


def lines(items):
    return "\n".join(json.dumps(item) for item in items).encode()


def stored():
    entities = {one.name: (one.type, one.properties) for one in KnowledgeEntity.objects.all()}
    relations = KnowledgeRelation.objects.with_ends().values_list("from_name", "relation_type", "to_name")
    return entities, sorted(relations)


class TestReading:
    @pytest.mark.parametrize(
        "content",
        [
            lines(MEMORY),
            b"\xef\xbb\xbf" + lines(MEMORY) + b"\r\n\n",
            json.dumps(MEMORY).encode(),
            json.dumps({"entities": MEMORY[:2], "relations": MEMORY[2:]}, indent=2).encode(),
            json.dumps(
                {
                    "nodes": [
                        {"id": 1, "name": "Aria", "type": "agent", "properties": SAID},
                        {"id": 2, "name": "PostgreSQL", "type": "tool"},
                    ],
                    "edges": [{"from_entity": 1, "to_entity": 2, "relation_type": "uses"}],
                }
            ).encode(),
        ],
    )
    def test_each_format_says_the_same(self, content):
        plan, _ = store(ALICE, read(content), "a file")
        assert plan.problems == []
        assert stored() == (
            {"Aria": ("agent", {"observations": ["Likes tea", "Runs at night"]}), "PostgreSQL": ("tool", {})},
            [("Aria", "uses", "PostgreSQL")],
        )

    def test_graphml(self):
        plan, _ = store(ALICE, read(GRAPHML.encode()), "a file")
        assert [(one.place, one.detail) for one in plan.problems] == [("line 12", "no entity is called “nowhere”")]
        assert stored() == (
            {"Aria & co": ("unknown", {"age": 3, "alive": True}), "n0::a": ("part", {}), "n1": ("unknown", {})},
            [("Aria & co", "related_to", "n1")],
        )
        assert KnowledgeRelation.objects.get().properties == {"weight": 0.5}

    @pytest.mark.parametrize(
        "content",
        [
            *(b"", b"hello", b"\xff\xfe{", b"{", b"[1, 2", b"5", b'"text"', b"[" * 100_000, b"<", b"<a><b></a>"),
            b'<!DOCTYPE a [<!ENTITY b "c">]><graphml>&b;</graphml>',
            b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><graphml/>',
            b"<graphml>&undefined;</graphml>",
            b'{"entities": [{"name": "\\u0000", "type": "x"}]}',
        ],
    )
    def test_what_is_no_graph_is_refused(self, content):
        with pytest.raises(UnreadableBody):
            read(content)

    @pytest.mark.parametrize(
        ("item", "detail"),
        [
            ({"type": "entity", "entityType": "a"}, "no name"),
            ({"type": "entity", "name": "a"}, "its type"),
            ({"type": "entity", "name": ["a"], "entityType": "a"}, "is no text"),
            ({"type": "entity", "name": "a" * 501, "entityType": "a"}, "longer than 500"),
            ({"type": "entity", "name": "a", "entityType": "a", "properties": [1]}, "no object"),
            ({"type": "relation", "from": "Aria", "relationType": "a"}, "no end"),
            ({"type": "relation", "from": "Aria", "to": "Nobody", "relationType": "a"}, "“Nobody”"),
            ({"type": "something"}, '"entity" or "relation"'),
            ([], '"entity" or "relation"'),
        ],
    )
    def test_what_is_wrong_is_told_by_its_line(self, item, detail):
        make_entity("Aria", "agent")
        plan = planned(read(lines([MEMORY[1], item, MEMORY[2]])))
        if item == {"type": "entity", "name": "a"}:
            assert plan.problems == []  # its type is then "entity", as other writers say it
            return
        assert [problem.place for problem in plan.problems] == ["line 2"] and detail in plan.problems[0].detail
        assert len(plan.created) == 1 and len(plan.relations) == 1

    def test_a_broken_line_costs_no_other(self):
        plan = planned(read(lines(MEMORY[:1]) + b"\n{broken\n" + lines(MEMORY[1:])))
        assert [problem.place for problem in plan.problems] == ["line 2"] and len(plan.relations) == 1


class TestStoring:
    def test_what_is_there_is_kept_and_added_to(self):
        aria = make_entity("Aria", "agent", properties={"observations": ["Likes tea", "Sings"], "mood": "calm"})
        relate(aria, make_entity("PostgreSQL", "tool"), "uses")
        again = [MEMORY[0] | {"properties": {"mood": "busy", "home": "here"}}, *MEMORY[1:], *MEMORY]
        plan, edit = store(ALICE, read(lines(again)), "a file")
        assert (len(plan.created), len(plan.updated), plan.unchanged, plan.relations_there) == (0, 1, 1, 1)
        assert plan.differing == [("Aria", "mood")] and not plan.relations
        aria.refresh_from_db()
        assert aria.properties == {
            "observations": ["Likes tea", "Sings", "Runs at night"], "mood": "calm", "home": "here",
        }  # fmt: skip
        assert not planned(read(lines(again))).changes_something

    def test_is_undone_in_one_step(self):
        make_entity("Aria", "agent", properties={"observations": ["Sings"]})
        before = stored()
        _, edit = store(ALICE, read(lines(MEMORY)), "a file")
        assert edit.about == "2 entities and 1 relations from a file"
        undo(ALICE, edit.action)
        assert stored() == before

    def test_relations_find_what_is_there_by_name(self):
        first, _ = make_entity("Aria", "agent"), make_entity("Aria", "opera")
        store(ALICE, read(lines([MEMORY[1], MEMORY[2]])), "a file")
        assert KnowledgeRelation.objects.get().from_entity == first

    @pytest.mark.parametrize("kind", ["jsonl", "json", "graphml"])
    def test_what_is_exported_comes_back(self, browser_client, kind):
        one = make_entity(HOSTILE, HOSTILE, properties={"a": [1, {"b": None}], "observations": ["x"], HOSTILE: "\n"})
        relate(one, make_entity("Aria", "agent"), "uses", properties={"since": 2024})
        relate(make_entity("Aria", "opera", properties={"acts": 4}), one, HOSTILE)
        before, rows = stored(), relation_rows()
        content = b"".join(browser_client.get(f"/knowledge/export?format={kind}").streaming_content)
        assert not planned(read(content)).changes_something
        KnowledgeEntity.objects.all().delete()
        plan, _ = store(ALICE, read(content), "a file")
        assert plan.problems == [] and stored() == before and relation_rows() == rows

    def test_no_export_of_another_kind(self, browser_client):
        assert browser_client.get("/knowledge/export?format=exe").status_code == 404
        assert browser_client.post("/knowledge/export").status_code == 405


def relation_rows():
    fields = ("from_entity__type", "to_entity__type", "relation_type", "properties")
    return sorted(map(str, KnowledgeRelation.objects.values_list(*fields)))


def file(content, name="memory.jsonl"):
    return {"file": SimpleUploadedFile(name, content)}


class TestPages:
    def test_looked_through_then_imported_then_undone(self, browser_client):
        assert browser_client.get("/knowledge/import").status_code == 200
        page = browser_client.post("/knowledge/import", file(lines(MEMORY) + b"\n{broken"), follow=True)
        assert len(page.context["plan"].created) == 2 and b"line 4" in page.content
        assert not KnowledgeEntity.objects.exists()
        path = page.redirect_chain[-1][0]
        done = browser_client.post(path, follow=True)
        assert "Imported 2 entities and 1 relations from memory.jsonl" in said(done)
        assert KnowledgeEntity.objects.count() == 2 and not GraphImport.objects.exists()
        assert browser_client.post(path).status_code == 404
        browser_client.post(f"/knowledge/edits/{GraphEdit.objects.get().action}/undo")
        assert not KnowledgeEntity.objects.exists()

    def test_nothing_new(self, browser_client):
        store(ALICE, read(lines(MEMORY)), "a file")
        page = browser_client.post("/knowledge/import", file(lines(MEMORY)), follow=True)
        assert b"Nothing in it is new" in page.content
        assert "Nothing was new" in said(browser_client.post(page.redirect_chain[-1][0], follow=True))

    @pytest.mark.parametrize("content", [b"", b"hello", b"<!DOCTYPE x><graphml/>", b'{"type": 1e999}'])
    def test_what_cannot_be_read(self, browser_client, content):
        response = browser_client.post("/knowledge/import", file(content))
        assert response.status_code == 422 and b"errorlist" in response.content
        assert browser_client.post("/knowledge/import").status_code == 422

    def test_no_more_than_the_bound(self, browser_client, monkeypatch):
        monkeypatch.setattr(uploads, "LARGEST", 1000)
        assert browser_client.post("/knowledge/import", file(b"x" * 2000)).status_code == 413

    def test_hostile_text_is_text(self, browser_client):
        make_entity(HOSTILE, HOSTILE, properties={HOSTILE: 1})
        item = {"type": "entity", "name": HOSTILE, "entityType": HOSTILE, "properties": {HOSTILE: 2}}
        wrong = {"type": "relation", "from": HOSTILE, "to": HOSTILE + "?", "relationType": HOSTILE}
        page = browser_client.post("/knowledge/import", file(lines([item, wrong]), HOSTILE), follow=True)
        content = page.content.decode()
        assert "<script>alert" not in content and content.count("&lt;script&gt;") >= 3

    def test_strangers(self):
        for path in ("/knowledge/import", "/knowledge/export?format=json"):
            assert Client().get(path).status_code == 302
        assert Client().post("/knowledge/import", file(lines(MEMORY))).status_code == 302
        assert not GraphImport.objects.exists()


class TestApi:
    path = "/api/knowledge-graph/import"

    def test_takes_the_lines_of_an_mcp_memory_server(self, api):
        asked = api.generic("POST", f"{self.path}?dry_run=true", lines(MEMORY), "application/x-ndjson")
        assert asked.json()["entities"] == {"created": 2, "updated": 0, "unchanged": 0}
        assert not KnowledgeEntity.objects.exists()
        done = api.generic("POST", self.path, lines([*MEMORY, {"type": "x"}]), "application/x-ndjson").json()
        assert done["relations"] == {"created": 1, "unchanged": 0} and done["invalid_count"] == 1
        assert done["invalid"][0]["place"] == "line 4" and GraphEdit.objects.get().actor_name == "skill"
        again = api.post(self.path, MEMORY).json()
        assert (again["entities"]["unchanged"], again["relations"]["unchanged"]) == (2, 1)
        assert GraphEdit.objects.count() == 1

    def test_of_several_tries_with_one_key_the_first_counts(self, api):
        for _ in range(2):
            done = api.post(self.path, MEMORY, headers={"Idempotency-Key": "memory"}).json()
            assert done["entities"]["created"] == 2

    @pytest.mark.parametrize("body", [b"", b"hello", b"{", b"[" * 9999, b"<!DOCTYPE x><graphml/>", b"5", b"\xff"])
    def test_what_cannot_be_read(self, api, body):
        assert api.generic("POST", self.path, body, "application/json").status_code == 422

    def test_what_cannot_be_stored(self, api):
        huge = b'[{"type": "entity", "name": "a", "entityType": "b", "properties": {"n": 1e999}}]'
        assert api.generic("POST", self.path, huge, "application/json").status_code == 422
        assert api.generic("POST", self.path, b"[" + b" " * 2_000_001 + b"]", "application/json").status_code == 413

    def test_needs_the_right(self, reader, stranger, api):
        assert reader.post(self.path, MEMORY).status_code == 403 and stranger.post(self.path, MEMORY).status_code == 401
        assert api.get(self.path).status_code == 405
