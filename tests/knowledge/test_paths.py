"""Ways between two nodes, downloads of what is shown, and the page of the skill graph."""

import json
from uuid import UUID
from xml.etree import ElementTree

import pytest

from apps.knowledge.browser import paths
from apps.knowledge.models import KnowledgeEntity
from apps.skillset.models import SkillGraphEntity
from tests.factories import make_person
from tests.knowledge.graphs import make_entity, make_skill_node, make_star, relate
from tests.knowledge.test_browser import HOSTILE

pytestmark = pytest.mark.django_db


def chain(*names, relation_type="uses"):
    nodes = [make_entity(name) for name in names]
    for one, other in zip(nodes, nodes[1:], strict=False):
        relate(one, other, relation_type)
    return nodes


def found(response):
    return [
        " ".join([path.start.name, *(step.to.name for step in path.steps)]) for path in response.context["paths"].found
    ]


class TestPaths:
    def test_the_shortest_first_and_no_more_than_a_step_longer(self, browser_client):
        a, b, c, d = chain("a", "b", "c", "d")
        relate(a, d, "knows")
        e = make_entity("e")
        relate(d, e), relate(e, a)
        response = browser_client.get("/knowledge/paths?from=a&to=d")
        assert found(response) == ["a d", "a e d"]
        assert b"knows" in response.content and len(response.context["drawing"].marks) == 3

    def test_the_direction_and_the_types_that_are_wanted(self, browser_client):
        a, b, c = chain("a", "b", "c")
        relate(c, a, "knows")
        assert found(browser_client.get("/knowledge/paths?from=a&to=c")) == ["a c", "a b c"]
        assert found(browser_client.get("/knowledge/paths?from=a&to=c&direction=outgoing")) == ["a b c"]
        assert found(browser_client.get("/knowledge/paths?from=a&to=c&direction=incoming")) == ["a c"]
        assert found(browser_client.get("/knowledge/paths?from=a&to=c&relation=uses")) == ["a b c"]
        assert found(browser_client.get("/knowledge/paths?from=c&to=b&direction=incoming&relation=uses")) == ["c b"]
        [step] = browser_client.get("/knowledge/paths?from=a&to=c&relation=knows").context["paths"].found[0].steps
        assert step.relation_types == ["knows"] and not step.forward

    def test_no_more_than_five(self, browser_client):
        a, b = make_entity("a"), make_entity("b")
        for middle in make_star(a, [f"m{number}" for number in range(8)]):
            relate(middle, b)
        assert len(found(browser_client.get("/knowledge/paths?from=a&to=b"))) == 5

    def test_long_ways_through_hubs(self, browser_client):
        nodes = chain(*(f"n{number}" for number in range(7)))
        make_star(nodes[3], [f"leaf {number}" for number in range(50)])
        [way] = found(browser_client.get(f"/knowledge/paths?from={nodes[0].pk}&to={nodes[6].pk}"))
        assert way == "n0 n1 n2 n3 n4 n5 n6"

    def test_the_way_is_found_among_many_others(self, browser_client, monkeypatch):
        monkeypatch.setattr(paths, "MOST_MEETING", 3)
        monkeypatch.setattr(paths, "MOST_BEFORE", 2)
        a, b = make_entity("a"), make_entity("b")
        hubs = make_star(a, ["hub 1", "hub 2"])
        leaves = [leaf for hub in hubs for leaf in make_star(hub, [f"{hub.name} {number}" for number in range(40)])]
        for leaf in leaves[::10]:
            relate(leaf, b)
        response = browser_client.get("/knowledge/paths?from=a&to=b")
        assert {len(path.steps) for path in response.context["paths"].found} == {3}

    def test_nothing_connects_them(self, browser_client):
        make_entity("a"), make_entity("b")
        assert b"Nothing connects them" in browser_client.get("/knowledge/paths?from=a&to=b").content
        assert b"the same node" in browser_client.get("/knowledge/paths?from=a&to=a").content

    def test_it_says_when_it_gave_up(self, browser_client, monkeypatch):
        monkeypatch.setattr(paths, "MOST_SEEN", 4)
        chain("a", "b", "c", "d", "e", "f")
        assert b"the search gave up" in browser_client.get("/knowledge/paths?from=a&to=f").content

    def test_a_name_that_is_not_exact_is_asked_back(self, browser_client):
        chain("PostgreSQL", "Grafana")
        response = browser_client.get("/knowledge/paths?from=postgres&to=Grafana")
        assert [node.name for node in response.context["start"]["meant"]] == ["PostgreSQL"]
        assert b"Which is meant" in response.content

    @pytest.mark.parametrize(
        "query", ["", "from=%00&to=%00", "from=x", f"from={UUID(int=1)}&to={UUID(int=2)}", "from='&to=%25"]
    )
    def test_any_ends_may_be_asked_for(self, browser_client, query):
        make_entity("x")
        assert browser_client.get(f"/knowledge/paths?{query}").status_code == 200
        assert browser_client.get(f"/skill-graph/paths?{query}").status_code == 200

    def test_methods_strangers_and_queries(self, browser_client, client, django_assert_max_num_queries):
        chain("a", "b", "c", "d")
        assert browser_client.post("/knowledge/paths").status_code == 405
        assert client.get("/knowledge/paths").status_code == 302
        with django_assert_max_num_queries(30):  # two a step, and of neighbours no more for more of them
            browser_client.get("/knowledge/paths?from=a&to=d")


