"""Walks and paths beside a plain search in Python, on graphs made by chance."""

from collections import defaultdict
from random import Random

import pytest

from apps.knowledge import between, traversal
from apps.knowledge.browser import paths
from apps.knowledge.models import KnowledgeEntity, KnowledgeRelation

pytestmark = pytest.mark.django_db
TYPES = ("uses", "needs")


def random_graph(seed, nodes=40, relations=90):
    """Its names in order, and its relations; two nodes have many of these."""
    chance = Random(seed)
    entities = KnowledgeEntity.objects.bulk_create(
        KnowledgeEntity(name=f"n{number:02}", type="concept") for number in range(nodes)
    )
    some = [*entities, *entities[:2] * 15]
    return KnowledgeRelation.objects.bulk_create(
        KnowledgeRelation(
            from_entity=chance.choice(some), to_entity=chance.choice(some), relation_type=chance.choice(TYPES)
        )
        for _ in range(relations)
    )


def steps(relations, direction):
    """Pairs of names that a walk may take, each with its relation."""
    for one in relations:
        if direction != "incoming":
            yield one.from_entity.name, one.to_entity.name, one
        if direction != "outgoing":
            yield one.to_entity.name, one.from_entity.name, one


def rings_from(start, ways, depth):
    rings, seen = [[start]], {start}
    for _ in range(depth):
        ring = sorted({end for begin, end, _ in ways if begin in rings[-1]} - seen)
        rings.append(ring)
        seen |= set(ring)
    return rings


@pytest.mark.parametrize("direction", ["outgoing", "incoming", "both"])
@pytest.mark.parametrize("many", [3, 100])
def test_finds_what_a_plain_search_finds(api, monkeypatch, direction, many):
    monkeypatch.setattr(between, "MANY", many)
    for seed, relation_type, depth in ((1, "", 2), (2, "", 3), (3, "uses", 4)):
        KnowledgeEntity.objects.all().delete()
        relations = [one for one in random_graph(seed) if relation_type in ("", one.relation_type)]
        ways = list(steps(relations, direction))
        rings = rings_from("n01", ways, depth)
        asked = {"start": "n01", "graph": "knowledge", "direction": direction, "max_depth": depth}
        found = api.get("/api/knowledge-graph/traverse", asked | {"relation_type": relation_type}).json()
        assert [node["name"] for node in found["nodes"]] == [name for ring in rings for name in ring]
        inner, nodes = (set(sum(some, [])) for some in (rings[:depth], rings))
        edges = {one for start, end, one in ways if start in inner and end in nodes}
        in_order = [str(one.id) for one in sorted(edges, key=lambda one: (one.relation_type, one.id))]
        assert [edge["id"] for edge in found["edges"]] == in_order
        assert (found["total_nodes"], found["total_edges"]) == (len(found["nodes"]), len(edges))


def test_fills_the_room_there_is_with_the_nearest(api, monkeypatch):
    monkeypatch.setattr(traversal, "MOST_NODES", 20)
    relations = random_graph(1)
    near = rings_from("n05", list(steps(relations, "both")), 1)
    asked = {"start": "n05", "graph": "knowledge", "direction": "both", "max_depth": 5}
    found = [node["name"] for node in api.get("/api/knowledge-graph/traverse", asked).json()["nodes"]]
    assert len(set(found)) == 20 and found[: 1 + len(near[1])] == sum(near, [])


def shortest_ways(start, end, ways):
    """All of them, as names."""
    after = defaultdict(set)
    for one, other, _ in ways:
        after[one].add(other)
    level, seen = [[start]], {start}
    while level and not (there := [way for way in level if way[-1] == end]):
        level = [[*way, name] for way in level for name in after[way[-1]] - seen]
        seen |= {way[-1] for way in level}
    return there if level else []


@pytest.mark.parametrize("direction", ["outgoing", "incoming", "both"])
@pytest.mark.parametrize("cheap", [3, 1000])
def test_paths_are_those_of_a_plain_search(browser_client, monkeypatch, direction, cheap):
    monkeypatch.setattr(paths, "CHEAP", cheap)
    for seed, relations in ((4, 60), (5, 100)):
        KnowledgeEntity.objects.all().delete()
        ways = list(steps(random_graph(seed, relations=relations), direction))
        pairs = {(start, end) for start, end, _ in ways}
        for start, end in (("n00", "n01"), ("n02", "n03"), ("n04", "n30"), ("n06", "n05")):
            expected = shortest_ways(start, end, ways)
            asked = f"/knowledge/paths?from={start}&to={end}&direction={direction}"
            found = browser_client.get(asked).context["paths"].found
            names = [[path.start.name, *(step.to.name for step in path.steps)] for path in found]
            shortest = [way for way in names if len(way) == len(names[0])]
            assert len(shortest) == len(set(map(tuple, shortest))) == min(5, len(expected))
            assert all(way in expected for way in shortest)
            assert all(pair in pairs for way in names for pair in zip(way, way[1:], strict=False))
