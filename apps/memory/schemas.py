from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from ninja import Field, Schema

from apps.core.bodies import Body, JsonObject, TelemetryBody, example

MEMORY_FIELDS = ("id", "key", "value", "category", "created_at", "updated_at")
ITEM_FIELDS = (
    "id",
    "category",
    "key",
    "value",
    "importance",
    "ttl_hours",
    "source",
    "checkpoint_id",
    "created_at",
    "updated_at",
    "accessed_at",
    "access_count",
)
SEMANTIC_FIELDS = (
    "id",
    "content",
    "summary",
    "category",
    "metadata",
    "importance",
    "source",
    "created_at",
    "accessed_at",
    "access_count",
    "similarity",
)

# Wide enough for any scale of importance, and narrow enough for products of it to be numbers.
Importance = Annotated[float, Field(ge=-1e9, le=1e9)]
# Not a Query: ninja would give the three weights of one function the default of the last.
Weight = Annotated[float, Field(ge=-1000, le=1000)]


class ThoughtOut(Schema):
    id: UUID
    category: str
    content: str
    timestamp: datetime


class ThoughtPage(Schema):
    items: list[ThoughtOut]
    total: int
    page: int
    limit: int
    pages: int


class ThoughtIn(TelemetryBody):
    model_config = example(content="The report can wait until the costs are known.", category="planning")

    content: str
    category: Annotated[str, Field(max_length=100)] = "general"
    metadata: JsonObject = {}


class MemoryOut(Schema):
    id: UUID
    key: str
    value: Any
    category: str
    created_at: datetime
    updated_at: datetime


class MemoryPage(Schema):
    items: list[MemoryOut]
    total: int
    page: int
    limit: int
    pages: int


class Upserted(Schema):
    id: UUID
    key: str
    upserted: bool


class Forgotten(Schema):
    deleted: bool
    key: str


class MemoryIn(Body):
    model_config = example(key="favourite-editor", value={"name": "vim"}, category="preferences")

    key: Annotated[str, Field(max_length=255)] | None = Field(None, description="Required.")
    value: Any = None
    category: Annotated[str, Field(max_length=100)] = "general"


class SemanticIn(TelemetryBody):
    model_config = example(
        content="The nightly report is late whenever the proxy restarts.", category="lesson", importance=0.7
    )

    content: Annotated[str, Field(max_length=100_000)] | None = Field(None, description="Required.")
    summary: Annotated[str, Field(max_length=10_000)] | None = Field(
        None, description="Default: the first 100 characters."
    )
    category: Annotated[str, Field(max_length=50)] = "general"
    importance: Importance = 0.5
    source: Annotated[str, Field(max_length=100)] = "api"
    metadata: JsonObject = {}


class SemanticStored(Schema):
    id: UUID
    stored: bool
    embedded: bool = Field(description="False: the text waits for its embedding, and is found by meaning afterwards.")
    detail: str = Field("", description="Why it waits.")


class SemanticFound(Schema):
    id: UUID
    content: str
    summary: str | None
    category: str
    metadata: Any
    importance: float
    source: str | None
    created_at: datetime
    accessed_at: datetime | None
    access_count: int
    similarity: float | None = Field(
        description="Of the vectors, at most 1; in mode `text` of the words. Null: its vector is of another model."
    )


class SemanticSearch(Schema):
    memories: list[SemanticFound]
    query: str
    mode: str = Field(description="How it was done: `text` where there was no embedding.")
    note: str = Field(description="What the answer lacks; mostly empty.")


class Summary(Schema):
    summary: str
    decisions: list[str]
    stored: bool
    ids: list[UUID] = Field([], description="Of the memories: the summary's, then those of the decisions.")
    id: UUID | None = None
    pending: bool = Field(False, description="It is still being written.")


class ItemOut(Schema):
    id: UUID
    category: str
    key: str
    value: Any
    importance: float
    ttl_hours: int | None
    source: str | None
    checkpoint_id: str | None
    created_at: datetime
    updated_at: datetime | None
    accessed_at: datetime | None
    access_count: int


class ItemPage(Schema):
    items: list[ItemOut]
    total: int
    page: int
    limit: int
    pages: int


class ItemIn(Body):
    model_config = example(key="current-task", value={"goal": "weekly report"}, importance=0.8, ttl_hours=24)

    key: Annotated[str, Field(max_length=200)] | None = Field(None, description="Required.")
    value: Any = Field(None, description="Required; any JSON but null.")
    category: Annotated[str, Field(max_length=50)] = "general"
    importance: Importance = 0.5
    ttl_hours: Annotated[int, Field(ge=0, le=2**31 - 1)] | None = Field(
        None, description="Hours after the last writing; null keeps the item for good."
    )
    source: Annotated[str, Field(max_length=100)] | None = None


class ItemChanges(Body):
    """Null leaves a column as it is."""

    model_config = example(value={"goal": "weekly report", "step": 2}, importance=0.9)

    value: Any = None
    importance: Importance | None = None


class ItemDeleted(Schema):
    deleted: bool
    id: UUID


class RelevantItem(ItemOut):
    relevance: float


class Context(Schema):
    context: list[RelevantItem]
    count: int


class Checkpoint(Schema):
    checkpoint_id: str | None
    items: list[ItemOut]
    count: int


class MadeCheckpoint(Schema):
    checkpoint_id: str
    items_checkpointed: int
    created_at: datetime


class RestoreIn(Body):
    model_config = example(checkpoint_id="ckpt-20260216T180000-a1b2c3")

    checkpoint_id: Annotated[str, Field(max_length=100)] | None = Field(None, description="Default: the newest.")


class Restored(Schema):
    restored: bool
    checkpoint_id: str
    items_restored: int


class CategoryCount(Schema):
    category: str
    count: int


class WorkingMemoryStats(Schema):
    total_items: int
    categories: int
    avg_importance: float
    checkpoint_count: int
    expired_count: int
    by_category: list[CategoryCount]


class CleanUpIn(Body):
    model_config = example(category="general", dry_run=True)

    category: Annotated[str, Field(max_length=50)] | None = None
    source: Annotated[str, Field(max_length=100)] | None = None
    delete_expired: bool = Field(True, description="Only expired items; with a category or source, both must hold.")
    dry_run: bool = False


class CleanedUp(Schema):
    matched: int
    deleted: int
    dry_run: bool


class SnapshotSource(Schema):
    path: str
    last_updated: str
    size_bytes: int


class FileSnapshot(Schema):
    exists: bool
    path: str
    sources: list[SnapshotSource]
    path_mode: str
    legacy_sources_detected: int = 0
    snapshot: Any
