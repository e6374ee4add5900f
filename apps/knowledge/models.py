from uuid import UUID

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.db.models.fields.json import KT
from django.db.models.functions import Upper
from django.utils import timezone

from apps.core.fields import DatabaseForeignKey, both, json_object, moment, optional_char, owned_key, uuid_key
from apps.core.graph_querysets import EntityQuerySet, RelationQuerySet


class KnowledgeEntity(models.Model):
    """A node of the organic knowledge graph: anything the agent has learnt of."""

    id = uuid_key()
    name = models.TextField()
    type = models.TextField()
    properties = json_object()
    created_at = moment()
    updated_at = moment()

    objects = EntityQuerySet.as_manager()

    class Meta:
        db_table = "knowledge_entities"
        verbose_name_plural = "knowledge entities"
        indexes = [
            models.Index(fields=["name"], name="idx_kg_entity_name"),
            models.Index(fields=["type"], name="idx_kg_entity_type"),
            GinIndex(fields=["properties"], name="idx_kg_properties_gin"),
            # The site's own
            GinIndex(OpClass(Upper("name"), name="gin_trgm_ops"), name="site_knowledge_name"),
            GinIndex(OpClass(Upper(KT("properties__description")), name="gin_trgm_ops"), name="site_knowledge_descr"),
            models.Index(fields=["-created_at", "id"], name="site_knowledge_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.type})"


class KnowledgeRelation(models.Model):
    """An edge of the organic knowledge graph."""

    id = uuid_key()
    from_entity = owned_key(KnowledgeEntity, db_column="from_entity", related_name="relations_out")
    to_entity = owned_key(KnowledgeEntity, db_column="to_entity", related_name="relations_in")
    relation_type = models.TextField()
    properties = json_object()
    created_at = moment()

    objects = RelationQuerySet.as_manager()

    class Meta:
        db_table = "knowledge_relations"
        constraints = [
            DatabaseForeignKey(
                column="from_entity",
                references="knowledge_entities(id)",
                on_delete="CASCADE",
                name="knowledge_relations_from_entity_fkey",
            ),
            DatabaseForeignKey(
                column="to_entity",
                references="knowledge_entities(id)",
                on_delete="CASCADE",
                name="knowledge_relations_to_entity_fkey",
            ),
        ]
        indexes = [
            models.Index(fields=["from_entity"], name="idx_kg_relation_from"),
            models.Index(fields=["to_entity"], name="idx_kg_relation_to"),
            models.Index(fields=["relation_type"], name="idx_kg_relation_type"),
            # The site's own: a node's relations by type, the newest of each type, and those between two nodes
            models.Index(
                fields=["from_entity", "relation_type", "created_at"],
                include=["to_entity"],
                name="site_knowledge_out",
            ),
            models.Index(
                fields=["to_entity", "relation_type", "created_at"],
                include=["from_entity"],
                name="site_knowledge_in",
            ),
            models.Index(fields=["from_entity", "to_entity"], name="site_knowledge_between"),
            models.Index(fields=["to_entity", "from_entity"], name="site_knowledge_back"),
            models.Index(fields=["-created_at", "id"], name="site_knowledge_new_relation"),
        ]

    def __str__(self) -> str:
        return f"{self.from_entity_id} {self.relation_type} {self.to_entity_id}"


class KnowledgeQueryLog(models.Model):
    """A question that was put to one of the graphs."""

    id = uuid_key()
    query_type = models.CharField(max_length=50)
    params = json_object()
    result_count = models.IntegerField(**both(0))
    tokens_saved = models.IntegerField(null=True, blank=True)
    used_result = models.BooleanField(**both(False))
    source = optional_char(100)
    created_at = moment()

    class Meta:
        db_table = "knowledge_query_log"
        verbose_name = "knowledge query"
        verbose_name_plural = "knowledge queries"
        indexes = [
            models.Index(fields=["-created_at"], name="idx_kql_created"),
            models.Index(fields=["query_type"], name="idx_kql_query_type"),
            models.Index(fields=["source"], name="idx_kql_source"),
        ]

    def __str__(self) -> str:
        return f"{self.query_type} {self.created_at:%Y-%m-%d %H:%M:%S}"


class GraphEdit(models.Model):
    """Something that was done to many rows of the graph at once, and can be undone; the history says what was there."""

    class Kind(models.TextChoices):
        DELETE = "delete", "Deleted"
        MERGE = "merge", "Merged"
        IMPORT = "import", "Imported"
        UNDO = "undo", "Undid"

    action = models.UUIDField(primary_key=True)  # of its changes in the history
    kind = models.CharField(max_length=10, choices=Kind)
    about = models.TextField()
    entity = models.UUIDField(null=True)  # whose page shows it best
    undoes = models.UUIDField(null=True)  # the action that this one took back
    undone = models.BooleanField(default=False)
    actor_kind = models.CharField(max_length=10)
    actor_name = models.TextField()
    made_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "site_graph_edit"
        indexes = [models.Index(fields=["-made_at", "-action"], name="site_graph_edit_when")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.about}"


class MergeCandidateQuerySet(models.QuerySet):
    def waiting(self):
        """Those that nobody has decided on, the likeliest first, of entities that are both there."""
        there = [Exists(KnowledgeEntity.objects.filter(pk=OuterRef(end))) for end in ("one", "other")]
        return self.filter(*there, dismissed_at=None).order_by("-score", "one", "other")

    def of(self, entity: UUID, another: UUID):
        one, other = sorted((entity, another))
        return self.filter(one=one, other=other)

    def known_apart(self, entity: UUID) -> set[UUID]:
        decided = self.filter(Q(one=entity) | Q(other=entity)).exclude(dismissed_at=None)
        return {end for pair in decided.values_list("one", "other") for end in pair} - {entity}


class MergeCandidate(models.Model):
    """Two entities that may be the same, or that somebody has said are not; `one` is the lesser id.

    No foreign keys: what is known of two holds on when one is deleted and restored.
    """

    one = models.UUIDField()
    other = models.UUIDField()
    likeness = models.FloatField(default=0)  # of the names, 0 to 1
    shared = models.IntegerField(default=0)  # neighbours
    score = models.FloatField(default=0)
    dismissed_at = models.DateTimeField(null=True)
    dismissed_by = models.TextField(**both(""))

    objects = MergeCandidateQuerySet.as_manager()

    class Meta:
        db_table = "site_merge_candidate"
        constraints = [models.UniqueConstraint(fields=["one", "other"], name="site_merge_candidate_pair")]
        indexes = [
            models.Index(
                fields=["-score", "one", "other"], condition=Q(dismissed_at=None), name="site_merge_candidate_likely"
            ),
            models.Index(fields=["other"], name="site_merge_candidate_other"),
        ]

    def __str__(self) -> str:
        return f"{self.one} {self.other}"


class DuplicatesChecked(models.Model):
    """An entity whose likes were looked for, under the name whose hash this is."""

    entity = models.UUIDField(primary_key=True)
    name = models.IntegerField()

    class Meta:
        db_table = "site_duplicates_checked"

    def __str__(self) -> str:
        return str(self.entity)


class GraphImport(models.Model):
    """A file between its upload and the yes or no to what it would change."""

    id = uuid_key()
    name = models.CharField(max_length=200)
    content = models.BinaryField()
    made_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "site_graph_import"

    def __str__(self) -> str:
        return self.name
