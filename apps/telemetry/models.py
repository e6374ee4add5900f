from decimal import Decimal

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models.fields.json import KT
from django.db.models.functions import Cast, Upper

from apps.core.fields import (
    DatabaseForeignKey,
    LegacyGinIndex,
    LegacyIndex,
    SerialField,
    both,
    json_object,
    moment,
    optional_char,
    optional_moment,
    optional_text,
    owned_key,
    uuid_key,
)
from apps.telemetry.budgets.models import Budget, BudgetLease, BudgetNotice  # noqa: F401  (Django looks here)
from apps.telemetry.call_totals import CallTotal  # noqa: F401  (Django looks here)
from apps.telemetry.latencies import InvocationTime, UsageTime  # noqa: F401
from apps.telemetry.prices import ModelPrice  # noqa: F401  (Django looks here)
from apps.telemetry.querysets import ActivityQuerySet, InvocationQuerySet, SessionQuerySet, UsageQuerySet
from apps.telemetry.sums import ActivitySum, InvocationSum, SessionSum, UsageSum  # noqa: F401  (Django looks here)


class AgentSession(models.Model):
    """One run of an agent, from its start to its end."""

    id = uuid_key()
    agent_id = models.CharField(max_length=100)
    session_type = models.CharField(max_length=50, **both("interactive"))
    started_at = moment()
    ended_at = optional_moment()
    messages_count = models.IntegerField(**both(0))
    tokens_used = models.IntegerField(**both(0))
    cost_usd = models.DecimalField(max_digits=10, decimal_places=6, **both(0))
    status = models.CharField(max_length=50, **both("active"))
    metadata = json_object()

    objects = SessionQuerySet.as_manager()

    class Meta:
        db_table = "agent_sessions"
        indexes = [
            models.Index(fields=["agent_id"], name="idx_agent_sessions_agent"),
            LegacyIndex(fields=["agent_id", "-started_at"], name="idx_agent_sessions_agent_started"),
            LegacyGinIndex(fields=["metadata"], name="idx_agent_sessions_metadata_gin"),
            LegacyIndex(KT("metadata__openclaw_session_id"), name="idx_agent_sessions_openclaw_sid"),
            models.Index(fields=["-started_at"], name="idx_agent_sessions_started"),
            models.Index(fields=["status"], name="idx_agent_sessions_status"),
            models.Index(fields=["session_type"], name="idx_agent_sessions_type"),
            # The site's own, to sort by cost and to search: icontains is UPPER(...) LIKE UPPER(...).
            models.Index(fields=["cost_usd", "id"], name="site_session_cost"),
            GinIndex(
                OpClass(Upper(Cast("metadata", models.TextField())), name="gin_trgm_ops"), name="site_session_text"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.agent_id} {self.started_at:%Y-%m-%d %H:%M}"


class ModelUsage(models.Model):
    """One call of a language model and what it cost."""

    id = uuid_key()
    model = models.CharField(max_length=100)
    provider = optional_char(50)
    input_tokens = models.IntegerField(**both(0))
    output_tokens = models.IntegerField(**both(0))
    cost_usd = models.DecimalField(max_digits=10, decimal_places=6, **both(0))
    latency_ms = models.IntegerField(null=True, blank=True)
    success = models.BooleanField(**both(True))
    error_message = optional_text()
    session = owned_key(AgentSession, null=True, blank=True, related_name="model_calls")
    created_at = moment()

    objects = UsageQuerySet.as_manager()

    class Meta:
        db_table = "model_usage"
        verbose_name_plural = "model usage"
        constraints = [
            DatabaseForeignKey(
                column="session_id",
                references="agent_sessions(id)",
                on_delete="SET NULL",
                name="model_usage_session_id_fkey",
            )
        ]
        indexes = [
            models.Index(fields=["-created_at"], name="idx_model_usage_created"),
            models.Index(fields=["model"], name="idx_model_usage_model"),
            models.Index(fields=["model", "-created_at"], name="idx_model_usage_model_created"),
            models.Index(fields=["model", "provider"], name="idx_model_usage_model_provider"),
            models.Index(fields=["provider"], name="idx_model_usage_provider"),
            models.Index(fields=["session"], name="idx_model_usage_session"),
            models.Index(fields=["success"], name="idx_model_usage_success"),
            # The site's own: failures are few, and asked for by time.
            models.Index(fields=["-created_at"], condition=models.Q(success=False), name="site_usage_failed"),
        ]

    def __str__(self) -> str:
        return f"{self.model} {self.created_at:%Y-%m-%d %H:%M:%S}"


class SkillInvocation(models.Model):
    """One call of a skill's tool."""

    id = uuid_key()
    skill_name = models.CharField(max_length=100)
    tool_name = models.CharField(max_length=100)
    duration_ms = models.IntegerField(null=True, blank=True)
    success = models.BooleanField(**both(True))
    error_type = optional_char(100)
    tokens_used = models.IntegerField(null=True, blank=True)
    model_used = optional_char(100)
    created_at = moment()

    objects = InvocationQuerySet.as_manager()

    class Meta:
        db_table = "skill_invocations"
        indexes = [
            models.Index(fields=["-created_at"], name="idx_invocation_created"),
            models.Index(fields=["skill_name"], name="idx_invocation_skill"),
            models.Index(fields=["success"], name="idx_invocation_success"),
            # The site's own: the newest calls of one skill; failures are few, and asked for by time.
            models.Index(fields=["skill_name", "-created_at"], name="site_invocation_skill"),
            models.Index(fields=["-created_at"], condition=models.Q(success=False), name="site_invocation_failed"),
        ]

    def __str__(self) -> str:
        return f"{self.skill_name}.{self.tool_name}"


class AgentPerformance(models.Model):
    """How well an agent did at a kind of task; the pheromone score draws later tasks to it."""

    id = SerialField(primary_key=True)
    agent_id = models.CharField(max_length=100)
    task_type = models.CharField(max_length=100)
    success = models.BooleanField()
    duration_ms = models.IntegerField(null=True, blank=True)
    token_cost = models.DecimalField(max_digits=10, decimal_places=6, null=True, blank=True)
    pheromone_score = models.DecimalField(max_digits=5, decimal_places=3, **both(Decimal("0.500")))
    created_at = moment()

    class Meta:
        db_table = "agent_performance"
        verbose_name_plural = "agent performance"
        indexes = [
            models.Index(fields=["agent_id"], name="idx_agent_perf_agent"),
            models.Index(fields=["-created_at"], name="idx_agent_perf_created"),
            models.Index(fields=["task_type"], name="idx_agent_perf_task"),
        ]

    def __str__(self) -> str:
        return f"{self.agent_id} {self.task_type}"


class ActivityLog(models.Model):
    """Something the agent did, in its own words."""

    id = uuid_key()
    action = models.CharField(max_length=100)
    skill = optional_char(100)
    details = json_object()
    success = models.BooleanField(**both(True))
    error_message = optional_text()
    created_at = moment()

    objects = ActivityQuerySet.as_manager()

    class Meta:
        db_table = "activity_log"
        verbose_name = "activity"
        verbose_name_plural = "activities"
        indexes = [
            models.Index(fields=["action"], name="idx_activity_action"),
            models.Index(fields=["action", "-created_at"], name="idx_activity_action_created"),
            models.Index(fields=["-created_at"], name="idx_activity_created"),
            GinIndex(fields=["details"], name="idx_activity_details_gin"),
            models.Index(fields=["skill"], name="idx_activity_skill"),
            models.Index(fields=["skill", "-created_at"], name="idx_activity_skill_created"),
            # The site's own, as for model calls.
            models.Index(fields=["-created_at"], condition=models.Q(success=False), name="site_activity_failed"),
            # And for the search over everything: ILIKE '%text%'.
            GinIndex(
                OpClass("action", name="gin_trgm_ops"),
                OpClass(Cast("details", models.TextField()), name="gin_trgm_ops"),
                name="site_activity_text",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.created_at:%Y-%m-%d %H:%M:%S}"
