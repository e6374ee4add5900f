from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Literal

import orjson
from django.conf import settings
from django.db import IntegrityError
from django.db.models import QuerySet
from django.http import HttpRequest
from ninja import Query, Router
from ninja.errors import HttpError

from apps.core.actors import actor_of
from apps.core.answers import Created, Skipped
from apps.core.api import answer
from apps.core.bodies import UnreadableBody
from apps.core.graph_querysets import RelationQuerySet
from apps.core.noise import TEST_DATA, NoiseFilter
from apps.core.openapi import may_fail
from apps.core.snapshots import snapshot
from apps.knowledge import actions, schemas
from apps.knowledge.graphs import GRAPHS, KNOWLEDGE, SKILL, Direction, Graph
from apps.knowledge.imports.reading import read
from apps.knowledge.imports.storing import planned, store
from apps.knowledge.models import KnowledgeEntity, KnowledgeQueryLog, KnowledgeRelation
from apps.knowledge.tasks import skills_for
from apps.knowledge.traversal import reached_from
from apps.skillset.manifests import NoSkills
from apps.skillset.sync import clear_skill_graph, sync_skills

router = Router(tags=["Knowledge graph"])

Offset = Annotated[int, Query(ge=0, le=10_000_000)]
Text = Annotated[str, Query(min_length=1, max_length=500)]
WhichGraph = Annotated[Literal["skill", "knowledge"], Query(description="The graph that is asked.")]
NOISE = NoiseFilter(
    markers=(
        *TEST_DATA,
        *("[test]", "test", "pytest", "testentity_", "searchable_", "trav_", "rel_a_", "rel_b_"),
        *("pytest-entity", "rel-src", "rel-dst", "test-", "test_", "goal-test", "skill-test"),
    )
)
MOST_TOLD = 100
IMPORT_ITEM = {"type": "object", "required": ["type"], "properties": {"type": {"enum": ["entity", "relation"]}}}
IMPORT = {
    "application/json": {
        "schema": {"type": "array", "items": IMPORT_ITEM},
        "example": [
            {"type": "entity", "name": "Aria", "entityType": "agent", "observations": ["Likes short answers"]},
            {"type": "entity", "name": "PostgreSQL", "entityType": "technology", "observations": []},
            {"type": "relation", "from": "Aria", "to": "PostgreSQL", "relationType": "uses"},
        ],
    },
    "application/x-ndjson": {"schema": IMPORT_ITEM},
}
DROPPED = {"created": False, "skipped": True, "reason": "test_or_noise_payload"}


@router.get("/knowledge-graph", response=schemas.GraphPage, summary="The organic graph, newest first")
def knowledge_graph(request: HttpRequest, limit: Annotated[int, Query(ge=1, le=2000)] = 500, offset: Offset = 0):
    entities = KNOWLEDGE.entities.objects.newest_first()[offset : offset + limit]
    return graph_page(entities.values(*schemas.ENTITY_FIELDS, "updated_at"), KNOWLEDGE, limit, offset)


@router.get("/skill-graph", response=schemas.GraphPage, summary="The graph of skills, by name")
def skill_graph(request: HttpRequest, limit: Annotated[int, Query(ge=1, le=5000)] = 1000, offset: Offset = 0):
    entities = SKILL.entities.objects.order_by("name", "type", "id")[offset : offset + limit]
    return graph_page(entities.values(*schemas.ENTITY_FIELDS), SKILL, limit, offset)


@router.get("/knowledge-graph/entities", response=schemas.Entities, summary="Entities, newest first")
def list_entities(
    request: HttpRequest, limit: Annotated[int, Query(ge=1, le=500)] = 100, offset: Offset = 0, type: str = ""
):
    entities = KnowledgeEntity.objects.newest_first()
    entities = entities.filter(type=type) if type else entities
    rows = entities.values(*schemas.ENTITY_FIELDS, "updated_at")[offset : offset + limit]
    return answer({"entities": list(rows)})


@router.get("/knowledge-graph/relations", response=schemas.Relations, summary="Relations, newest first")
def list_relations(request: HttpRequest, limit: Annotated[int, Query(ge=1, le=500)] = 100):
    return answer({"relations": relations_with_ends(KnowledgeRelation.objects.newest_first()[:limit])})


@router.post("/knowledge-graph/entities", response=Created | Skipped, summary="Create an entity")
def create_entity(request: HttpRequest, body: schemas.EntityIn):
    if NOISE.drops(body.name, body.type, body.properties):
        return answer(DROPPED)
    entity = actions.create_entity(actor_of(request), **body.model_dump())
    return {"id": entity.id, "created": True}


@router.post("/knowledge-graph/relations", response=Created | Skipped, summary="Create a relation between two entities")
def create_relation(request: HttpRequest, body: schemas.RelationIn):
    if NOISE.drops(body.relation_type, body.properties):
        return answer(DROPPED)
    try:
        relation = actions.create_relation(actor_of(request), **body.model_dump())
    except IntegrityError:
        raise HttpError(409, "Relation creation failed: one of the two entities does not exist.") from None
    return {"id": relation.id, "created": True}


