from django.contrib import admin

from apps.core.admin_base import StreamAdmin, WarehouseAdmin, excerpt
from apps.core.admin_filters import NamesFilter, PeriodFilter
from apps.security.models import ApiKeyRotation, LoginAttempt, RateLimit, SecurityEvent


@admin.register(SecurityEvent)
class SecurityEventAdmin(StreamAdmin):
    list_display = [
        "created_at",
        "threat_level",
        "threat_type",
        "blocked",
        "source",
        "user_id",
        excerpt("input_preview"),
    ]
    list_filter = [
        ("created_at", PeriodFilter),
        "blocked",
        ("threat_level", NamesFilter),
        ("threat_type", NamesFilter),
    ]
    search_fields = ["threat_type", "threat_level"]
    search_help_text = "Part of a threat's type or level, or the id of an event."
    ordering = ["-created_at"]


@admin.register(ApiKeyRotation)
class ApiKeyRotationAdmin(WarehouseAdmin):
    list_display = ["service", "rotated_at", "rotated_by", excerpt("reason")]
    list_filter = [("service", NamesFilter)]
    search_fields = ["service", "reason", "rotated_by"]
    date_hierarchy = "rotated_at"
    ordering = ["-rotated_at"]


@admin.register(RateLimit)
class RateLimitAdmin(WarehouseAdmin):
    list_display = ["skill", "action_count", "window_start", "last_action", "last_post", "updated_at"]
    search_fields = ["skill"]
    date_hierarchy = "window_start"
    ordering = ["skill"]
    readonly_fields = ["id", "created_at", "updated_at"]


@admin.register(LoginAttempt)
class LoginAttemptAdmin(admin.ModelAdmin):
    """To delete a row lets somebody who has to wait try again at once."""

    list_display = ["name", "address", "tries", "last_at"]
    search_fields = ["name", "address"]
    ordering = ["-last_at"]

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False
