"""The shortest ways between two nodes."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import igraph

from apps.knowledge.browser.neighbourhood import Neighbourhood, ShownNode
from apps.knowledge.browser.relations import Edge, degrees, rows
from apps.knowledge.browser.wanted import Wanted
from apps.knowledge.graphs import ENDS, Direction, Graph

MOST_PATHS = 5
LONGEST = 8  # relations
MOST_SEEN = 60_000  # nodes, before the search gives up
MOST_MEETING = 200  # nodes in which the ways from both ends meet
MOST_EDGES = 2000
OPPOSITE: dict[Direction, Direction] = {"outgoing": "incoming", "incoming": "outgoing", "both": "both"}

STEP = """
SELECT {other}::text FROM {relations}
 WHERE {end} = ANY(%(nodes)s::uuid[]) AND (%(types)s::text[] = '{{}}' OR relation_type = ANY(%(types)s))"""
BACK = """
SELECT from_entity, to_entity, relation_type, created_at FROM {relations}
 WHERE {other} = ANY(%(nodes)s::uuid[]) AND {end} = ANY(%(before)s::uuid[])
   AND (%(types)s::text[] = '{{}}' OR relation_type = ANY(%(types)s))"""


@dataclass(frozen=True)
class Step:
    """Along the relations between two nodes that follow each other; `forward`: they lead onwards."""

    relation_types: list[str]
    forward: bool
    to: ShownNode


@dataclass(frozen=True)
class Path:
    start: ShownNode
    steps: list[Step]


@dataclass(frozen=True)
class Paths:
    found: list[Path]
    shown: Neighbourhood
    gave_up: bool  # there may be one: too many nodes are near


class Side:
    """What has been reached from one end, and at which distance. Ids are texts here: there may be many."""

    def __init__(self, graph: Graph, origin: UUID, direction: Direction, types: Sequence[str]) -> None:
        self.graph, self.direction, self.types = graph, direction, list(types)
        self.distance = {str(origin): 0}
        self.frontier = {str(origin)}
        self.steps = 0

    def cost(self) -> int:
        """About how many relations the next step reads."""
        some = [UUID(node) for node in list(self.frontier)[:1000]]
        return sum(degrees(self.graph, some).values()) * max(1, len(self.frontier) // 1000)

    def advance(self) -> None:
        self.steps += 1
        reached = {node for (node,) in self.ask(" UNION ".join(self.ways(STEP)), nodes=list(self.frontier))}
        self.frontier = reached - self.distance.keys()
        self.distance |= dict.fromkeys(self.frontier, self.steps)

    def edges_back(self, nodes: Iterable[str]) -> list[Edge]:
        """Relations on ways from the origin to these nodes, no longer than this side has walked."""
        edges: dict[Edge, None] = {}
        ahead, done = set(nodes), set[str]()
        for _ in range(self.steps + 1):
            if not ahead or len(edges) >= MOST_EDGES:
                break
            furthest = max(self.distance[node] for node in ahead)
            before = [node for node, distance in self.distance.items() if distance <= furthest]
            statement = f"{' UNION '.join(self.ways(BACK))} LIMIT {MOST_EDGES}"
            found = [Edge(*row) for row in self.ask(statement, nodes=list(ahead), before=before)]
            edges |= dict.fromkeys(found)
            done |= ahead
            ends = {str(node) for edge in found for node in (edge.start, edge.end)}
            ahead = {node for node in ends - done if node in self.distance}
        return list(edges)

    def ways(self, statement: str) -> list[str]:
        relations = self.graph.relations._meta.db_table
        return [statement.format(end=end, other=other, relations=relations) for end, other in ENDS[self.direction]]

    def ask(self, statement: str, **arguments: Any) -> list[tuple[Any, ...]]:
        return rows(statement, {"types": self.types, **arguments})


def paths_between(graph: Graph, start: UUID, end: UUID, wanted: Wanted) -> Paths:
    """Up to MOST_PATHS, the shortest first, none over a step longer than that; both ends walk to each other."""
    sides = (
        Side(graph, start, wanted.direction, wanted.relation),
        Side(graph, end, OPPOSITE[wanted.direction], wanted.relation),
    )
    gave_up = not walk_until_met(sides)
    meeting = met(sides)
    if meeting and start != end and seen(sides) < MOST_SEEN:
        min(sides, key=Side.cost).advance()  # for the ways that are a step longer
        meeting = met(sides)
    edges = {edge: None for side in sides for edge in side.edges_back(meeting)}
    ways = shortest(list(edges), start, end, wanted.direction)
    shown = shown_paths(graph, start, end, ways, list(edges))
    return Paths([path_of(way, shown) for way in ways], shown, gave_up and not ways)


def walk_until_met(sides: tuple[Side, Side]) -> bool:
    """Whether the search came to its end: they met, or one side has nowhere to go."""
    while not met(sides):
        if not all(side.frontier for side in sides):
            return True
        if seen(sides) >= MOST_SEEN or sum(side.steps for side in sides) >= LONGEST:
            return False
        min(sides, key=Side.cost).advance()
    return True


def met(sides: tuple[Side, Side]) -> list[str]:
    """Where, the nearest to both first."""
    one, other = (side.distance for side in sides)
    common = one.keys() & other.keys()
    return sorted(common, key=lambda node: (one[node] + other[node], node))[:MOST_MEETING]


def seen(sides: tuple[Side, Side]) -> int:
    return sum(len(side.distance) for side in sides)


def shortest(edges: list[Edge], start: UUID, end: UUID, direction: Direction) -> list[list[UUID]]:
    nodes = list(dict.fromkeys([start, end, *(node for edge in edges for node in (edge.start, edge.end))]))
    number = {node: place for place, node in enumerate(nodes)}
    pairs = {(number[edge.start], number[edge.end]) for edge in edges if edge.start != edge.end}
    if direction == "both":
        pairs = {(min(pair), max(pair)) for pair in pairs}
    network = igraph.Graph(len(nodes), sorted(pairs), directed=direction != "both")
    if start == end or network.distances(number[start], number[end], mode=MODES[direction]) == [[float("inf")]]:
        return []
    ways = network.get_k_shortest_paths(number[start], number[end], k=MOST_PATHS, mode=MODES[direction])
    return [[nodes[place] for place in way] for way in ways]


MODES = {"outgoing": "out", "incoming": "in", "both": "all"}


def shown_paths(graph: Graph, start: UUID, end: UUID, ways: list[list[UUID]], edges: list[Edge]) -> Neighbourhood:
    """The nodes and relations of all ways as a picture can show them, in layers from the start to the end."""
    ids = list(dict.fromkeys([start, *(node for way in ways for node in way), end]))
    degree = degrees(graph, ids)
    names = {
        id: (name, type)
        for id, name, type in graph.entities.objects.filter(pk__in=ids).values_list("id", "name", "type")
    }
    nodes = {id: ShownNode(id, *names[id], degree[id]) for id in ids if id in names}
    along = {pair for way in ways for pair in zip(way, way[1:], strict=False)}
    shown = Neighbourhood(nodes[start], nodes, [[*nodes.values()]], along=sorted(along))
    shown.connect([edge for edge in edges if (edge.start, edge.end) in along or (edge.end, edge.start) in along])
    return shown


def path_of(way: list[UUID], shown: Neighbourhood) -> Path:
    between: dict[tuple[UUID, UUID], list[str]] = defaultdict(list)
    for edge in shown.edges:
        between[edge.start, edge.end].append(edge.relation_type)
    steps = []
    for one, other in zip(way, way[1:], strict=False):
        forward = (one, other) in between
        types = between[(one, other) if forward else (other, one)]
        steps.append(Step(sorted(set(types)), forward, shown.nodes[other]))
    return Path(shown.nodes[way[0]], steps)
