"""A node's relations, in bounded reads by the index: what a hub has fifty thousand of costs no more than of others.

Degrees are counted up to a cap instead of being kept by triggers: rows that all writers of a hub had to lock would make
them wait for one another, and beyond a thousand the number says no more than "many".
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from apps.knowledge.between import between
from apps.knowledge.browser.wanted import Wanted
from apps.knowledge.graphs import ENDS, Graph

MOST_DEGREE = 1000  # counted of a node that is shown
MOST_OF_TYPE = 2_000  # counted of each type, of the node in the middle
MOST_TYPES = 100  # of relations, of one node
LOOKED_AT = 8  # newest relations for each neighbour that is to be shown: the best of them are
LOOKED_THROUGH = 1000  # newest relations, where neighbours of some types alone are wanted
MOST_EDGES = 1000

# From type to type by the index: costs a look-up a type, however many relations there are of each.
TYPES = """
WITH RECURSIVE kind (relation_type, number) AS (
    SELECT min(relation_type), 1 FROM {relations} WHERE {end} = {node}
    UNION ALL
    SELECT (SELECT min(relation_type) FROM {relations} WHERE {end} = {node} AND relation_type > kind.relation_type),
           number + 1
      FROM kind WHERE relation_type IS NOT NULL AND number < {most}
) SELECT relation_type FROM kind WHERE relation_type IS NOT NULL"""

WAY = """
SELECT edge.other, edge.created_at
  FROM ({types}) AS kind, LATERAL (
       SELECT {other} AS other, created_at FROM {relations}
        WHERE {end} = asked.node AND relation_type = kind.relation_type
        ORDER BY created_at DESC LIMIT {looked_at}
  ) AS edge"""

DEGREE = """(SELECT count(*) FROM (SELECT FROM {relations} WHERE from_entity = {node} LIMIT {most}) AS leaving)
     + (SELECT count(*) FROM (SELECT FROM {relations} WHERE to_entity = {node} LIMIT {most}) AS arriving)"""

NEIGHBOURS = """
WITH asked (node, most) AS (SELECT * FROM unnest(%(nodes)s::uuid[], %(most)s::int[])), found AS MATERIALIZED (
    SELECT asked.node, asked.most, link.other, max(link.created_at) AS newest
      FROM asked, LATERAL (
        SELECT latest.other, latest.created_at FROM (
            SELECT way.other, way.created_at FROM ({ways}) AS way WHERE way.other <> asked.node
             ORDER BY way.created_at DESC LIMIT {looked_at}
        ) AS latest {of_types}
      ) AS link
     GROUP BY 1, 2, 3
), counted AS MATERIALIZED (
    SELECT other, least({degree}, {most_degree}) AS degree FROM (SELECT DISTINCT other FROM found) AS every
), ranked AS (
    SELECT found.*, degree, row_number() OVER (PARTITION BY node ORDER BY {rank}, other) AS place
      FROM found JOIN counted USING (other)
)
SELECT ranked.node, entity.id, entity.name, entity.type, ranked.degree, ranked.newest
  FROM ranked JOIN {entities} AS entity ON entity.id = ranked.other
 WHERE ranked.place <= ranked.most
 ORDER BY array_position(%(nodes)s::uuid[], ranked.node), ranked.place"""
RANKS = {"degree": "degree DESC, newest DESC", "newest": "newest DESC, degree DESC"}

# Few relations are read to the last; of many, the types by the index.
PROFILES = """
SELECT node, least(leaving.relations + arriving.relations, {most}), {out_types} || {in_types}
  FROM unnest(%(nodes)s::uuid[]) AS node,
       LATERAL (SELECT count(*) AS relations, array_agg(DISTINCT relation_type) AS types FROM (
                SELECT relation_type FROM {relations} WHERE from_entity = node LIMIT {most}) AS few) AS leaving,
       LATERAL (SELECT count(*) AS relations, array_agg(DISTINCT relation_type) AS types FROM (
                SELECT relation_type FROM {relations} WHERE to_entity = node LIMIT {most}) AS few) AS arriving"""
PROFILE_TYPES = "CASE WHEN {way}.relations < {most} THEN {way}.types ELSE ARRAY({types}) END"

COUNTS = """
SELECT {outgoing}, kind.relation_type,
       (SELECT count(*) FROM (SELECT FROM {relations} WHERE {end} = %(node)s AND relation_type = kind.relation_type
                               LIMIT {most}) AS listed)
  FROM ({types}) AS kind"""

EDGES = """
SELECT from_entity, to_entity, relation_type, created_at FROM ({among}) AS edge
 ORDER BY created_at DESC, from_entity, to_entity, relation_type LIMIT {most}"""


@dataclass(frozen=True)
class Neighbour:
    of: UUID
    id: UUID
    name: str
    type: str
    degree: int  # no more than MOST_DEGREE
    newest: datetime  # of the relations between the two


@dataclass(frozen=True)
class Edge:
    start: UUID
    end: UUID
    relation_type: str
    created_at: datetime


@dataclass(frozen=True)
class Profile:
    """Of a node: how many relations it has, counted to no more than MOST_DEGREE, and of which types."""

    node: UUID
    degree: int
    relation_types: frozenset[str]


@dataclass(frozen=True)
class Count:
    """How many relations of a type leave a node, or arrive there."""

    outgoing: bool
    relation_type: str
    relations: int

    @property
    def capped(self) -> bool:
        return self.relations >= MOST_OF_TYPE

    @property
    def direction(self) -> str:
        return "outgoing" if self.outgoing else "incoming"


def neighbours(graph: Graph, most: dict[UUID, int], wanted: Wanted) -> list[Neighbour]:
    """Of each node so many as `most` says, the best first: of its newest relations, those to the most connected."""
    tables = {"relations": graph.relations._meta.db_table, "entities": graph.entities._meta.db_table}
    looked_at = str(LOOKED_THROUGH) if wanted.type else f"asked.most * {LOOKED_AT}"
    statement = NEIGHBOURS.format(
        ways=" UNION ALL ".join(
            WAY.format(types=types_of(wanted, end, tables), end=end, other=other, looked_at=looked_at, **tables)
            for end, other in ENDS[wanted.direction]
        ),
        of_types=OF_TYPES.format(**tables) if wanted.type else "",
        degree=DEGREE.format(node="every.other", most=MOST_DEGREE, **tables),
        rank=RANKS[wanted.rank],
        most_degree=MOST_DEGREE,
        looked_at=looked_at,
        **tables,
    )
    arguments = {
        "nodes": list(most),
        "most": list(most.values()),
        "relations": list(wanted.relation),
        "types": list(wanted.type),
    }
    return [Neighbour(*row) for row in rows(statement, arguments)]


OF_TYPES = "WHERE EXISTS (SELECT FROM {entities} WHERE id = latest.other AND type = ANY(%(types)s))"


def types_of(wanted: Wanted, end: str, tables: dict[str, str]) -> str:
    if wanted.relation:
        return "SELECT unnest(%(relations)s::text[]) AS relation_type"
    return TYPES.format(end=end, node="asked.node", most=MOST_TYPES, **tables)


def degrees(graph: Graph, nodes: Sequence[UUID]) -> dict[UUID, int]:
    """How many relations each has, counted to no more than MOST_DEGREE."""
    degree = DEGREE.format(node="node", most=MOST_DEGREE, relations=graph.relations._meta.db_table)
    statement = f"SELECT node, least({degree}, {MOST_DEGREE}) FROM unnest(%(nodes)s::uuid[]) AS node"
    return dict(rows(statement, {"nodes": list(nodes)}))


def counts(graph: Graph, node: UUID) -> list[Count]:
    """By direction and type, the most common first, each counted to no more than MOST_OF_TYPE."""
    relations = graph.relations._meta.db_table
    statement = " UNION ALL ".join(
        COUNTS.format(
            outgoing=end == "from_entity",
            end=end,
            types=TYPES.format(end=end, node="%(node)s", most=MOST_TYPES, relations=relations),
            most=MOST_OF_TYPE,
            relations=relations,
        )
        for end, _ in ENDS["both"]
    )
    found = [Count(*row) for row in rows(statement, {"node": node})]
    return sorted(found, key=lambda count: (not count.outgoing, -count.relations, count.relation_type))


def profiles(graph: Graph, nodes: Sequence[UUID]) -> list[Profile]:
    relations = graph.relations._meta.db_table
    out_types, in_types = (
        PROFILE_TYPES.format(
            way=way, most=MOST_DEGREE, types=TYPES.format(end=end, node="node", most=MOST_TYPES, relations=relations)
        )
        for way, end in (("leaving", "from_entity"), ("arriving", "to_entity"))
    )
    statement = PROFILES.format(out_types=out_types, in_types=in_types, most=MOST_DEGREE, relations=relations)
    found = rows(statement, {"nodes": list(nodes)})
    return [Profile(node, degree, frozenset(types or ())) for node, degree, types in found]


def all_relation_types(graph: Graph) -> list[str]:
    """At most MOST_TYPES, in alphabetical order."""
    types = TYPES.format(end="true", node="true", most=MOST_TYPES, relations=graph.relations._meta.db_table)
    return [type for (type,) in rows(types, {})]


def edges_among(graph: Graph, nodes: Iterable[UUID], relation_types: Sequence[str] = ()) -> list[Edge]:
    """All relations between these nodes, the newest first, at most MOST_EDGES."""
    columns = "from_entity, to_entity, relation_type, created_at"  # that an index has
    among = between("nodes", "nodes", graph.tables["relations"], MOST_TYPES, columns)
    arguments = {"nodes": list(nodes), "types": list(relation_types)}
    return [Edge(*row) for row in rows(EDGES.format(among=among, most=MOST_EDGES), arguments)]


def rows(statement: str, arguments: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, arguments)
        return cursor.fetchall()
