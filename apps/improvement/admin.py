from django.contrib import admin

from apps.core.admin_base import WarehouseAdmin, excerpt
from apps.core.admin_filters import NamesFilter
from apps.improvement.models import ImprovementProposal, LessonLearned, PerformanceLog


@admin.register(LessonLearned)
class LessonLearnedAdmin(WarehouseAdmin):
    list_display = ["error_pattern", "error_type", "skill_name", "occurrences", "effectiveness", "last_occurred"]
    list_filter = [("error_type", NamesFilter), ("skill_name", NamesFilter)]
    search_fields = ["error_pattern", "error_type", "resolution"]
    date_hierarchy = "last_occurred"
    ordering = ["-last_occurred"]
    readonly_fields = ["id", "created_at"]


@admin.register(ImprovementProposal)
class ImprovementProposalAdmin(WarehouseAdmin):
    list_display = [
        "title",
        "status",
        "risk_level",
        "category",
        "file_path",
        "reviewed_by",
        "reviewed_at",
        "created_at",
    ]
    list_filter = [("status", NamesFilter), ("risk_level", NamesFilter), ("category", NamesFilter)]
    search_fields = ["title", "description", "file_path"]
    date_hierarchy = "created_at"
    ordering = ["-created_at"]
    # Decisions have rules and a reviewer; see /proposals.
    readonly_fields = ["id", "created_at", "status", "reviewed_by", "reviewed_at"]


@admin.register(PerformanceLog)
class PerformanceLogAdmin(WarehouseAdmin):
    list_display = ["created_at", "review_period", excerpt("successes"), excerpt("failures"), excerpt("improvements")]
    search_fields = ["review_period", "successes", "failures", "improvements"]
    date_hierarchy = "created_at"
    ordering = ["-created_at"]
    readonly_fields = ["id", "created_at"]
