from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models.fields.json import KT
from django.db.models.functions import Upper

from apps.core.fields import (
    DatabaseForeignKey,
    TextKeyField,
    both,
    json_object,
    moment,
    optional_char,
    optional_moment,
    owned_key,
    uuid_key,
)
from apps.core.graph_querysets import EntityQuerySet, RelationQuerySet
from apps.skillset.querysets import SkillStatusQuerySet


class SkillStatusRecord(models.Model):
    """The registry's line about one skill: is it there, and is it well?"""

    id = uuid_key()
    skill_name = models.CharField(max_length=100)
    canonical_name = models.CharField(max_length=100)
    layer = optional_char(20)
    status = models.CharField(max_length=20, **both("unavailable"))
    last_health_check = optional_moment()
    last_execution = optional_moment()
    use_count = models.IntegerField(**both(0))
    error_count = models.IntegerField(**both(0))
    metadata = models.JSONField(null=True, blank=True)
    updated_at = moment(null=True)

    objects = SkillStatusQuerySet.as_manager()

    class Meta:
        db_table = "skill_status"
        verbose_name = "skill status"
        verbose_name_plural = "skill statuses"
        constraints = [
            # An expression makes Django create a unique index, as the warehouse has it, not a constraint.
            models.UniqueConstraint("skill_name", name="ix_skill_status_skill_name"),
        ]
        indexes = [
            models.Index(fields=["layer"], name="idx_skill_status_layer"),
            models.Index(fields=["skill_name"], name="idx_skill_status_name"),
            models.Index(fields=["status"], name="idx_skill_status_status"),
        ]

    def __str__(self) -> str:
        return self.skill_name


class SkillUse(models.Model):
    """How often a skill was called: the sums of `skill_invocations`, kept by triggers of that table."""

    skill_name = TextKeyField(max_length=100, primary_key=True)
    uses = models.BigIntegerField()
    errors = models.BigIntegerField()
    last_used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "site_skill_use"

    def __str__(self) -> str:
        return self.skill_name


class SkillGraphEntity(models.Model):
    """A node of the skill graph: a skill, tool, focus mode or category."""

    id = uuid_key()
    name = models.CharField(max_length=500)
    type = models.CharField(max_length=100)
    properties = json_object()
    created_at = moment()

    objects = EntityQuerySet.as_manager()

    class Meta:
        db_table = "skill_graph_entities"
        verbose_name_plural = "skill graph entities"
        constraints = [models.UniqueConstraint(fields=["name", "type"], name="uq_sg_entity_name_type")]
        indexes = [
            models.Index(fields=["name"], name="idx_sg_entity_name"),
            models.Index(fields=["type"], name="idx_sg_entity_type"),
            # The site's own
            GinIndex(OpClass(Upper("name"), name="gin_trgm_ops"), name="site_skill_graph_name"),
            GinIndex(OpClass(Upper(KT("properties__description")), name="gin_trgm_ops"), name="site_skill_graph_descr"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.type})"


class SkillGraphRelation(models.Model):
    """An edge of the skill graph: provides, belongs_to, affinity or depends_on."""

    id = uuid_key()
    from_entity = owned_key(SkillGraphEntity, db_column="from_entity", related_name="relations_out")
    to_entity = owned_key(SkillGraphEntity, db_column="to_entity", related_name="relations_in")
    relation_type = models.CharField(max_length=100)
    properties = json_object()
    created_at = moment()

    objects = RelationQuerySet.as_manager()

    class Meta:
        db_table = "skill_graph_relations"
        constraints = [
            DatabaseForeignKey(
                column="from_entity",
                references="skill_graph_entities(id)",
                on_delete="CASCADE",
                name="skill_graph_relations_from_entity_fkey",
            ),
            DatabaseForeignKey(
                column="to_entity",
                references="skill_graph_entities(id)",
                on_delete="CASCADE",
                name="skill_graph_relations_to_entity_fkey",
            ),
        ]
        indexes = [
            models.Index(fields=["from_entity"], name="idx_sg_relation_from"),
            models.Index(fields=["to_entity"], name="idx_sg_relation_to"),
            models.Index(fields=["relation_type"], name="idx_sg_relation_type"),
        ]

    def __str__(self) -> str:
        return f"{self.from_entity_id} {self.relation_type} {self.to_entity_id}"
