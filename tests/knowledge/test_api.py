"""The wire contract of both graphs."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from apps.core.models import Change
from apps.knowledge.models import KnowledgeEntity, KnowledgeQueryLog, KnowledgeRelation
from apps.skillset.models import SkillGraphEntity, SkillGraphRelation

pytestmark = pytest.mark.django_db
URL = "/api/knowledge-graph"
ENTITY = {"id", "name", "type", "properties", "created_at", "updated_at"}
RELATION = {"id", "from_entity", "to_entity", "relation_type", "properties", "created_at"}
ENDS = {"from_name", "from_type", "to_name", "to_type"}


def node(name, type="skill", model=SkillGraphEntity, **over):
    return model.objects.create(name=name, type=type, **over)


def edge(start, end, relation_type="provides"):
    model = SkillGraphRelation if isinstance(start, SkillGraphEntity) else KnowledgeRelation
    return model.objects.create(from_entity=start, to_entity=end, relation_type=relation_type)


def names(nodes):
    return [node["name"] for node in nodes]


class TestGraphPages:
    def test_newest_first_with_both_ends_and_true_totals(self, api):
        now = timezone.now()
        old = node("Ada", "person", KnowledgeEntity, created_at=now - timedelta(days=1))
        new = node("Engine", "thing", KnowledgeEntity)
        edge(old, new, "designed")
        page = api.get(f"{URL}?limit=1").json()
        assert names(page["entities"]) == ["Engine"] and page["entities"][0].keys() == ENTITY
        assert page["stats"] == {"entity_count": 2, "relation_count": 1}
        relation = page["relations"][0]
        assert relation.keys() == RELATION | ENDS
        assert (relation["from_name"], relation["to_type"], relation["from_entity"]) == ("Ada", "thing", str(old.id))
        assert names(api.get(f"{URL}?limit=1&offset=1").json()["entities"]) == ["Ada"]

    def test_the_skill_graph_is_by_name(self, api):
        node("b"), node("a")
        page = api.get("/api/skill-graph").json()
        assert names(page["entities"]) == ["a", "b"] and page["entities"][0].keys() == ENTITY - {"updated_at"}

    def test_entities_and_relations(self, api):
        ada = node("Ada", "person", KnowledgeEntity)
        node("Engine", "thing", KnowledgeEntity)
        edge(ada, ada, "knows")
        assert names(api.get(f"{URL}/entities?type=person").json()["entities"]) == ["Ada"]
        assert len(api.get(f"{URL}/entities?type=").json()["entities"]) == 2
        assert api.get(f"{URL}/relations").json()["relations"][0]["from_name"] == "Ada"

    @pytest.mark.parametrize(
        "path",
        ["?limit=0", "?limit=2001", "?offset=-1", "/entities?limit=501", "/relations?limit=0", "/query-log?limit=201",
         "/search?q=", "/search?q=x&limit=0", "/traverse", "/traverse?start=x&max_depth=11",
         "/traverse?start=x&direction=up", "/skill-for-task?task=x&limit=21", "/search?q=x&graph=other"],
    )  # fmt: skip
    def test_bounds(self, api, path):
        assert api.get(URL + path).status_code == 422

    def test_costs_do_not_grow_with_the_page(self, api, django_assert_num_queries):
        nodes = [node(f"n{number}", "t", KnowledgeEntity) for number in range(10)]
        [edge(nodes[0], other) for other in nodes]
        api.get(URL)
        with django_assert_num_queries(5):  # the token, two lists, two counts
            api.get(URL)
        with django_assert_num_queries(2):
            api.get(f"{URL}/relations")


class TestCreate:
    def test_entity_with_history(self, api):
        body = {"name": "Ada", "type": "person", "properties": "first programmer"}
        answer = api.post(f"{URL}/entities", body).json()
        entity = KnowledgeEntity.objects.get()
        assert answer == {"id": str(entity.id), "created": True}
        assert entity.properties == {"message": "first programmer"}
        assert Change.objects.of(entity).get().actor_name == "skill"

    def test_relation(self, api):
        ada = node("Ada", "person", KnowledgeEntity)
        body = {"from_entity": str(ada.id), "to_entity": str(ada.id), "relation_type": "knows", "properties": None}
        assert api.post(f"{URL}/relations", body).json()["created"] is True
        assert KnowledgeRelation.objects.get().properties == {}

    def test_relation_to_nobody(self, api):
        body = {"from_entity": str(uuid4()), "to_entity": str(uuid4()), "relation_type": "knows"}
        response = api.post(f"{URL}/relations", body)
        assert response.status_code == 409
        assert response.json()["detail"].startswith("Relation creation failed: ")
        assert "violates" not in response.json()["detail"]

    @pytest.mark.parametrize(
        ("path", "body", "field"),
        [
            ("entities", {"type": "t"}, "name"),
            ("entities", {"name": "", "type": "t"}, "name"),
            ("entities", {"name": "x" * 501, "type": "t"}, "name"),
            ("entities", {"name": "x", "type": "t" * 101}, "type"),
            ("entities", {"name": "x", "type": "t", "properties": [1]}, "properties"),
            ("relations", {"from_entity": "x", "to_entity": str(uuid4()), "relation_type": "r"}, "from_entity"),
            ("relations", {"from_entity": str(uuid4()), "to_entity": str(uuid4())}, "relation_type"),
        ],
    )
    def test_bad_bodies(self, api, path, body, field):
        response = api.post(f"{URL}/{path}", body)
        assert response.status_code == 422 and response.json()["detail"][0]["loc"] == ["body", field]

    def test_noise_is_kept_unless_switched_off(self, api, settings):
        assert api.post(f"{URL}/entities", {"name": "pytest", "type": "tool"}).json()["created"] is True
        settings.ARIA_NOISE_FILTER = True
        dropped = {"created": False, "skipped": True, "reason": "test_or_noise_payload"}
        assert api.post(f"{URL}/entities", {"name": "pytest", "type": "tool"}).json() == dropped
        assert api.post(f"{URL}/entities", {"name": "the latest contest", "type": "t"}).json()["created"] is True


def test_auto_generated_empties_the_skill_graph_only(api):
    edge(node("a"), node("b"))
    node("kept", "t", KnowledgeEntity)
    answer = api.delete(f"{URL}/auto-generated").json()
    assert answer == {"deleted_entities": 2, "deleted_relations": 1, "status": "ok"}
    assert KnowledgeEntity.objects.count() == 1 and not SkillGraphEntity.objects.exists()


class TestTraverse:
    @pytest.fixture
    def chain(self):
        """a -> b -> c -> a, and a -> d."""
        a, b, c, d = (node(name) for name in "abcd")
        for start, end in ((a, b), (b, c), (c, a), (a, d)):
            edge(start, end)
        return a, b, c, d

    def get(self, api, **params):
        return api.get(f"{URL}/traverse", params).json()

    def test_goes_outwards_nearest_first_and_round_a_cycle_once(self, api, chain):
        found = self.get(api, start="a")
        assert names(found["nodes"]) == ["a", "b", "d", "c"]
        assert (found["traversal_depth"], found["total_nodes"], found["total_edges"]) == (3, 4, 4)
        assert found["edges"][0].keys() == RELATION

    def test_depth_bounds_nodes_and_edges(self, api, chain):
        found = self.get(api, start="a", max_depth=1)
        assert names(found["nodes"]) == ["a", "b", "d"] and found["total_edges"] == 2

    def test_direction(self, api, chain):
        assert names(self.get(api, start="d")["nodes"]) == ["d"]
        assert names(self.get(api, start="d", direction="incoming")["nodes"]) == ["d", "a", "c", "b"]
        both = self.get(api, start="d", direction="both")
        assert both["total_nodes"] == 4
        assert len({edge["id"] for edge in both["edges"]}) == len(both["edges"]) == 4

    def test_relation_type(self, api, chain):
        edge(chain[3], node("e"), "affinity")
        assert names(self.get(api, start="d", relation_type="affinity")["nodes"]) == ["d", "e"]
        assert names(self.get(api, start="d", relation_type="none")["nodes"]) == ["d"]

    def test_start_by_id_and_by_an_ambiguous_name(self, api):
        now = timezone.now()
        focus = node("social", "focus_mode", created_at=now - timedelta(hours=1))
        category = node("social", "category")
        assert self.get(api, start=str(category.id))["nodes"][0]["type"] == "category"
        assert self.get(api, start="social")["nodes"][0]["id"] == str(focus.id)
        assert self.get(api, start="social", type="category")["nodes"][0]["id"] == str(category.id)

    def test_unknown_start(self, api):
        assert self.get(api, start="nobody") == {"error": "Entity not found: nobody", "nodes": [], "edges": []}
        assert not KnowledgeQueryLog.objects.exists()

    def test_the_organic_graph_too(self, api):
        ada, engine = node("Ada", "person", KnowledgeEntity), node("Engine", "thing", KnowledgeEntity)
        edge(ada, engine)
        assert names(self.get(api, start="Ada", graph="knowledge")["nodes"]) == ["Ada", "Engine"]

    def test_a_hub_is_cut_at_a_thousand_nodes(self, api, django_assert_max_num_queries):
        hub = node("hub")
        leaves = SkillGraphEntity.objects.bulk_create(SkillGraphEntity(name=f"l{n}", type="t") for n in range(1500))
        SkillGraphRelation.objects.bulk_create(
            SkillGraphRelation(from_entity=hub, to_entity=leaf, relation_type="r") for leaf in leaves
        )
        with django_assert_max_num_queries(8):
            found = self.get(api, start="hub")
        assert found["total_nodes"] == 1000 and found["total_edges"] == 999


class TestSearch:
    def test_by_name_or_description(self, api):
        node("web_search", "tool", properties={"description": "Looks things up"})
        node("lookup", "tool")
        node("other", "skill")
        found = api.get(f"{URL}/search", {"q": "LOOK"}).json()
        assert names(found["results"]) == ["lookup", "web_search"] and (found["query"], found["count"]) == ("LOOK", 2)
        assert api.get(f"{URL}/search", {"q": "o", "entity_type": "skill"}).json()["count"] == 1

    def test_wildcards_are_ordinary_characters(self, api):
        node("100% sure")
        node("100 percent")
        assert names(api.get(f"{URL}/search", {"q": "100%"}).json()["results"]) == ["100% sure"]


class TestSkillForTask:
    @pytest.fixture
    def skills(self):
        research = node("aria-research", properties={"description": "Read papers and summarise the literature"})
        market = node("aria-market-data", properties={"description": "Prices and portfolios"})
        tool = node("translate_text", "tool", properties={"description": "Translate a text between languages"})
        edge(market, tool)
        return research, market

    def ask(self, api, task, **params):
        return api.get(f"{URL}/skill-for-task", {"task": task, **params}).json()

    def test_a_natural_sentence_finds_the_skill(self, api, skills):
        found = self.ask(api, "Please summarise the newest papers on pgvector")
        assert [c["name"] for c in found["candidates"]] == ["aria-research"]
        assert found["candidates"][0]["match_type"] == "direct" and found["candidates"][0]["relevance"] == "high"
        assert (found["count"], found["tools_searched"]) == (1, 0)

    def test_a_tool_leads_to_its_skill(self, api, skills):
        found = self.ask(api, "translate this letter")
        assert [(c["name"], c["match_type"], c["relevance"]) for c in found["candidates"]] == [
            ("aria-market-data", "via_tool", "medium")
        ]
        assert found["tools_searched"] == 1

    def test_nothing_fits(self, api, skills):
        assert self.ask(api, "zzz")["candidates"] == []
        assert self.ask(api, "%%")["candidates"] == []

    def test_costs_three_reads_and_the_log(self, api, skills, django_assert_num_queries):
        self.ask(api, "papers")
        with django_assert_num_queries(5):
            self.ask(api, "papers and translate")


def test_the_query_log_tells_what_was_asked(api):
    node("a")
    api.get(f"{URL}/traverse", {"start": "a", "max_depth": 2})
    api.get(f"{URL}/search", {"q": "a"})
    api.get(f"{URL}/skill-for-task", {"task": "a"})
    log = api.get(f"{URL}/query-log").json()
    assert [entry["query_type"] for entry in log["logs"]] == ["skill_for_task", "search", "traverse"]
    assert log["count"] == 3
    entry = log["logs"][2]
    assert entry["params"] == {"start": "a", "relation_type": None, "max_depth": 2, "direction": "outgoing"}
    assert (entry["source"], entry["result_count"], entry["used_result"], entry["tokens_saved"]) == (
        "api",
        1,
        False,
        None,
    )
    assert api.get(f"{URL}/query-log?query_type=search").json()["count"] == 1
