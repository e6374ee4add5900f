from datetime import timedelta
from typing import Any, cast
from urllib.parse import quote, urlencode

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Cast
from django.urls import reverse
from django.utils import timezone
from pgvector.django import HnswIndex, VectorField

from apps.core.actors import Actor
from apps.core.fields import (
    TextKeyField,
    both,
    json_object,
    moment,
    optional_char,
    optional_moment,
    optional_text,
    uuid_key,
)
from apps.memory.alike_pairs import AlikeChecked, AlikePair  # noqa: F401  (Django looks here)
from apps.memory.memory_querysets import MemoryQuerySet
from apps.memory.querysets import (
    CheckpointQuerySet,
    ThoughtQuerySet,
    WorkingMemoryQuerySet,
)
from apps.memory.retrievals import Retrieval  # noqa: F401
from apps.memory.semantic_querysets import SemanticMemoryQuerySet, SessionSummaryQuerySet, WaitingTextQuerySet
from apps.memory.vectors import MemoryVector  # noqa: F401

EMBEDDING_DIMENSIONS = 768
# What the agent's older programs use, who know nothing of the site's column.
OLDEST_EMBEDDING_MODEL = "nomic-embed-text"


class Memory(models.Model):
    """A fact under a key, of any JSON type."""

    id = uuid_key()
    key = models.CharField(max_length=255)
    value = models.JSONField()
    category = models.CharField(max_length=100, **both("general"))
    created_at = moment()
    updated_at = moment()

    objects = MemoryQuerySet.as_manager()

    # Of a row that `written()` gave
    text: str
    revision: str

    class Meta:
        db_table = "memories"
        verbose_name_plural = "memories"
        constraints = [models.UniqueConstraint(fields=["key"], name="memories_key_key")]
        indexes = [
            models.Index(fields=["category"], name="idx_memories_category"),
            models.Index(fields=["-created_at"], name="idx_memories_created"),
            models.Index(fields=["key"], name="idx_memories_key"),
            models.Index(fields=["-updated_at"], name="idx_memories_updated"),
            GinIndex(fields=["value"], name="idx_memories_value_gin"),
            # The site's own
            GinIndex(fields=["key"], opclasses=["gin_trgm_ops"], name="site_memories_key_text"),
            GinIndex(OpClass(Cast("value", models.TextField()), "gin_trgm_ops"), name="site_memories_value_text"),
        ]

    def __str__(self) -> str:
        return self.key

    def get_absolute_url(self) -> str:
        return address_of(self.key)


def address_of(key: str) -> str:
    """The page of the memory under a key; what no path can say stands behind a `?`."""
    if key in ("", ".", ".."):
        return f"{reverse('memory_by_key')}?{urlencode({'key': key})}"
    return f"{reverse('memories')}/{quote(key, safe='')}"


class WorkingMemory(models.Model):
    """What the agent has in mind just now; an item fades after its time to live."""

    id = uuid_key()
    category = models.CharField(max_length=50)
    key = models.CharField(max_length=200)
    value = models.JSONField()
    importance = models.FloatField(**both(0.5))
    ttl_hours = models.IntegerField(null=True, blank=True)
    source = optional_char(100)
    checkpoint_id = optional_char(100)
    created_at = moment()
    updated_at = moment(null=True)
    accessed_at = optional_moment()
    access_count = models.IntegerField(**both(0))

    objects = WorkingMemoryQuerySet.as_manager()

    class Meta:
        db_table = "working_memory"
        verbose_name_plural = "working memory"
        constraints = [models.UniqueConstraint("category", "key", name="uq_wm_category_key")]
        indexes = [
            models.Index(fields=["category"], name="idx_wm_category"),
            models.Index(fields=["checkpoint_id"], name="idx_wm_checkpoint"),
            models.Index(fields=["-importance"], name="idx_wm_importance"),
            models.Index(fields=["-importance", "-created_at"], name="idx_wm_importance_created"),
            models.Index(fields=["key"], name="idx_wm_key"),
            # The site's own
            models.Index(fields=["-created_at"], name="site_wm_created"),
            models.Index(F("updated_at").desc(nulls_last=True), name="site_wm_updated"),
            models.Index(fields=["-access_count"], name="site_wm_used"),
            models.Index(fields=["category", "-importance", "-created_at"], name="site_wm_category_importance"),
            models.Index("category", F("updated_at").desc(nulls_last=True), name="site_wm_category_updated"),
            models.Index(fields=["category", "-access_count"], name="site_wm_category_used"),
        ]

    def __str__(self) -> str:
        return f"{self.category}/{self.key}"

    @property
    def lifetime_ms(self) -> float | None:
        """None: it stays for good."""
        return None if self.ttl_hours is None else 3_600_000 * self.ttl_hours

    @property
    def left_ms(self) -> float | None:
        """Of its time to live; below nought since it expired."""
        if self.lifetime_ms is None:
            return None
        return self.lifetime_ms - 1000 * (timezone.now() - (self.updated_at or self.created_at)).total_seconds()


class WorkingMemoryCheckpoint(models.Model):
    """What the agent had in mind at one moment."""

    checkpoint_id = TextKeyField(max_length=100, primary_key=True)
    items_checkpointed = models.IntegerField()
    created_at = moment()

    objects = CheckpointQuerySet.as_manager()

    class Meta:
        db_table = "site_working_memory_checkpoint"
        indexes = [models.Index(fields=["-created_at"], name="site_wm_checkpoint_created")]

    def __str__(self) -> str:
        return self.checkpoint_id

    def get_absolute_url(self) -> str:
        return f"{reverse('checkpoint')}?{urlencode({'name': self.pk})}"


