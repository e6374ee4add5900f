from django.contrib import admin

from apps.core.admin_base import EdgeAdmin, StreamAdmin, WarehouseAdmin, excerpt
from apps.core.admin_filters import NamesFilter, PeriodFilter
from apps.knowledge.models import KnowledgeEntity, KnowledgeQueryLog, KnowledgeRelation


@admin.register(KnowledgeEntity)
class KnowledgeEntityAdmin(WarehouseAdmin):
    list_display = ["name", "type", excerpt("properties"), "updated_at", "created_at"]
    list_filter = [("type", NamesFilter)]
    search_fields = ["name"]
    date_hierarchy = "created_at"
    ordering = ["name"]
    readonly_fields = ["id", "created_at", "updated_at"]
    one_line = ["name", "type"]


@admin.register(KnowledgeRelation)
class KnowledgeRelationAdmin(EdgeAdmin):
    one_line = ["relation_type"]


@admin.register(KnowledgeQueryLog)
class KnowledgeQueryLogAdmin(StreamAdmin):
    list_display = [
        "created_at",
        "query_type",
        "source",
        "result_count",
        "used_result",
        "tokens_saved",
        excerpt("params"),
    ]
    list_filter = [("created_at", PeriodFilter), "used_result", ("query_type", NamesFilter), ("source", NamesFilter)]
    search_fields = ["query_type", "source"]
    search_help_text = "Part of a query's type or source, or the id of a query."
    ordering = ["-created_at"]
