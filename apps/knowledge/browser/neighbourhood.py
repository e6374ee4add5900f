"""The part of a graph around one node, as far as the URL asks for it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from apps.core.templatetags.display import short
from apps.knowledge.browser.relations import MOST_DEGREE, Count, Edge, Neighbour, edges_among, neighbours
from apps.knowledge.browser.wanted import Wanted
from apps.knowledge.graphs import Graph
from apps.knowledge.models import KnowledgeEntity
from apps.skillset.models import SkillGraphEntity

MOST_NODES = 300
FURTHER = {2: 6, 3: 3}  # neighbours of each node at this distance from the middle
LONGEST = 40  # letters of a name beside others
MOST_ROUNDS = 5  # questions for neighbours, a page


@dataclass(frozen=True)
class Link:
    """A relation of a shown node with one that was there before it."""

    edge: Edge
    other: "ShownNode"
    outgoing: bool

    @property
    def said(self) -> str:
        words = [short(self.edge.relation_type, LONGEST), short(self.other.name, LONGEST)]
        return " → ".join(words if self.outgoing else reversed(words))


@dataclass
class ShownNode:
    id: UUID
    name: str
    type: str
    degree: int
    found_from: "ShownNode | None" = None
    newest: datetime | None = None
    links: list[Link] = field(default_factory=list)
    drawn: int = 0  # of its relations
    url: str = ""  # where it is in the middle
    toggle: str = ""  # where it shows its neighbours too, or no longer
    opened: bool = False  # by a click

    @property
    def hidden(self) -> int:
        """Relations that are not shown."""
        return max(0, self.degree - self.drawn)

    @property
    def more(self) -> str:
        return f"{self.hidden:,}{'+' if self.degree >= MOST_DEGREE else ''}"

    @property
    def relations(self) -> str:
        return f"{self.degree:,}{'+' if self.degree >= MOST_DEGREE else ''}"

    @property
    def said(self) -> str:
        return f"{self.name}, {self.type}, {self.relations} relations"


@dataclass
class Neighbourhood:
    """`stages`: the nodes in the order in which they came, first those around the middle, then by each expansion."""

    centre: ShownNode
    nodes: dict[UUID, ShownNode]
    stages: list[list[ShownNode]]
    edges: list[Edge] = field(default_factory=list)
    along: list[tuple[UUID, UUID]] | None = None  # pairs that make the layers, in the place of the edges

    @property
    def others(self) -> list[ShownNode]:
        return [node for node in self.nodes.values() if node is not self.centre]

    @property
    def full(self) -> bool:
        return len(self.nodes) >= MOST_NODES

    @property
    def types(self) -> set[str]:
        return {node.type for node in self.nodes.values()}

    @property
    def relation_types(self) -> set[str]:
        return {edge.relation_type for edge in self.edges}

    def add(self, found: list[Neighbour]) -> list[ShownNode]:
        """Those that were not there yet, as far as there is room."""
        new = []
        for one in found:
            parent = self.nodes[one.of]
            if one.id not in self.nodes and not self.full:
                node = ShownNode(one.id, one.name, one.type, one.degree, parent, one.newest)
                self.nodes[one.id] = node
                new.append(node)
        return new

    def connect(self, edges: list[Edge]) -> None:
        self.edges = edges
        order = {node: place for place, node in enumerate(self.nodes)}
        for edge in edges:
            start, end = self.nodes[edge.start], self.nodes[edge.end]
            start.drawn += 1
            end.drawn += 1
            later, other = (start, end) if order[start.id] >= order[end.id] else (end, start)
            later.links.append(Link(edge, other, outgoing=later is start))


def neighbourhood(
    graph: Graph, centre: KnowledgeEntity | SkillGraphEntity, counts: list[Count], wanted: Wanted
) -> Neighbourhood:
    middle = ShownNode(centre.pk, centre.name, centre.type, min(MOST_DEGREE, sum(one.relations for one in counts)))
    shown = Neighbourhood(middle, {middle.id: middle}, [[middle]])
    for stage in grown(graph, shown, wanted):
        shown.stages.append(stage)
    shown.connect(edges_among(graph, shown.nodes, wanted.relation))
    middle.degree = sum(one.relations for one in counts)
    return shown


def grown(graph: Graph, shown: Neighbourhood, wanted: Wanted) -> Iterator[list[ShownNode]]:
    """All rings to the wanted depth, then what single nodes were asked to show."""
    around, ring = [], [shown.centre]
    for distance in range(1, wanted.depth + 1):
        most = wanted.show if distance == 1 else FURTHER[distance]
        ring = shown.add(neighbours(graph, {node.id: most for node in ring}, wanted)) if ring else []
        around += ring
    yield around
    waiting = list(wanted.expand)
    for _ in range(MOST_ROUNDS - wanted.depth):
        there = [node for node in waiting if node in shown.nodes]
        if not there or shown.full:
            return
        found = neighbours(graph, dict.fromkeys(there, wanted.show), wanted)
        for node in there:
            yield shown.add([one for one in found if one.of == node])
        waiting = [node for node in waiting if node not in there]
