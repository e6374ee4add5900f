from django.contrib import admin

from apps.core.admin_base import ReadOnlyAdmin, WarehouseAdmin, excerpt
from apps.core.admin_filters import NamesFilter
from apps.memory.models import (
    Memory,
    Retrieval,
    SemanticMemory,
    SessionSummary,
    Thought,
    WaitingText,
    WorkingMemory,
    WorkingMemoryCheckpoint,
    WorkingMemoryCheckpointItem,
)


@admin.register(Memory)
class MemoryAdmin(WarehouseAdmin):
    list_display = ["key", "category", excerpt("value"), "updated_at", "created_at"]
    list_filter = [("category", NamesFilter)]
    search_fields = ["key", "value"]
    date_hierarchy = "created_at"
    ordering = ["-updated_at"]
    readonly_fields = ["id", "created_at", "updated_at"]


@admin.register(WorkingMemory)
class WorkingMemoryAdmin(WarehouseAdmin):
    list_display = ["key", "category", excerpt("value"), "importance", "ttl_hours", "access_count", "updated_at"]
    list_filter = [("category", NamesFilter), ("checkpoint_id", NamesFilter)]
    search_fields = ["key", "value", "source"]
    date_hierarchy = "created_at"
    ordering = ["-created_at"]
    readonly_fields = ["id", "access_count", "accessed_at", "created_at", "updated_at"]


@admin.register(WorkingMemoryCheckpoint)
class WorkingMemoryCheckpointAdmin(ReadOnlyAdmin):
    list_display = ["checkpoint_id", "items_checkpointed", "created_at"]
    readonly_fields = []
    search_fields = ["checkpoint_id"]
    date_hierarchy = "created_at"
    ordering = ["-created_at"]


@admin.register(WorkingMemoryCheckpointItem)
class WorkingMemoryCheckpointItemAdmin(ReadOnlyAdmin):
    list_display = ["key", "category", excerpt("value"), "importance", "checkpoint"]
    list_filter = [("category", NamesFilter)]
    list_prefetch_related = ["checkpoint"]
    search_fields = ["key", "checkpoint__checkpoint_id"]
    ordering = ["-id"]


@admin.register(SemanticMemory)
class SemanticMemoryAdmin(WarehouseAdmin):
    """A new one needs an embedding, and so does other content: both come through the API."""

    list_display = [excerpt("content"), "category", "importance", "source", "access_count", "created_at"]
    list_filter = [("category", NamesFilter), ("source", NamesFilter)]
    search_fields = ["content", "summary"]
    date_hierarchy = "created_at"
    ordering = ["-created_at"]
    exclude = ["embedding"]
    readonly_fields = ["id", "content", "access_count", "accessed_at", "created_at"]

    def get_queryset(self, request):
        return super().get_queryset(request).defer("embedding")

    def has_add_permission(self, request):
        return False


@admin.register(WaitingText)
class WaitingTextAdmin(ReadOnlyAdmin):
    list_display = [excerpt("content"), "category", "attempts", excerpt("problem"), "try_after", "created_at"]
    list_filter = [("category", NamesFilter)]
    search_fields = ["content", "problem"]
    date_hierarchy = "created_at"
    ordering = ["try_after"]


@admin.register(Retrieval)
class RetrievalAdmin(ReadOnlyAdmin):
    list_display = [excerpt("query"), "memory_id", "place", "mode", "actor_name", "found_at"]
    search_fields = ["query", "memory_id"]
    date_hierarchy = "found_at"
    ordering = ["-id"]


@admin.register(SessionSummary)
class SessionSummaryAdmin(ReadOnlyAdmin):
    list_display = ["requested_at", "hours_back", excerpt("answer")]
    date_hierarchy = "requested_at"
    ordering = ["-requested_at"]


@admin.register(Thought)
class ThoughtAdmin(WarehouseAdmin):
    list_display = [excerpt("content"), "category", "created_at"]
    list_filter = [("category", NamesFilter)]
    search_fields = ["content"]
    date_hierarchy = "created_at"
    ordering = ["-created_at"]
    readonly_fields = ["id", "created_at"]
