"""The pages of a graph: where they are, and what they call it."""

from dataclasses import dataclass
from functools import cached_property
from uuid import UUID

from django.urls import reverse

from apps.knowledge.browser.neighbourhood import Neighbourhood
from apps.knowledge.browser.wanted import USUAL, Wanted
from apps.knowledge.graphs import KNOWLEDGE, SKILL, Graph


@dataclass(frozen=True)
class Pages:
    graph: Graph
    start: str  # the URL name of its search; those of the other pages begin with it
    title: str
    layered: bool  # drawn from what offers to what is offered
    empty: str  # how nodes get there

    @cached_property
    def search(self) -> str:
        return reverse(self.start)

    def node(self, node: UUID, wanted: Wanted = USUAL) -> str:
        return f"{self.search}/{node}{wanted.query}"

    def link(self, shown: Neighbourhood, wanted: Wanted) -> None:
        """Give each node its addresses."""
        middle, of_another = self.node(shown.centre.id), wanted.about_another().query
        for node in shown.nodes.values():
            node.url = f"{self.search}/{node.id}{of_another}"
            node.opened = node.id in wanted.expand
            if node.opened:
                node.toggle = middle + wanted.collapsing(node.id).query
            elif node.hidden and node is not shown.centre:
                node.toggle = middle + wanted.expanding(node.id).query


PAGES = {
    "knowledge": Pages(
        KNOWLEDGE,
        "knowledge",
        "Knowledge graph",
        layered=False,
        empty="Agents add entities with POST /api/knowledge-graph/entities.",
    ),
    "skill": Pages(
        SKILL, "skill_graph", "Skill graph", layered=True, empty="The sync makes it from the skills' manifests."
    ),
}