class TestDownloads:
    @pytest.fixture
    def node(self, db):
        node = make_entity("Aria\x08" + HOSTILE, "agent", properties={"purpose": "\x0bops"})
        make_star(node, ["kimi", "qwen"])
        return node

    def test_json_and_graphml_have_the_nodes_and_relations(self, browser_client, node):
        data = json.loads(browser_client.get(f"/knowledge/{node.pk}?format=json").content)
        assert {one["name"] for one in data["nodes"]} == {node.name, "kimi", "qwen"} and len(data["edges"]) == 2
        answer = browser_client.get(f"/knowledge/{node.pk}?format=graphml")
        assert "attachment" in answer["Content-Disposition"]
        graph = ElementTree.fromstring(answer.content)
        tags = [element.tag.rpartition("}")[2] for element in graph.iter()]
        assert tags.count("node") == 3 and tags.count("edge") == 2
        assert any("<script>" in (element.text or "") for element in graph.iter())

    def test_svg_is_a_picture_of_its_own(self, browser_client, node):
        content = browser_client.get(f"/knowledge/{node.pk}?format=svg").content.decode()
        picture = ElementTree.fromstring(content)
        assert picture.tag.endswith("svg") and "<script>" not in content and content.count("<use") == 3

    def test_only_what_the_filters_leave(self, browser_client, node):
        data = json.loads(browser_client.get(f"/knowledge/{node.pk}?format=json&direction=incoming").content)
        assert len(data["nodes"]) == 1 and data["edges"] == []

    def test_of_paths_too(self, browser_client):
        chain("a", "b", "c")
        data = json.loads(browser_client.get("/knowledge/paths?from=a&to=c&format=json").content)
        assert [one["name"] for one in data["nodes"]] == ["a", "b", "c"]


class TestSkillPage:
    @pytest.fixture
    def skill(self, db):
        skill = make_skill_node("aria-market-data", properties={"description": "Prices of coins"})
        tool = make_skill_node("get_price", "tool", properties={"description": "The price of a coin now"})
        relate(skill, tool, "provides")
        return skill

    def test_the_best_skill_and_why(self, browser_client, skill):
        response = browser_client.get("/skill-graph?task=what+is+the+price+of+a+coin")
        [answer] = response.context["answers"]
        assert answer.skill.name == "aria-market-data" and answer.skill.words == ["price", "coin"]
        assert answer.tools[0].name == "get_price" and b"It provides" in response.content
        assert b"No skill and no tool" in browser_client.get("/skill-graph?task=zzz").content

    def test_staff_sync_it(self, client, browser_client, skill):
        assert browser_client.post("/skill-graph/sync").status_code == 403
        client.force_login(make_person("root", is_staff=True))
        assert client.get("/skill-graph/sync").status_code == 405
        response = client.post("/skill-graph/sync", follow=True)
        assert b"Synced" in response.content and SkillGraphEntity.objects.filter(name="aria-goals").exists()
        assert b"Sync from manifests" in client.get("/skill-graph").content
        assert b"Sync from manifests" not in browser_client.get("/skill-graph").content

    def test_what_a_manifest_says_wrongly_is_shown(self, client, settings, tmp_path):
        (tmp_path / "broken").mkdir()
        (tmp_path / "broken" / "skill.json").write_text("{")
        settings.ARIA_SKILLS_DIR = str(tmp_path)
        client.force_login(make_person("root", is_staff=True))
        assert b"broken/skill.json" in client.post("/skill-graph/sync", follow=True).content

    def test_without_manifests_it_says_so(self, client, settings, tmp_path):
        settings.ARIA_SKILLS_DIR = str(tmp_path / "none")
        client.force_login(make_person("root", is_staff=True))
        assert b"Not synced" in client.post("/skill-graph/sync", follow=True).content
        assert KnowledgeEntity.objects.count() == 0
