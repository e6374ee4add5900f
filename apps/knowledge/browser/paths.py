"""The shortest ways between two nodes."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import igraph

from apps.knowledge.browser.neighbourhood import Neighbourhood, ShownNode
from apps.knowledge.browser.relations import MOST_DEGREE, Edge, degrees, rows
from apps.knowledge.browser.wanted import Wanted
from apps.knowledge.graphs import ENDS, Direction, Graph

MOST_PATHS = 5
LONGEST = 8  # relations
MOST_SEEN = 60_000  # nodes, before the search gives up
MOST_MEETING = 50  # nodes in which the ways from both ends meet
MOST_BEFORE = 10  # nodes on ways to one node, from which the next ways back go
CHEAP = MOST_DEGREE  # relations, that is no hub: so many are read for ways that are a step longer
FEW = 100  # nodes of which the relations are counted, not estimated
USUAL = 10  # relations of a node
OPPOSITE: dict[Direction, Direction] = {"outgoing": "incoming", "incoming": "outgoing", "both": "both"}

OF_TYPES = "(%(types)s::text[] = '{{}}' OR relation_type = ANY(%(types)s))"
STEP = f"SELECT {{other}}::text FROM {{relations}} WHERE {{end}} = ANY(%(nodes)s::uuid[]) AND {OF_TYPES}"
MEET = f"{STEP} AND {{other}} = ANY(%(known)s::uuid[])"
# Nodes that are a step from both sides, without a look at all that are a step from one.
MIDDLE = "SELECT DISTINCT id FROM ({ours}) AS ours (id) WHERE id IN ({theirs}) LIMIT {most}"
BACK = f"""
SELECT edge.* FROM unnest(%(nodes)s::uuid[]) AS node, LATERAL (
       SELECT from_entity, to_entity, relation_type, created_at FROM {{relations}}
        WHERE {{other}} = node AND {{end}} = ANY(%(before)s::uuid[]) AND {OF_TYPES} LIMIT {MOST_BEFORE}) AS edge"""


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
        self.counted, self.known_cost = set[str](), 0
        self.before: set[str] = set()  # whence the last step went, if it went only to what the other side knows
        self.left_out = False  # what is not on a shortest way, as it would have been very much

    def cost(self) -> int:
        """About how many relations the next step reads."""
        if self.counted != self.frontier:
            self.counted, self.known_cost = self.frontier, self.cost_of(self.frontier)
        return self.known_cost

    def cost_of(self, nodes: set[str]) -> int:
        if len(nodes) > FEW or not nodes:
            return len(nodes) * USUAL
        return sum(degrees(self.graph, [UUID(node) for node in nodes]).values())

    def advance(self, other: "Side") -> None:
        """A step on; only to what the other side knows, if that is within it."""
        nodes = list(self.frontier)
        statement = f"{' UNION '.join(self.ways(MEET))} LIMIT {MOST_MEETING}"
        reached = {node for (node,) in self.ask(statement, nodes=nodes, known=list(other.distance))}
        reached -= self.distance.keys()
        self.before = self.frontier if reached else set()
        if not reached and self.cost() >= CHEAP:
            reached = self.middle(other)
            self.left_out = self.left_out or bool(reached)
        if not reached:
            reached = self.everything_from(nodes)
        self.steps += 1
        self.frontier = reached - self.distance.keys()
        self.distance |= dict.fromkeys(self.frontier, self.steps)

    def middle(self, other: "Side") -> set[str]:
        """Nodes between the two sides' frontiers, if there are any: the next step of either side meets the other."""
        statement = MIDDLE.format(
            ours=" UNION ALL ".join(self.ways(STEP)),
            theirs=" UNION ALL ".join(other.ways(STEP)).replace("%(nodes)s", "%(theirs)s"),
            most=MOST_MEETING,
        )
        return {node for (node,) in self.ask(statement, nodes=list(self.frontier), theirs=list(other.frontier))}

    def may_complete(self) -> bool:
        return not self.left_out and self.cost_of(self.before) < CHEAP

    def complete(self) -> None:
        """Let the last step go everywhere."""
        if not self.before:
            return
        self.frontier = self.frontier | (self.everything_from(list(self.before)) - self.distance.keys())
        self.distance |= dict.fromkeys(self.frontier, self.steps)

    def everything_from(self, nodes: list[str]) -> set[str]:
        return {node for (node,) in self.ask(" UNION ".join(self.ways(STEP)), nodes=nodes)}

    def edges_back(self, nodes: Iterable[str]) -> list[Edge]:
        """Relations on shortest ways from the origin to these nodes, step by step back."""
        edges: dict[Edge, None] = {}
        on_ways = set(nodes)
        for distance in range(self.steps, 0, -1):
            ahead = [node for node in on_ways if self.distance[node] == distance]
            before = [node for node, known in self.distance.items() if known == distance - 1]
            if ahead:
                found = [Edge(*row) for row in self.ask(" UNION ".join(self.ways(BACK)), nodes=ahead, before=before)]
                edges |= dict.fromkeys(found)
                ends = {str(node) for edge in found for node in (edge.start, edge.end)}
                on_ways |= {node for node in ends if self.distance.get(node) == distance - 1}
        return list(edges)

    def ways(self, statement: str) -> list[str]:
        relations = self.graph.relations._meta.db_table
        return [statement.format(end=end, other=other, relations=relations) for end, other in ENDS[self.direction]]

    def ask(self, statement: str, **arguments: Any) -> list[tuple[Any, ...]]:
        return rows(statement, {"types": self.types, **arguments})


def paths_between(graph: Graph, start: UUID, end: UUID, wanted: Wanted) -> Paths:
    """Up to MOST_PATHS: shortest ones first, then those a step longer that are near. Both ends walk to each other."""
    sides = (
        Side(graph, start, wanted.direction, wanted.relation),
        Side(graph, end, OPPOSITE[wanted.direction], wanted.relation),
    )
    gave_up = not walk_until_met(sides)
    ways, edges = ways_between(sides, start, end)
    if 0 < len(ways) < MOST_PATHS and all(side.may_complete() for side in sides):
        for side in sides:
            side.complete()
        if min(side.cost() for side in sides) < CHEAP:
            step(sides)
        ways, edges = ways_between(sides, start, end)
    shown = shown_paths(graph, start, end, ways, edges)
    return Paths([path_of(way, shown) for way in ways], shown, gave_up and not ways)


def ways_between(sides: tuple[Side, Side], start: UUID, end: UUID) -> tuple[list[list[UUID]], list[Edge]]:
    meeting = met(sides)
    edges = list(dict.fromkeys(edge for side in sides for edge in side.edges_back(meeting)))
    return shortest(edges, start, end, sides[0].direction), edges


def step(sides: tuple[Side, Side]) -> None:
    """Of the side for which it costs less."""
    one, other = sorted(sides, key=Side.cost)
    one.advance(other)


def walk_until_met(sides: tuple[Side, Side]) -> bool:
    """Whether the search came to its end: they met, or one side has nowhere to go."""
    while not met(sides):
        if not all(side.frontier for side in sides):
            return True
        if seen(sides) >= MOST_SEEN or sum(side.steps for side in sides) >= LONGEST:
            return False
        step(sides)
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