@router.post(
    "/knowledge-graph/import",
    response=schemas.GraphImported,
    summary="Import entities and relations",
    openapi_extra={"requestBody": {"required": True, "content": IMPORT}},
)
def import_graph(request: HttpRequest, dry_run: bool = False):
    """The file of an MCP memory server (an object a line), a list of its objects, `{"entities": [], "relations": []}`
    or GraphML, up to 2 MB.

    An entity of a name and type that are there gets the properties and observations that it lacks; a relation that is
    there is not made again. What is wrong is told and the rest is stored, in one action that the pages can undo.
    """
    try:
        draft = read(request.body)
    except UnreadableBody as error:
        raise HttpError(422, f"Cannot read this: {error}") from None
    if dry_run:
        plan = planned(draft)
    else:
        plan, _ = store(actor_of(request), draft, "the API")
    return answer(
        {
            "entities": {
                "created": len(plan.created),
                "updated": len(plan.updated),
                "unchanged": plan.unchanged,
            },
            "relations": {"created": len(plan.relations), "unchanged": plan.relations_there},
            "differing": len(plan.differing),
            "invalid": [asdict(problem) for problem in plan.problems[:MOST_TOLD]],
            "invalid_count": len(plan.problems),
            "dry_run": dry_run,
        }
    )


@router.post(
    "/knowledge-graph/sync-skills",
    response=schemas.SkillsSynced,
    summary="Bring the graph of skills in step with the skills' manifests",
    openapi_extra=may_fail(500),
)
def sync_skill_graph(request: HttpRequest):
    """`problems` names what the manifests say wrongly; the rest is synced. A second sync writes nothing."""
    try:
        synced = sync_skills(actor_of(request), Path(settings.ARIA_SKILLS_DIR))
    except NoSkills as error:
        raise HttpError(500, f"Sync failed: {error}") from error
    return answer({"status": "ok", "stats": synced.stats, "problems": synced.problems})


@router.delete("/knowledge-graph/auto-generated", response=schemas.Emptied, summary="Empty the graph of skills")
def delete_auto_generated(request: HttpRequest):
    entities, relations = clear_skill_graph(actor_of(request))
    return {"deleted_entities": entities, "deleted_relations": relations, "status": "ok"}


@router.get(
    "/knowledge-graph/traverse",
    response=schemas.Traversal,
    summary="What can be reached from a node",
    operation_id="traverse_graph",
)
def traverse(
    request: HttpRequest,
    start: Annotated[str, Query(max_length=500, description="Id or exact name.")],
    relation_type: str = "",
    max_depth: Annotated[int, Query(ge=1, le=10)] = 3,
    direction: Direction = "outgoing",
    graph: WhichGraph = "skill",
    type: Annotated[str, Query(description="Of several nodes under one name, the one of this type.")] = "",
):
    """Nodes in the order of their distance, the start first, at most 1,000; each edge once."""
    chosen = GRAPHS[graph]
    with snapshot():
        node = chosen.find(start, type)
        if node is None:
            return answer({"error": f"Entity not found: {start}", "nodes": [], "edges": []})
        reached = reached_from(chosen, node.pk, max_depth, direction, relation_type)
    params = {"start": start, "relation_type": relation_type or None, "max_depth": max_depth, "direction": direction}
    log_query("traverse", params, reached.node_count)
    return answer(
        {
            "nodes": orjson.Fragment(reached.nodes),
            "edges": orjson.Fragment(reached.edges),
            "traversal_depth": max_depth,
            "total_nodes": reached.node_count,
            "total_edges": reached.edge_count,
        }
    )


@router.get(
    "/knowledge-graph/search",
    response=schemas.FoundNodes,
    summary="Find nodes by name or description",
    operation_id="search_graph",
)
def search(
    request: HttpRequest,
    q: Text,
    entity_type: str = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 25,
    graph: WhichGraph = "skill",
):
    found = GRAPHS[graph].entities.objects.matching(q)
    found = found.filter(type=entity_type) if entity_type else found
    results = list(found.values(*schemas.ENTITY_FIELDS)[:limit])
    log_query("search", {"q": q, "entity_type": entity_type or None, "limit": limit}, len(results))
    return answer({"results": results, "query": q, "count": len(results)})


@router.get("/knowledge-graph/skill-for-task", response=schemas.SkillForTask, summary="Which skill fits a task")
def skill_for_task(request: HttpRequest, task: Text, limit: Annotated[int, Query(ge=1, le=20)] = 5):
    with snapshot():
        candidates, tools = skills_for(task, limit)
    log_query("skill_for_task", {"task": task, "limit": limit}, len(candidates))
    return answer({"task": task, "candidates": candidates, "count": len(candidates), "tools_searched": tools})


@router.get(
    "/knowledge-graph/query-log",
    response=schemas.QueryLog,
    summary="What the graphs were asked",
    operation_id="graph_query_log",
)
def query_log(request: HttpRequest, limit: Annotated[int, Query(ge=1, le=200)] = 50, query_type: str = ""):
    logs = KnowledgeQueryLog.objects.order_by("-created_at", "id")
    logs = logs.filter(query_type=query_type) if query_type else logs
    rows = list(logs.values(*schemas.LOG_FIELDS)[:limit])
    return answer({"logs": rows, "count": len(rows)})


def graph_page(entities: QuerySet, graph: Graph, limit: int, offset: int):
    """A page of a graph, of one moment; `stats` counts the whole of it."""
    relations = graph.relations.objects.newest_first()[offset : offset + limit]
    with snapshot():
        return answer(
            {
                "entities": list(entities),
                "relations": relations_with_ends(relations),
                "stats": {
                    "entity_count": graph.entities.objects.count(),
                    "relation_count": graph.relations.objects.count(),
                },
            }
        )


def relations_with_ends(relations: RelationQuerySet) -> list[dict[str, Any]]:
    return list(relations.with_ends().values(*schemas.RELATION_WITH_ENDS))


def log_query(query_type: str, params: dict[str, Any], result_count: int) -> None:
    KnowledgeQueryLog.objects.create(query_type=query_type, params=params, result_count=result_count, source="api")
