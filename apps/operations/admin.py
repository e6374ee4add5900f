from django.contrib import admin

from apps.core.admin_base import ReadOnlyAdmin, StreamAdmin, WarehouseAdmin, excerpt
from apps.core.admin_filters import NamesFilter, PeriodFilter
from apps.operations.models import HeartbeatLog, PendingComplexTask, ScheduledJob, ScheduleTick


@admin.register(ScheduledJob)
class ScheduledJobAdmin(WarehouseAdmin):
    list_display = [
        "name",
        "id",
        "agent_id",
        "enabled",
        "schedule_kind",
        "schedule_expr",
        "next_run_at",
        "last_run_at",
        "last_status",
        "run_count",
        "fail_count",
    ]
    list_filter = ["enabled", ("agent_id", NamesFilter), ("schedule_kind", NamesFilter), ("last_status", NamesFilter)]
    search_fields = ["id", "name", "payload_text"]
    ordering = ["name"]
    readonly_fields = [
        "next_run_at",
        "last_run_at",
        "last_status",
        "last_duration_ms",
        "run_count",
        "success_count",
        "fail_count",
        "created_at_ms",
        "updated_at_ms",
        "synced_at",
    ]
    set_once = ["id"]


@admin.register(ScheduleTick)
class ScheduleTickAdmin(ReadOnlyAdmin):
    list_display = [
        "last_tick",
        "tick_count",
        "enabled",
        "jobs_total",
        "jobs_successful",
        "jobs_failed",
        "last_job_name",
        "last_job_status",
        "next_job_at",
    ]
    list_filter = ["enabled"]
    search_fields = ["last_job_name"]
    ordering = ["-id"]


@admin.register(HeartbeatLog)
class HeartbeatLogAdmin(StreamAdmin):
    list_display = ["created_at", "beat_number", "status", excerpt("details")]
    list_filter = [("created_at", PeriodFilter)]
    search_fields = ["status"]
    search_help_text = "Part of a status, or the id of a heartbeat."
    ordering = ["-created_at"]


@admin.register(PendingComplexTask)
class PendingComplexTaskAdmin(WarehouseAdmin):
    list_display = ["task_id", "task_type", excerpt("description"), "agent_type", "priority", "status", "created_at"]
    list_filter = [("status", NamesFilter), ("priority", NamesFilter), ("agent_type", NamesFilter)]
    search_fields = ["task_id", "task_type", "description"]
    date_hierarchy = "created_at"
    ordering = ["-created_at"]
    readonly_fields = ["id", "created_at"]
    set_once = ["task_id"]
