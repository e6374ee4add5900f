"""What can be reached from a node, as JSON that PostgreSQL writes."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection

from apps.core.pages import sql_of_row
from apps.knowledge.between import between
from apps.knowledge.graphs import ENDS, KNOWLEDGE, Direction, Graph
from apps.knowledge.schemas import ENTITY_FIELDS, RELATION_FIELDS

MOST_NODES = 1000
MOST_EDGES = 5000

# One row a distance: what was reached there and everything seen so far. The walk never enters a node twice,
# so cycles and many paths to one node cost nothing. Of a hub no more neighbours are read than there is room for
# beside those seen: as many as there may be nodes in all.
REACH = """
WITH RECURSIVE walk (depth, frontier, seen) AS (
    SELECT 0, ARRAY[%(start)s::uuid], ARRAY[%(start)s::uuid]
    UNION ALL
    SELECT walk.depth + 1, reached.ids, walk.seen || reached.ids
      FROM walk, LATERAL (
        SELECT array_agg(fresh.id) AS ids FROM (
            SELECT DISTINCT step.id FROM unnest(walk.frontier) AS node, LATERAL ({steps}) AS step
             WHERE NOT EXISTS (SELECT FROM unnest(walk.seen) AS known WHERE known = step.id)
             ORDER BY step.id LIMIT %(most)s - cardinality(walk.seen)
        ) AS fresh
      ) AS reached
     WHERE walk.depth < %(depth)s AND cardinality(walk.seen) < %(most)s AND reached.ids IS NOT NULL
)
SELECT frontier::text[] FROM walk ORDER BY depth
"""
STEP = """(SELECT DISTINCT {other} AS id FROM {relations}
    WHERE {end} = node AND (%(type)s = '' OR relation_type = %(type)s) ORDER BY 1 LIMIT %(most)s)"""

NODES = """
SELECT '[' || coalesce(string_agg(item, ','), '') || ']' FROM (
    SELECT {row} FROM unnest(%(nodes)s::uuid[], %(distances)s::int[]) AS near (id, distance)
      JOIN {entities} USING (id) ORDER BY distance, name, id) AS listed (item)"""

EDGES = """
SELECT count(*), '[' || coalesce(string_agg(item, ','), '') || ']' FROM (
    SELECT {row} FROM ({every}) AS {relations} ORDER BY relation_type, id LIMIT {most}) AS listed (item)"""


@dataclass(frozen=True)
class Reached:
    """`nodes` and `edges` are JSON arrays."""

    nodes: str
    node_count: int
    edges: str
    edge_count: int


def reached_from(graph: Graph, start: UUID, depth: int, direction: Direction, relation_type: str = "") -> Reached:
    """Nodes in the order of their distance, the start first, at most MOST_NODES; the edges that led there."""
    rings = reach(graph, start, depth, direction, relation_type)
    edge_count, edges = edges_as_json(graph, rings, depth, direction, relation_type)
    return Reached(nodes_as_json(graph, rings), sum(map(len, rings)), edges, edge_count)


def reach(graph: Graph, start: UUID, depth: int, direction: Direction, relation_type: str = "") -> list[list[str]]:
    """The ids, as texts, of the nodes at distance 0, 1, ... up to `depth`, at most MOST_NODES in all; one statement."""
    steps = " UNION ALL ".join(STEP.format(end=end, other=other, **graph.tables) for end, other in ENDS[direction])
    arguments: dict[str, Any] = {"start": start, "depth": depth, "type": relation_type, "most": MOST_NODES}
    with connection.cursor() as cursor:
        cursor.execute(REACH.format(steps=steps), arguments)
        return [ids for (ids,) in cursor.fetchall()]


def nodes_as_json(graph: Graph, rings: list[list[str]]) -> str:
    fields = ENTITY_FIELDS + (("updated_at",) if graph is KNOWLEDGE else ())
    arguments = {
        "nodes": [node for ring in rings for node in ring],
        "distances": [distance for distance, ring in enumerate(rings) for _ in ring],
    }
    [nodes] = one(NODES.format(row=sql_of_row(graph.entities, fields), **graph.tables), arguments)
    return nodes


def edges_as_json(
    graph: Graph, rings: list[list[str]], depth: int, direction: Direction, relation_type: str
) -> tuple[int, str]:
    """How many relations lead from the nodes nearer than `depth` to any of the nodes, and these, each once."""
    arguments = {
        "inner": [node for ring in rings[:depth] for node in ring],
        "outer": [node for ring in rings[depth:] for node in ring],
        "nodes": [node for ring in rings for node in ring],
        "types": [relation_type] if relation_type else [],
    }
    statement = EDGES.format(
        row=sql_of_row(graph.relations, RELATION_FIELDS),
        every=" UNION ALL ".join(
            f"({between(starts, ends, graph.tables['relations'], MOST_EDGES)})" for starts, ends in LEADING[direction]
        ),
        most=MOST_EDGES,
        **graph.tables,
    )
    count, edges = one(statement, arguments)
    return count, edges


LEADING: dict[Direction, list[tuple[str, str]]] = {
    "outgoing": [("inner", "nodes")],
    "incoming": [("nodes", "inner")],
    "both": [("inner", "nodes"), ("outer", "inner")],
}


def one(statement: str, arguments: dict[str, Any]) -> tuple[Any, ...]:
    with connection.cursor() as cursor:
        cursor.execute(statement, arguments)
        return cursor.fetchone()
