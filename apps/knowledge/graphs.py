"""Walking the two graphs: the organic knowledge graph and the skill graph made from the skills' manifests."""

from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from django.db import connection
from django.db.models import Q

from apps.knowledge.models import KnowledgeEntity, KnowledgeRelation
from apps.skillset.models import SkillGraphEntity, SkillGraphRelation

Direction = Literal["outgoing", "incoming", "both"]
MOST_NODES = 1000
MOST_EDGES = 5000


@dataclass(frozen=True)
class Graph:
    entities: type[KnowledgeEntity] | type[SkillGraphEntity]
    relations: type[KnowledgeRelation] | type[SkillGraphRelation]

    def find(self, start: str, type: str = "") -> KnowledgeEntity | SkillGraphEntity | None:
        """By id or exact name. Of several types under one name: `type`, else the one that is there longest."""
        nodes = self.entities.objects.filter(type=type) if type else self.entities.objects.all()
        try:
            return nodes.filter(id=UUID(start)).first()
        except ValueError:
            return nodes.called(start).first()

    def reach(self, start: UUID, depth: int, direction: Direction, relation_type: str = "") -> list[list[UUID]]:
        """The ids of the nodes at distance 0, 1, ... up to `depth`, at most MOST_NODES in all; one statement."""
        statement = REACH.format(
            steps=" UNION ".join(self.step(end, other) for end, other in ENDS[direction]),
            entities=self.entities._meta.db_table,
        )
        arguments: dict[str, Any] = {"start": start, "depth": depth, "type": relation_type, "most": MOST_NODES}
        with connection.cursor() as cursor:
            cursor.execute(statement, arguments)
            return [ids for (ids,) in cursor.fetchall()]

    def step(self, end: str, other: str) -> str:
        return (
            f"SELECT {other} AS id FROM {self.relations._meta.db_table} "
            f"WHERE {end} = ANY(walk.frontier) AND (%(type)s = '' OR relation_type = %(type)s)"
        )

    def edges_between(self, inner: list[UUID], nodes: list[UUID], direction: Direction, relation_type: str = ""):
        """The relations that lead from `inner` to any of `nodes`, each once."""
        between = Q()
        for end, other in ENDS[direction]:
            between |= Q(**{f"{end}__in": inner, f"{other}__in": nodes})
        edges = self.relations.objects.filter(between)
        edges = edges.filter(relation_type=relation_type) if relation_type else edges
        return edges.order_by("relation_type", "id")[:MOST_EDGES]


ENDS: dict[Direction, list[tuple[str, str]]] = {
    "outgoing": [("from_entity", "to_entity")],
    "incoming": [("to_entity", "from_entity")],
    "both": [("from_entity", "to_entity"), ("to_entity", "from_entity")],
}

# One row a distance: what was reached there and everything seen so far. The walk never enters a node twice,
# so cycles and many paths to one node cost nothing.
REACH = """
WITH RECURSIVE walk (depth, frontier, seen) AS (
    SELECT 0, ARRAY[%(start)s::uuid], ARRAY[%(start)s::uuid]
    UNION ALL
    SELECT walk.depth + 1, reached.ids, walk.seen || reached.ids
      FROM walk, LATERAL (
        SELECT array_agg(fresh.id ORDER BY fresh.name, fresh.id) AS ids FROM (
            SELECT node.id, node.name
              FROM (SELECT DISTINCT step.id FROM ({steps}) AS step
                     WHERE NOT EXISTS (SELECT FROM unnest(walk.seen) AS known WHERE known = step.id)
                     LIMIT %(most)s - cardinality(walk.seen)) AS next
              JOIN {entities} AS node ON node.id = next.id
        ) AS fresh
      ) AS reached
     WHERE walk.depth < %(depth)s AND cardinality(walk.seen) < %(most)s AND reached.ids IS NOT NULL
)
SELECT frontier FROM walk ORDER BY depth
"""

KNOWLEDGE = Graph(KnowledgeEntity, KnowledgeRelation)
SKILL = Graph(SkillGraphEntity, SkillGraphRelation)
GRAPHS = {"knowledge": KNOWLEDGE, "skill": SKILL}