class WorkingMemoryCheckpointItem(models.Model):
    """An item of working memory as it was then; `item_id` was its id."""

    checkpoint = models.ForeignKey(WorkingMemoryCheckpoint, models.CASCADE, related_name="items")
    item_id = models.UUIDField()
    category = models.CharField(max_length=50)
    key = models.CharField(max_length=200)
    value = models.JSONField()
    importance = models.FloatField()
    ttl_hours = models.IntegerField(null=True, blank=True)
    source = optional_char(100)
    created_at = models.DateTimeField()
    updated_at = optional_moment()
    accessed_at = optional_moment()
    access_count = models.IntegerField()

    class Meta:
        db_table = "site_working_memory_checkpoint_item"
        verbose_name = "checkpointed item"

    def __str__(self) -> str:
        return f"{self.category}/{self.key}"


class SemanticMemory(models.Model):
    """A text with its embedding, found again by meaning."""

    id = uuid_key()
    content = models.TextField()
    summary = optional_text()
    category = models.CharField(max_length=50, **both("general"))
    embedding = VectorField(dimensions=EMBEDDING_DIMENSIONS)
    metadata = json_object()
    importance = models.FloatField(**both(0.5))
    source = optional_char(100)
    created_at = moment()
    accessed_at = optional_moment()
    access_count = models.IntegerField(**both(0))
    # The site's own: vectors of different models must not be compared.
    embedding_model = models.CharField(
        max_length=200, db_column="site_embedding_model", editable=False, **both(OLDEST_EMBEDDING_MODEL)
    )

    # Kept, but never found
    buried = models.BooleanField(db_column="site_buried", editable=False, **both(False))

    objects = SemanticMemoryQuerySet.as_manager()

    # Of a row that `written()` or a search gave
    revision: str
    similarity: float | None

    class Meta:
        db_table = "semantic_memories"
        verbose_name_plural = "semantic memories"
        indexes = [
            models.Index(fields=["category"], name="idx_semantic_category"),
            models.Index(fields=["-created_at"], name="idx_semantic_created"),
            models.Index(fields=["importance"], name="idx_semantic_importance"),
            models.Index(fields=["source"], name="idx_semantic_source"),
            # The site's own
            HnswIndex(
                fields=["embedding"],
                m=16,
                ef_construction=64,
                opclasses=["vector_cosine_ops"],
                name="site_semantic_embedding",
            ),
            models.Index(fields=["embedding_model", "id"], name="site_semantic_model"),
            GinIndex(fields=["content"], opclasses=["gin_trgm_ops"], name="site_semantic_text"),
            models.Index(fields=["-created_at"], condition=Q(buried=True), name="site_semantic_buried"),
        ]

    def __str__(self) -> str:
        return self.summary or self.content[:80]

    def get_absolute_url(self) -> str:
        return reverse("semantic_memory", args=[self.pk])


class WaitingText(models.Model):
    """A text that becomes a semantic memory, under the same id, as soon as its embedding can be had."""

    id = uuid_key()
    content = models.TextField()
    summary = optional_text()
    category = models.CharField(max_length=50, **both("general"))
    metadata = json_object()
    importance = models.FloatField(**both(0.5))
    source = optional_char(100)
    created_at = moment()
    # Who stored it, for the history of the memory
    actor_kind = models.CharField(max_length=20)
    actor_name = models.CharField(max_length=200)
    attempts = models.IntegerField(**both(0))
    problem = models.TextField(blank=True, **both(""))
    try_after = moment()

    objects = WaitingTextQuerySet.as_manager()

    class Meta:
        db_table = "site_semantic_queue"
        indexes = [models.Index(fields=["try_after"], name="site_semantic_queue_next")]

    def __str__(self) -> str:
        return self.summary or self.content[:80]

    @property
    def actor(self) -> Actor:
        return Actor(cast(Any, self.actor_kind), self.actor_name)

    def postpone(self, problem: Exception, *, is_refused: bool) -> None:
        """For a minute; a text that the model refuses the longer the more often it did, up to most of a day."""
        self.problem = str(problem)
        self.attempts += is_refused
        minutes = 2 ** min(self.attempts - 1, 10) if is_refused else 1
        self.try_after = timezone.now() + timedelta(minutes=minutes)
        self.save(update_fields=["attempts", "problem", "try_after"])


class SessionSummary(models.Model):
    """An account of the agent's last hours, asked for and written in the background."""

    id = uuid_key()
    hours_back = models.FloatField()
    answer = models.JSONField(null=True, blank=True)  # None: being written
    requested_at = moment()

    objects = SessionSummaryQuerySet.as_manager()

    class Meta:
        db_table = "site_session_summary"
        verbose_name_plural = "session summaries"

    def __str__(self) -> str:
        return f"{self.hours_back:g} hours before {self.requested_at:%Y-%m-%d %H:%M:%S}"


class Thought(models.Model):
    """A passing thought of the agent."""

    id = uuid_key()
    content = models.TextField()
    category = models.CharField(max_length=100, **both("general"))
    metadata = json_object()
    created_at = moment()

    objects = ThoughtQuerySet.as_manager()

    class Meta:
        db_table = "thoughts"
        indexes = [
            models.Index(fields=["category"], name="idx_thoughts_category"),
            GinIndex(fields=["content"], opclasses=["gin_trgm_ops"], name="idx_thoughts_content_trgm"),
            models.Index(fields=["-created_at"], name="idx_thoughts_created"),
        ]

    def __str__(self) -> str:
        return self.content[:80]
