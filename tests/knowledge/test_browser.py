"""The pages that show a part of a graph: search, a node with its neighbours, its relations."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.cache import cache
from django.utils import timezone

from apps.knowledge import between
from apps.knowledge.browser import drawing as drawings
from apps.knowledge.browser import found as searching
from apps.knowledge.browser import relations as bounds
from apps.knowledge.models import KnowledgeEntity, KnowledgeRelation
from tests.knowledge.graphs import make_entity, make_skill_node, make_star, relate

pytestmark = pytest.mark.django_db
HOSTILE = "<script>alert(1)</script>'\"&{{7*7}}"
MOST_QUERIES = 12


@pytest.fixture(autouse=True)
def types_not_known_yet():
    cache.clear()


def names(nodes):
    return [node.name for node in nodes]


def shown(response):
    return names(response.context["shown"].others)


def marks(response):
    return {mark.node.name: (mark.x, mark.y) for mark in response.context["drawing"].marks}


@pytest.fixture
def aria(db):
    """Aria uses four tools, one of which is well connected; a person owns her."""
    aria = make_entity("Aria", "agent", properties={"purpose": "operations", "checked": True, "tags": ["a", "b"]})
    make_star(aria, ["PostgreSQL", "LiteLLM", "Grafana", "OpenClaw"])
    relate(make_entity("Najia", "person"), aria, "owns")
    make_star(KnowledgeEntity.objects.get(name="LiteLLM"), ["kimi", "qwen", "glm"], "routes_to", "model")
    return aria


class TestSearch:
    def test_by_name_and_description_the_closest_first(self, browser_client):
        for name in ("kimi k2", "kimi", "the kimi model"):
            make_entity(name, "model")
        make_entity("other", properties={"description": "cheaper than KIMI"})
        response = browser_client.get("/knowledge?q=kimi")
        assert names(response.context["found"].nodes) == ["kimi", "kimi k2", "the kimi model", "other"]

    def test_all_words_must_be_there_in_any_order(self, browser_client):
        make_entity("token budget", properties={"description": "what a day may cost"}), make_entity("token")
        assert names(browser_client.get("/knowledge?q=cost+token").context["found"].nodes) == ["token budget"]

    def test_what_is_misspelt_finds_the_like(self, browser_client):
        make_entity("PostgreSQL"), make_entity("Grafana")
        response = browser_client.get("/knowledge?q=postgersql")
        assert names(response.context["found"].nodes) == ["PostgreSQL"] and b"spelt nearly so" in response.content

    def test_of_what_is_misspelt_the_likest_come_first(self, browser_client, monkeypatch):
        monkeypatch.setattr(searching, "SHOWN", 1)
        for name in ("Session review", "Sensible menu", "Sesion reviews"):
            make_entity(name)
        response = browser_client.get("/knowledge?q=sesion+revew")
        assert names(response.context["found"].nodes) == ["Sesion reviews"]

    def test_costs_few_queries_though_nothing_is_like_it(self, browser_client, aria, django_assert_max_num_queries):
        with django_assert_max_num_queries(MOST_QUERIES):
            assert not browser_client.get("/knowledge?q=zzzz").context["found"].nodes

    def test_hubs_are_counted_by_type_to_the_last(self, browser_client, monkeypatch):
        monkeypatch.setattr(bounds, "MOST_DEGREE", 3)
        hub = make_star(make_entity("hub"), ["t1", "t2", "t3", "t4"])[0].relations_in.get().from_entity
        relate(hub, make_entity("rare"), "zones")
        results = browser_client.get("/knowledge?q=hub").context["found"]
        assert (results.nodes[0].degree, results.relations) == (3, [("uses", 1), ("zones", 1)])
        narrowed = browser_client.get("/knowledge?relation=zones").context["found"]
        assert sorted(names(narrowed.nodes)) == ["hub", "rare"]

    def test_types_and_relations_narrow_and_are_counted(self, browser_client, aria):
        found = browser_client.get("/knowledge").context["found"]
        assert dict(found.types) == {"tool": 4, "model": 3, "agent": 1, "person": 1}
        assert dict(found.relations) == {"uses": 5, "routes_to": 4, "owns": 2}
        assert set(names(browser_client.get("/knowledge?type=model").context["found"].nodes)) == {"kimi", "qwen", "glm"}
        narrowed = browser_client.get("/knowledge?relation=routes_to&type=tool").context["found"]
        assert names(narrowed.nodes) == ["LiteLLM"] and narrowed.nodes[0].degree == 4

    def test_without_a_text_the_newest(self, browser_client):
        make_entity("old", created_at=timezone.now() - timedelta(days=1)), make_entity("new")
        assert names(browser_client.get("/knowledge").context["found"].nodes) == ["new", "old"]

    def test_of_nothing_it_says_how_nodes_get_there(self, browser_client):
        assert b"POST /api/knowledge-graph/entities" in browser_client.get("/knowledge").content
        assert b"manifests" in browser_client.get("/skill-graph").content

    @pytest.mark.parametrize("q", ["%", "_", "a", "\\", "é", "x" * 5000, "a%00b", "'", "(((", "%20"])
    def test_any_text_may_be_asked_for(self, browser_client, aria, q):
        assert browser_client.get(f"/knowledge?q={q}&type={q}").status_code == 200
        assert browser_client.get(f"/knowledge?q={q}").status_code == 200


class TestNode:
    def test_neighbours_the_most_connected_first(self, browser_client, aria):
        response = browser_client.get(f"/knowledge/{aria.pk}")
        assert shown(response)[0] == "LiteLLM" and set(shown(response)) == {
            *("LiteLLM", "Najia", "PostgreSQL", "Grafana", "OpenClaw"),
        }
        counted = {(one.direction, one.relation_type): one.relations for one in response.context["relations"]}
        assert counted == {("outgoing", "uses"): 4, ("incoming", "owns"): 1}

    def test_the_newest_first(self, browser_client, aria):
        relate(aria, make_entity("later"), created_at=timezone.now() + timedelta(hours=1))
        assert shown(browser_client.get(f"/knowledge/{aria.pk}?rank=newest"))[0] == "later"

    def test_the_table_says_what_the_picture_shows(self, browser_client, aria):
        response = browser_client.get(f"/knowledge/{aria.pk}?depth=2")
        drawing, content = response.context["drawing"], response.content.decode()
        assert len(drawing.marks) == 9 and len(drawing.lines) == 8
        links = [link for node in response.context["shown"].nodes.values() for link in node.links]
        assert len(links) == 8
        for name in ("kimi", "qwen", "glm", "Najia"):
            assert content.count(f">{name}</a>") == 1 and f">{name}</text>" in content

    def test_depth_and_filters(self, browser_client, aria):
        ask = f"/knowledge/{aria.pk}?"
        assert set(shown(browser_client.get(ask + "depth=2"))) > {"kimi", "qwen", "glm"}
        assert shown(browser_client.get(ask + "direction=incoming")) == ["Najia"]
        assert shown(browser_client.get(ask + "relation=owns")) == ["Najia"]
        assert shown(browser_client.get(ask + "type=person&depth=3")) == ["Najia"]
        assert len(shown(browser_client.get(ask + "relation=owns&relation=uses"))) == 5
        assert b"No neighbour matches" in browser_client.get(ask + "type=nothing").content

    def test_expands_and_collapses_by_links(self, browser_client, aria):
        response = browser_client.get(f"/knowledge/{aria.pk}")
        lite = next(node for node in response.context["shown"].others if node.name == "LiteLLM")
        assert lite.more == "3" and lite.toggle.replace("&", "&amp;") in response.content.decode()
        expanded = browser_client.get(lite.toggle)
        assert set(shown(expanded)) > {"kimi", "qwen", "glm"}
        lite = next(node for node in expanded.context["shown"].others if node.name == "LiteLLM")
        assert lite.opened and shown(browser_client.get(lite.toggle)) == shown(response)

    def test_what_was_there_stays_where_it_is(self, browser_client, aria):
        before = browser_client.get(f"/knowledge/{aria.pk}")
        lite = next(node for node in before.context["shown"].others if node.name == "LiteLLM")
        after = marks(browser_client.get(lite.toggle))
        assert {name: after[name] for name in marks(before)} == marks(before)
        assert marks(browser_client.get(f"/knowledge/{aria.pk}")) == marks(before)

    def test_what_is_not_shown_is_said(self, browser_client):
        hub = make_entity("hub")
        make_star(hub, [f"n{number}" for number in range(30)])
        response = browser_client.get(f"/knowledge/{hub.pk}")
        assert len(shown(response)) == 25 and response.context["more"] == "5"
        assert len(shown(browser_client.get(f"/knowledge/{hub.pk}?show=50"))) == 30

    def test_counts_of_hubs_have_a_cap(self, browser_client, monkeypatch):
        monkeypatch.setattr(bounds, "MOST_OF_TYPE", 20)
        hub = make_entity("hub")
        make_star(hub, [f"n{number}" for number in range(30)])
        response = browser_client.get(f"/knowledge/{hub.pk}")
        [count] = response.context["relations"]
        assert count.relations == 20 and count.capped and b"20+" in response.content

    def test_lines_between_neighbours_also_of_hubs(self, browser_client, aria, monkeypatch):
        relate(KnowledgeEntity.objects.get(name="Najia"), KnowledgeEntity.objects.get(name="Grafana"), "reads")
        few = browser_client.get(f"/knowledge/{aria.pk}").context["shown"].edges
        monkeypatch.setattr(between, "MANY", 1)
        many = browser_client.get(f"/knowledge/{aria.pk}").context["shown"].edges
        assert set(few) == set(many) and any(edge.relation_type == "reads" for edge in few)

    def test_loops_and_several_relations_of_two(self, browser_client, aria):
        relate(aria, aria, "knows"), relate(aria, KnowledgeEntity.objects.get(name="Najia"), "works_for")
        response = browser_client.get(f"/knowledge/{aria.pk}")
        assert response.status_code == 200 and len(response.context["drawing"].lines) == 5
        assert any(line.both for line in response.context["drawing"].lines)

    def test_types_are_beside_lines_only_where_there_are_few(self, browser_client, aria, monkeypatch):
        assert browser_client.get(f"/knowledge/{aria.pk}").content.count(b'class="relation"')
        monkeypatch.setattr(drawings, "MOST_LABELLED", 1)
        assert not browser_client.get(f"/knowledge/{aria.pk}").content.count(b'class="relation"')

    def test_properties_by_their_kind(self, browser_client, aria):
        session = uuid4()
        KnowledgeEntity.objects.filter(pk=aria.pk).update(
            properties={"session_id": str(session), "since": "2026-01-31T10:00:00Z", "ok": True, "n": None, "l": [1]}
        )
        response = browser_client.get(f"/knowledge/{aria.pk}")
        kinds = {one.name: (one.kind, one.url, bool(one.moment)) for one in response.context["properties"]}
        assert kinds["session_id"] == ("session", f"/sessions/{session}", False)
        assert kinds["since"][2] and kinds["ok"][0] == "yes or no" and kinds["l"][0] == "list"

    @pytest.mark.parametrize(
        "properties", [[], "text", 5, None, {"items": "x"}, {"": {"a": 1}}, {"since": "9999-99-99T00:00"}]
    )
    def test_any_properties_may_come(self, browser_client, aria, properties):
        KnowledgeEntity.objects.filter(pk=aria.pk).update(properties=properties if properties is not None else {})
        KnowledgeRelation.objects.update(properties=properties if properties is not None else {})
        assert browser_client.get(f"/knowledge/{aria.pk}").status_code == 200
        assert browser_client.get(f"/knowledge/{aria.pk}/relations").status_code == 200

    def test_who_made_and_changed_it(self, browser_client, api):
        made = api.post("/api/knowledge-graph/entities", {"name": "Ada", "type": "person"}).json()["id"]
        KnowledgeEntity.objects.filter(pk=made).update(properties={"born": 1815})
        response = browser_client.get(f"/knowledge/{made}")
        assert response.context["made"].actor_name == "skill"
        assert response.context["history"][0].parts == [("properties.born", None, 1815)]

    def test_hostile_text_is_text(self, browser_client):
        node = make_entity(HOSTILE, HOSTILE, properties={HOSTILE: HOSTILE})
        relate(node, make_entity(HOSTILE, HOSTILE), HOSTILE)
        for page in ("", "?depth=3", "/relations", f"/relations?relation={HOSTILE}"):
            content = browser_client.get(f"/knowledge/{node.pk}{page}").content.decode()
            assert "<script>alert" not in content and "&lt;script&gt;" in content
        assert "<script>alert" not in browser_client.get("/knowledge", {"q": HOSTILE}).content.decode()

    @pytest.mark.parametrize(
        "query",
        [
            "depth=9&show=-1&direction=up&rank=%00",
            "relation=%00&type=%00&expand=%00,,x,1",
            "expand=00000000-0000-0000-0000-000000000000",
            "relation=" + "&relation=".join(map(str, range(100))),
        ],
    )
    def test_what_makes_no_sense_is_left_out(self, browser_client, aria, query):
        assert browser_client.get(f"/knowledge/{aria.pk}?{query}").status_code == 200

    def test_unknown_nodes_methods_and_strangers(self, browser_client, client, aria):
        assert browser_client.get(f"/knowledge/{uuid4()}").status_code == 404
        for page in ("/knowledge", f"/knowledge/{aria.pk}", f"/knowledge/{aria.pk}/relations", "/skill-graph"):
            assert browser_client.post(page).status_code == 405
            assert client.get(page).status_code == 302

    def test_costs_few_queries_however_many_nodes(self, browser_client, aria, django_assert_max_num_queries):
        lite = KnowledgeEntity.objects.get(name="LiteLLM")
        for page in ("/knowledge", f"/knowledge/{aria.pk}", f"/knowledge/{aria.pk}/relations"):
            with django_assert_max_num_queries(MOST_QUERIES):
                browser_client.get(page)
        with django_assert_max_num_queries(MOST_QUERIES):
            browser_client.get(f"/knowledge/{aria.pk}?depth=3&expand={lite.pk}")


class TestSkills:
    def test_the_same_of_the_skill_graph_in_columns(self, browser_client):
        skill = make_skill_node("aria-goals")
        for tool in ("list_goals", "create_goal"):
            relate(skill, make_skill_node(tool, "tool"), "provides")
        response = browser_client.get(f"/skill-graph/{skill.pk}")
        columns = {mark.node.type: mark.x for mark in response.context["drawing"].marks}
        assert columns["skill"] < columns["tool"]
        assert names(browser_client.get("/skill-graph?q=goals").context["found"].nodes)[0] == "aria-goals"


class TestRelations:
    def test_one_type_and_direction_by_pages(self, browser_client):
        hub = make_entity("hub")
        make_star(hub, [f"n{number}" for number in range(60)])
        relate(hub, make_entity("person"), "knows")
        response = browser_client.get(f"/knowledge/{hub.pk}/relations?relation=uses")
        page = response.context["page"]
        assert len(page.rows) == 50 and page.older
        older = browser_client.get(f"/knowledge/{hub.pk}/relations", {"relation": "uses", "older_than": page.older})
        assert len(older.context["page"].rows) == 10
        assert (
            b"No relations lead to it"
            in browser_client.get(f"/knowledge/{hub.pk}/relations?direction=incoming").content
        )
