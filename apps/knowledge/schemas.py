from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from ninja import Field, Schema

from apps.core.bodies import Body, JsonObject, example

ENTITY_FIELDS = ("id", "name", "type", "properties", "created_at")
RELATION_FIELDS = ("id", "from_entity", "to_entity", "relation_type", "properties", "created_at")
RELATION_WITH_ENDS = (*RELATION_FIELDS, "from_name", "from_type", "to_name", "to_type")
LOG_FIELDS = ("id", "query_type", "params", "result_count", "tokens_saved", "used_result", "source", "created_at")


class Entity(Schema):
    id: UUID
    name: str
    type: str
    properties: Any
    created_at: datetime
    updated_at: datetime | None = Field(None, description="of the organic graph only")


class Relation(Schema):
    id: UUID
    from_entity: UUID
    to_entity: UUID
    relation_type: str
    properties: Any
    created_at: datetime


class RelationWithEnds(Relation):
    from_name: str
    from_type: str
    to_name: str
    to_type: str


class GraphCounts(Schema):
    entity_count: int
    relation_count: int


class GraphPage(Schema):
    entities: list[Entity]
    relations: list[RelationWithEnds]
    stats: GraphCounts


class Entities(Schema):
    entities: list[Entity]


class Relations(Schema):
    relations: list[RelationWithEnds]


class Emptied(Schema):
    deleted_entities: int
    deleted_relations: int
    status: str


class SyncStats(Schema):
    entities: int
    relations: int
    skills: int
    tools: int
    focus_modes: int
    categories: int
    written: int = Field(description="nodes and edges that were new or different")
    cleared: int = Field(description="nodes and edges that no manifest describes any more")


class ManifestProblem(Schema):
    file: str
    reason: str


class SkillsSynced(Schema):
    status: str
    stats: SyncStats
    problems: list[ManifestProblem]


class EntityIn(Body):
    model_config = example(name="PostgreSQL", type="technology", properties={"licence": "PostgreSQL"})

    name: Annotated[str, Field(min_length=1, max_length=500)]
    type: Annotated[str, Field(min_length=1, max_length=100)]
    properties: JsonObject = {}


class RelationIn(Body):
    model_config = example(
        from_entity="0b5e7a52-6c1f-4f0e-9d55-3a1f6f9d2c01",
        to_entity="0b5e7a52-6c1f-4f0e-9d55-3a1f6f9d2c02",
        relation_type="uses",
    )

    from_entity: UUID
    to_entity: UUID
    relation_type: Annotated[str, Field(min_length=1, max_length=100)]
    properties: JsonObject = {}


class ImportedEntities(Schema):
    created: int
    updated: int = Field(description="got properties that they lacked")
    unchanged: int


class ImportedRelations(Schema):
    created: int
    unchanged: int


class ImportProblem(Schema):
    place: str
    detail: str


class GraphImported(Schema):
    entities: ImportedEntities
    relations: ImportedRelations
    differing: int = Field(description="properties that say something else than what is there, which is kept")
    invalid: list[ImportProblem] = Field(description="what was not stored, the first 100")
    invalid_count: int
    dry_run: bool


class Traversal(Schema):
    nodes: list[Entity]
    edges: list[Relation]
    traversal_depth: int | None = None
    total_nodes: int | None = None
    total_edges: int | None = None
    error: str | None = None


class FoundNodes(Schema):
    results: list[Entity]
    query: str
    count: int


class Candidate(Entity):
    match_type: str
    relevance: str


class SkillForTask(Schema):
    task: str
    candidates: list[Candidate]
    count: int
    tools_searched: int


class LoggedQuery(Schema):
    id: UUID
    query_type: str
    params: Any
    result_count: int
    tokens_saved: int | None
    used_result: bool
    source: str | None
    created_at: datetime


class QueryLog(Schema):
    logs: list[LoggedQuery]
    count: int
