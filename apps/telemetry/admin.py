from django.contrib import admin
from django.db.models import Q
from django.db.models.fields.json import KT
from django.urls import reverse
from django.utils.html import format_html

from apps.core.admin_base import StreamAdmin, excerpt
from apps.core.admin_filters import NamesFilter, PeriodFilter
from apps.telemetry.models import ActivityLog, AgentPerformance, AgentSession, ModelUsage, SkillInvocation


@admin.register(AgentSession)
class AgentSessionAdmin(StreamAdmin):
    list_display = [
        "started_at",
        "agent_id",
        "session_type",
        "status",
        "ended_at",
        "messages_count",
        "tokens_used",
        "cost_usd",
    ]
    list_filter = [
        ("started_at", PeriodFilter),
        ("status", NamesFilter),
        ("session_type", NamesFilter),
        ("agent_id", NamesFilter),
    ]
    search_fields = ["agent_id", "session_type", "status"]
    search_help_text = "Part of an agent's name, a type or a status; or the id of a session, the site's or OpenClaw's."
    ordering = ["-started_at"]
    readonly_fields = ["id", "model_calls"]

    def get_search_results(self, request, queryset, search_term):
        by_openclaw = self.model._default_manager.alias(sid=KT("metadata__openclaw_session_id"))
        keys = list(by_openclaw.filter(sid=search_term.strip()).values_list("pk", flat=True)[:100])
        found, duplicates = super().get_search_results(request, queryset, search_term)
        return (queryset.filter(Q(pk__in=keys)) if keys else found), duplicates

    @admin.display(description="model calls")
    def model_calls(self, session: AgentSession) -> str:
        url = reverse("admin:telemetry_modelusage_changelist")
        return format_html('<a href="{}?session={}">Model calls of this session</a>', url, session.pk)


@admin.register(ModelUsage)
class ModelUsageAdmin(StreamAdmin):
    list_display = [
        "created_at",
        "model",
        "provider",
        "input_tokens",
        "output_tokens",
        "cost_usd",
        "latency_ms",
        "success",
        "session",
    ]
    list_filter = [("created_at", PeriodFilter), "success", ("provider", NamesFilter), ("model", NamesFilter)]
    list_prefetch_related = ["session"]
    search_fields = ["model", "provider"]
    search_help_text = "Part of a model's or provider's name; or the id of a call or session."
    ordering = ["-created_at"]
    autocomplete_fields = ["session"]


@admin.register(SkillInvocation)
class SkillInvocationAdmin(StreamAdmin):
    list_display = [
        "created_at",
        "skill_name",
        "tool_name",
        "success",
        "duration_ms",
        "error_type",
        "tokens_used",
        "model_used",
    ]
    list_filter = [("created_at", PeriodFilter), "success", ("skill_name", NamesFilter)]
    search_fields = ["skill_name"]
    search_help_text = "Part of a skill's name, or the id of an invocation."
    ordering = ["-created_at"]


@admin.register(AgentPerformance)
class AgentPerformanceAdmin(StreamAdmin):
    list_display = ["created_at", "agent_id", "task_type", "success", "duration_ms", "token_cost", "pheromone_score"]
    list_filter = [("created_at", PeriodFilter), "success", ("agent_id", NamesFilter), ("task_type", NamesFilter)]
    search_fields = ["agent_id", "task_type"]
    search_help_text = "Part of an agent's name or a task's type."
    ordering = ["-created_at"]


@admin.register(ActivityLog)
class ActivityLogAdmin(StreamAdmin):
    list_display = ["created_at", "action", "skill", "success", excerpt("details"), excerpt("error_message")]
    list_filter = [("created_at", PeriodFilter), "success", ("action", NamesFilter), ("skill", NamesFilter)]
    search_fields = ["action", "skill"]
    search_help_text = "Part of an action's or skill's name, or the id of an activity."
    ordering = ["-created_at"]
