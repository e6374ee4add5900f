from django.apps import apps
from django.contrib import admin, messages
from django.contrib.admin.utils import quote
from django.contrib.auth.admin import UserAdmin
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.html import format_html

from apps.core.actors import acting, actor_of
from apps.core.admin_base import StreamAdmin, WarehouseAdmin
from apps.core.admin_filters import NamesFilter, PeriodFilter, names_in
from apps.core.models import ApiToken, Change, User

admin.site.site_header = admin.site.site_title = "Aria site admin"
admin.site.index_title = "Tables"


@admin.register(User)
class PersonAdmin(UserAdmin):
    list_display = ["username", "first_name", "last_name", "is_active", "is_staff", "is_superuser", "last_login"]
    list_filter = ["is_active", "is_staff", "is_superuser"]
    list_per_page = 50
    show_full_result_count = False
    readonly_fields = ["last_login", "date_joined"]
    fieldsets = [
        (None, {"fields": ["username", "password"]}),
        ("Person", {"fields": ["first_name", "last_name", "email"]}),
        (
            "Rights",
            {
                "fields": ["is_active", "is_staff", "is_superuser", "groups"],
                "description": "Everybody who is active may use the pages. Staff may enter this admin, "
                "where their groups say what they may do; a superuser may do everything.",
            },
        ),
        ("Dates", {"fields": ["last_login", "date_joined"]}),
    ]
    autocomplete_fields = ["groups"]
    filter_horizontal = []


class TokenStateFilter(admin.SimpleListFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request, model_admin):
        return [("usable", "Usable"), ("unusable", "Revoked or expired")]

    def queryset(self, request, queryset):
        usable = ApiToken.objects.usable()
        if self.value() == "usable":
            return queryset.filter(pk__in=usable)
        return queryset.exclude(pk__in=usable) if self.value() else queryset


@admin.register(ApiToken)
class ApiTokenAdmin(WarehouseAdmin):
    list_display = ["name", "prefix", "scope", "state", "created_at", "expires_at", "last_used_at"]
    list_filter = ["scope", TokenStateFilter]
    search_fields = ["name", "prefix"]
    search_help_text = "Part of a name, or the beginning of a token."
    ordering = ["-created_at"]
    readonly_fields = ["prefix", "created_at", "last_used_at", "revoked_at"]
    set_once = ["scope"]
    actions = ["revoke"]

    @admin.display
    def state(self, token: ApiToken) -> str:
        if token.revoked_at:
            return "revoked"
        return "expired" if token.expires_at and token.expires_at <= timezone.now() else "usable"

    def save_model(self, request, obj, form, change):
        secret = None if change else obj.new_secret()
        super().save_model(request, obj, form, change)
        if secret:
            text = "The secret of “{}” is <code>{}</code>. Copy it now: it is not stored and cannot be shown again."
            self.message_user(request, format_html(text, obj.name, secret), messages.WARNING)

    @admin.action(description="Revoke the selected tokens", permissions=["change"])
    def revoke(self, request, queryset):
        tokens = queryset.filter(revoked_at=None)
        with acting(actor_of(request)):
            for token in tokens:
                token.revoke()
        self.message_user(request, f"Revoked: {len(tokens)}. They stop working at once.", messages.SUCCESS)


@admin.register(Change)
class ChangeAdmin(StreamAdmin):
    list_display = ["changed_at", "actor_kind", "actor_name", "operation", "table_name", "row", "columns"]
    list_filter = [("changed_at", PeriodFilter), ("table_name", NamesFilter)]
    search_fields = ["row_id"]
    search_help_text = "The id of a row."
    ordering = ["-changed_at"]
    fields = ["changed_at", "actor_kind", "actor_name", "operation", "table_name", "row", "before", "after"]

    def get_search_results(self, request, queryset, search_term):
        # With its tables named, a row is found by the index over table and row.
        tables = names_in(Change, "table_name", limit=100)
        if not search_term.strip():
            return queryset, False
        return queryset.filter(table_name__in=tables, row_id=search_term.strip()), False

    @admin.display(ordering=None)
    def columns(self, change: Change) -> str:
        return ", ".join(column for column, _, _ in change.differences) if change.operation == "update" else "all"

    @admin.display
    def row(self, change: Change) -> str:
        """The row itself, as far as the admin knows its table."""
        try:
            return format_html('<a href="{}">{}</a>', self.address_of(change), change.row_id)
        except (KeyError, NoReverseMatch):
            return change.row_id

    def address_of(self, change: Change) -> str:
        names = {
            model._meta.db_table: f"{model._meta.app_label}_{model._meta.model_name}" for model in apps.get_models()
        }
        return reverse(f"admin:{names[change.table_name]}_change", args=[quote(change.row_id)])
