from django.contrib import admin

from apps.core.admin_base import EdgeAdmin, ReadOnlyAdmin, WarehouseAdmin, excerpt
from apps.core.admin_filters import NamesFilter
from apps.skillset.models import SkillGraphEntity, SkillGraphRelation, SkillStatusRecord, SkillUse


@admin.register(SkillStatusRecord)
class SkillStatusAdmin(WarehouseAdmin):
    list_display = [
        "skill_name",
        "canonical_name",
        "layer",
        "status",
        "use_count",
        "error_count",
        "last_health_check",
        "last_execution",
    ]
    list_filter = [("status", NamesFilter), ("layer", NamesFilter)]
    search_fields = ["skill_name", "canonical_name"]
    ordering = ["skill_name"]
    readonly_fields = ["id", "use_count", "error_count", "last_health_check", "last_execution", "updated_at"]


@admin.register(SkillUse)
class SkillUseAdmin(ReadOnlyAdmin):
    """Kept by triggers on the invocations."""

    list_display = ["skill_name", "uses", "errors", "last_used_at"]
    search_fields = ["skill_name"]
    ordering = ["skill_name"]
    readonly_fields = ["skill_name", "uses", "errors", "last_used_at"]


@admin.register(SkillGraphEntity)
class SkillGraphEntityAdmin(WarehouseAdmin):
    list_display = ["name", "type", excerpt("properties"), "created_at"]
    list_filter = [("type", NamesFilter)]
    search_fields = ["name"]
    date_hierarchy = "created_at"
    ordering = ["name"]
    readonly_fields = ["id", "created_at"]


@admin.register(SkillGraphRelation)
class SkillGraphRelationAdmin(EdgeAdmin):
    """Made by the sync from the skills' manifests; a change by hand lasts until the next."""
