"""Finding nodes by their name or description, among many."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db import connection, transaction

from apps.core.graph_querysets import EntityQuerySet
from apps.knowledge.browser.relations import MOST_DEGREE, MOST_TYPES, profiles
from apps.knowledge.graphs import Graph

MOST_FOUND = 300  # of which the facets tell
SHOWN = 50
RECENT = 3000  # looked through for a text of one or two letters, which no index of trigrams knows

# Shares of the trigrams, tried in turn: two letters that have changed places are no more than the last.
ALIKE = (0.8, 0.6, 0.4)


@dataclass
class FoundNode:
    id: UUID
    name: str
    type: str
    description: str
    degree: int = 0
    relation_types: frozenset[str] = frozenset()

    @property
    def relations(self) -> str:
        return f"{self.degree:,}{'+' if self.degree >= MOST_DEGREE else ''}"


@dataclass(frozen=True)
class Found:
    """`nodes`: the closest few. `types` and `relations`: how many of all that were found are, or have, of each."""

    nodes: list[FoundNode]
    count: int  # of those that are of the chosen type and have the chosen relation
    capped: bool  # there may be more than were looked at
    alike: bool  # nothing has the text: these are spelt nearly so
    types: list[tuple[str, int]]
    relations: list[tuple[str, int]]


def find(graph: Graph, text: str, type: str = "", relation: str = "") -> Found:
    """Without a text the newest nodes, else those that have all its words, else those that are spelt nearly so."""
    nodes = graph.entities.objects.filter(type=type) if type else graph.entities.objects.all()
    found = matching(nodes, text)
    alike = bool(text) and not found
    if alike:
        found = spelt_like(nodes, text)
    for profile in profiles(graph, list(found)) if found else ():
        node = found[profile.node]
        node.degree, node.relation_types = profile.degree, profile.relation_types
    capped = len(found) >= MOST_FOUND
    if relation:
        found = {id: node for id, node in found.items() if relation in node.relation_types}
    shown = [*found.values()][:SHOWN] if alike or not text else sorted(found.values(), key=lambda one: rank(one, text))
    return Found(
        shown[:SHOWN],
        len(found),
        capped,
        alike,
        tally(node.type for node in found.values()),
        tally(type for node in found.values() for type in node.relation_types)[:MOST_TYPES],
    )


def tally(names: Iterable[str]) -> list[tuple[str, int]]:
    """The most frequent first."""
    return sorted(Counter(names).items(), key=lambda one: (-one[1], one[0]))


def matching(nodes: EntityQuerySet, text: str) -> dict[UUID, FoundNode]:
    if not text:
        return as_nodes(nodes.newest_first())
    if len(text) < 3:
        recent = nodes.newest_first()[:RECENT].values("pk")
        return as_nodes(nodes.filter(pk__in=recent).naming(text))
    return as_nodes(nodes.called(text)) | as_nodes(nodes.naming(text))


def spelt_like(nodes: EntityQuerySet, text: str) -> dict[UUID, FoundNode]:
    """The likest: where enough are very like it, the many that are less so are not even read."""
    found: dict[UUID, FoundNode] = {}
    with transaction.atomic(), connection.cursor() as cursor:
        for share in ALIKE:
            cursor.execute(f"SET LOCAL pg_trgm.word_similarity_threshold = {share}")
            found |= as_nodes(nodes.spelt_like(text))
            if len(found) >= SHOWN:
                break
    return found


def as_nodes(nodes: EntityQuerySet) -> dict[UUID, FoundNode]:
    rows = nodes.with_description().values_list("id", "name", "type", "description")[:MOST_FOUND]
    return {id: FoundNode(id, name, type, description or "") for id, name, type, description in rows}


def rank(node: FoundNode, text: str) -> tuple[int, int, str]:
    """The very name first, then names that begin with it, that have it, and the rest; the most connected of each."""
    name, text = node.name.lower(), text.lower()
    ways = (name == text, name.startswith(text), text in name, True)
    return ways.index(True), -node.degree, name
