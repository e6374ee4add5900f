from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models.functions import Upper

from apps.core.fields import (
    LegacyIndex,
    SerialField,
    both,
    json_list,
    moment,
    optional_char,
    optional_moment,
    optional_text,
    uuid_key,
)
from apps.goals.querysets import Column, GoalQuerySet, HourlyGoalQuerySet


class Goal(models.Model):
    """Something that the agent, or a person, wants done: a card on the board."""

    id = uuid_key()
    goal_id = models.CharField(max_length=100)
    title = models.CharField(max_length=255)
    description = optional_text()
    status = models.CharField(max_length=50, **both("pending"))
    priority = models.IntegerField(**both(2))
    progress = models.DecimalField(max_digits=5, decimal_places=2, **both(0))
    due_date = optional_moment()
    created_at = moment()
    completed_at = optional_moment()
    sprint = models.CharField(max_length=100, null=True, blank=True, **both("backlog"))
    board_column = models.CharField(max_length=50, null=True, blank=True, **both("backlog"))
    position = models.IntegerField(**both(0))
    assigned_to = optional_char(100)
    tags = json_list(null=True)
    updated_at = moment()

    shown_column: str  # of a goal that was read `with_shown_column`

    objects = GoalQuerySet.as_manager()

    class Meta:
        db_table = "goals"
        constraints = [models.UniqueConstraint(fields=["goal_id"], name="goals_goal_id_key")]
        indexes = [
            models.Index(fields=["board_column"], name="idx_goals_board_column"),
            models.Index(fields=["-created_at"], name="idx_goals_created"),
            models.Index(fields=["-priority"], name="idx_goals_priority"),
            models.Index(fields=["sprint"], name="idx_goals_sprint"),
            LegacyIndex(fields=["sprint", "board_column", "position"], name="idx_goals_sprint_column_position"),
            models.Index(fields=["status"], name="idx_goals_status"),
            LegacyIndex(fields=["status", "-priority", "-created_at"], name="idx_goals_status_priority_created"),
            # The site's own
            models.Index(
                fields=["-completed_at"], condition=models.Q(completed_at__isnull=False), name="site_goals_ended"
            ),
            # Every icontains of `matching` is UPPER(...) LIKE UPPER(...).
            GinIndex(
                OpClass(Upper("goal_id"), name="gin_trgm_ops"),
                OpClass(Upper("title"), name="gin_trgm_ops"),
                OpClass(Upper("description"), name="gin_trgm_ops"),
                name="site_goals_text",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def tag_list(self) -> list[str]:
        """The tags as text; the column may hold any JSON that an agent thought of."""
        return [str(tag) for tag in self.tags] if isinstance(self.tags, list) else []

    @property
    def on_board(self) -> bool:
        return self.shown_column in Column.values

    def get_column_label(self) -> str:
        return dict(Column.choices).get(self.shown_column, "Archive")


class HourlyGoal(models.Model):
    """What the agent means to do in one hour of the day (slots 0 to 23)."""

    id = SerialField(primary_key=True)
    hour_slot = models.IntegerField()
    goal_type = models.CharField(max_length=50)
    description = models.TextField()
    status = models.CharField(max_length=20, **both("pending"))
    completed_at = optional_moment()
    created_at = moment()

    objects = HourlyGoalQuerySet.as_manager()

    class Meta:
        db_table = "hourly_goals"
        indexes = [
            models.Index(fields=["-created_at"], name="idx_hourly_created"),
            models.Index(fields=["hour_slot"], name="idx_hourly_hour_slot"),
            models.Index(fields=["status"], name="idx_hourly_status"),
        ]

    def __str__(self) -> str:
        return f"{self.hour_slot:02d}:00 {self.goal_type}"
