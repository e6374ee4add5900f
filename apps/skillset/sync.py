"""The stored graph of skills follows the manifests: one transaction, which writes only what differs."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from django.db import connection

from apps.core.actors import Actor, acting
from apps.skillset.actions import register
from apps.skillset.graph import MADE_FROM, WantedGraph, graph_of
from apps.skillset.manifests import Problem, Skills, read_skills
from apps.skillset.models import SkillGraphEntity, SkillGraphRelation

# Syncs take turns, and read the folder in their turn, so the last one to commit has seen its last state.
SYNC_LOCK = 7_201_002
LONGEST_WAIT = "10s"

WANTED = """
WITH wanted_node AS (
    SELECT * FROM jsonb_to_recordset(%(nodes)s) AS node (type text, name text, properties jsonb)
), wanted_edge AS (
    SELECT edge.*, skill.id AS from_entity, other.id AS to_entity
      FROM jsonb_to_recordset(%(edges)s)
           AS edge (skill text, relation_type text, type text, name text, properties jsonb)
      JOIN skill_graph_entities AS skill ON (skill.type, skill.name) = ('skill', edge.skill)
      JOIN skill_graph_entities AS other ON (other.type, other.name) = (edge.type, edge.name)
)"""
# What came from a manifest that cannot be read just now stays as it is.
IS_OURS = f"(stored.properties ? '{MADE_FROM}' AND NOT stored.properties ->> '{MADE_FROM}' = ANY(%(unreadable)s))"
# NOT IN, for PostgreSQL hashes its list. It takes the JSON for a hundred rows, and would loop for NOT EXISTS.
REMOVE_EDGES = f"""{WANTED}
DELETE FROM skill_graph_relations AS stored
 WHERE {IS_OURS} AND (from_entity, to_entity, relation_type) NOT IN (
       SELECT from_entity, to_entity, relation_type FROM wanted_edge)"""
REMOVE_NODES = f"""{WANTED}
DELETE FROM skill_graph_entities AS stored
 WHERE {IS_OURS} AND (type, name) NOT IN (SELECT type, name FROM wanted_node)"""
WRITE_NODES = f"""{WANTED}
INSERT INTO skill_graph_entities (type, name, properties)
SELECT * FROM wanted_node WHERE NOT EXISTS (
       SELECT FROM skill_graph_entities AS stored
        WHERE (stored.type, stored.name, stored.properties)
            = (wanted_node.type, wanted_node.name, wanted_node.properties))
    ON CONFLICT (name, type) DO UPDATE SET properties = excluded.properties"""
WRITE_EDGES = f"""{WANTED}
MERGE INTO skill_graph_relations AS stored USING wanted_edge AS wanted
   ON (stored.from_entity, stored.to_entity, stored.relation_type)
    = (wanted.from_entity, wanted.to_entity, wanted.relation_type)
 WHEN MATCHED AND stored.properties <> wanted.properties THEN UPDATE SET properties = wanted.properties
 WHEN NOT MATCHED THEN INSERT (from_entity, to_entity, relation_type, properties)
      VALUES (wanted.from_entity, wanted.to_entity, wanted.relation_type, wanted.properties)"""


@dataclass(frozen=True)
class Synced:
    graph: WantedGraph
    written: int  # nodes and edges
    cleared: int

    @property
    def problems(self) -> list[Problem]:
        return self.graph.problems

    @property
    def stats(self) -> dict[str, int]:
        """Of what the manifests describe, in the contract's words; `written` and `cleared` count nodes and edges."""
        return {
            "entities": len(self.graph.nodes),
            "relations": len(self.graph.edges),
            "skills": self.graph.count("skill"),
            "tools": self.graph.count("tool"),
            "focus_modes": self.graph.count("focus_mode"),
            "categories": self.graph.count("category"),
            "written": self.written,
            "cleared": self.cleared,
        }


def sync_skills(actor: Actor, root: Path) -> Synced:
    """Make the graph of skills say what the manifests below `root` say.

    What they describe is taken over or made, with the ids of what is there already. What an earlier sync made and
    nobody describes any more is removed; everything else in the graph stays.

    Raises:
        NoSkills: `root` cannot be listed; nothing is changed.
    """
    with acting(actor), connection.cursor() as cursor:
        lock_skill_graph(cursor)
        skills = read_skills(root)
        graph = graph_of(skills)
        wanted = parameters(graph, skills)
        removed = [rows_of(cursor, statement, wanted) for statement in (REMOVE_EDGES, REMOVE_NODES)]
        written = [rows_of(cursor, statement, wanted) for statement in (WRITE_NODES, WRITE_EDGES)]
        register(skills.manifests)
    return Synced(graph, sum(written), sum(removed))


def clear_skill_graph(actor: Actor) -> tuple[int, int]:
    """Empty it; returns how many nodes and edges there were."""
    with acting(actor), connection.cursor() as cursor:
        lock_skill_graph(cursor)
        relations, _ = SkillGraphRelation.objects.all().delete()
        entities, _ = SkillGraphEntity.objects.all().delete()
    return entities, relations


def lock_skill_graph(cursor: Any) -> None:
    """Until the end of the transaction nobody else syncs."""
    cursor.execute(f"SET LOCAL lock_timeout = '{LONGEST_WAIT}'")
    cursor.execute("SELECT pg_advisory_xact_lock(%s)", [SYNC_LOCK])


def parameters(graph: WantedGraph, skills: Skills) -> dict[str, Any]:
    nodes = [{"type": t, "name": name, "properties": own} for (t, name), own in graph.nodes.items()]
    edges = [
        {"skill": skill, "relation_type": relation, "type": t, "name": name, "properties": own}
        for (skill, relation, t, name), own in graph.edges.items()
    ]
    unreadable = [f"{folder}/skill.json" for folder in skills.unreadable]
    return {"nodes": orjson.dumps(nodes).decode(), "edges": orjson.dumps(edges).decode(), "unreadable": unreadable}


def rows_of(cursor: Any, statement: str, wanted: dict[str, Any]) -> int:
    cursor.execute(statement, wanted)
    return cursor.rowcount
