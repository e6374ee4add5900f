from decimal import Decimal

from django import forms
from django.contrib import admin

from apps.core.actors import acting, actor_of
from apps.core.admin_base import WarehouseAdmin, WarehouseForm
from apps.core.admin_filters import NamesFilter
from apps.goals.actions import keep_in_step, update_goal
from apps.goals.models import Goal, HourlyGoal
from apps.goals.querysets import COLUMN_OF_STATUS, Column

STATUSES = ["pending", *COLUMN_OF_STATUS]


def one_of(known: list[str], current: str | None) -> forms.Select:
    """The known values, and the row's own, which an older program may have made up."""
    return forms.Select(choices=[(value, value) for value in dict.fromkeys([*known, current or ""])])


class GoalForm(WarehouseForm):
    progress = forms.DecimalField(
        min_value=0, max_value=100, decimal_places=2, initial=Decimal(0), show_hidden_initial=True, help_text="percent"
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for name, known in (("status", STATUSES), ("board_column", Column.values)):
            if name in self.fields:  # not where the goal is only shown
                self.fields[name].widget = one_of(known, getattr(self.instance, name))


class HourlyGoalForm(WarehouseForm):
    hour_slot = forms.IntegerField(min_value=0, max_value=23, show_hidden_initial=True, help_text="0 to 23")


@admin.register(Goal)
class GoalAdmin(WarehouseAdmin):
    form = GoalForm
    list_display = [
        "title",
        "goal_id",
        "status",
        "board_column",
        "sprint",
        "priority",
        "progress",
        "assigned_to",
        "due_date",
        "updated_at",
    ]
    list_filter = [
        ("status", NamesFilter),
        ("board_column", NamesFilter),
        ("priority", NamesFilter),
        ("sprint", NamesFilter),
    ]
    search_fields = ["title", "goal_id", "description"]
    search_help_text = "Words of the title, goal id or description, or an id."
    date_hierarchy = "created_at"
    ordering = ["-created_at"]
    readonly_fields = ["id", "position", "completed_at", "created_at", "updated_at"]
    set_once = ["goal_id"]
    fieldsets = [
        (None, {"fields": ["goal_id", "title", "description", "tags", "assigned_to", "due_date"]}),
        (
            "Progress",
            {
                "fields": ["status", "board_column", "sprint", "priority", "progress"],
                "description": "The column follows a changed status, and the status a changed column.",
            },
        ),
    ]
    record = ("Record", {"fields": ["id", "position", "created_at", "updated_at", "completed_at"]})

    def get_fieldsets(self, request, obj=None):
        return [*super().get_fieldsets(request, obj), *([self.record] if obj else [])]

    def save_model(self, request, obj, form, change):
        """By the rules of the board, as pages and API do it."""
        actor = actor_of(request)
        changes = {name: form.cleaned_data[name] for name in form.changed_data}
        if change and changes:
            update_goal(actor, str(obj.pk), changes)
        elif not change:
            with acting(actor):
                keep_in_step(obj, changes.keys())
                obj.save(force_insert=True)


@admin.register(HourlyGoal)
class HourlyGoalAdmin(WarehouseAdmin):
    form = HourlyGoalForm
    list_display = ["hour_slot", "goal_type", "description", "status", "completed_at", "created_at"]
    list_filter = [("status", NamesFilter), ("hour_slot", NamesFilter)]
    search_fields = ["goal_type", "description"]
    date_hierarchy = "created_at"
    ordering = ["-created_at"]
    readonly_fields = ["id", "created_at"]
