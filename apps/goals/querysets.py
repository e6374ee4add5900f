from collections import Counter
from datetime import datetime, timedelta
from uuid import UUID

from django.db import models
from django.db.models import Case, Count, F, Q, Value, When, Window
from django.db.models.functions import Coalesce, RowNumber, TruncDate
from django.utils import timezone

from apps.core.fields import Now


class Column(models.TextChoices):
    """The board's columns, from left to right."""

    BACKLOG = "backlog", "Backlog"
    TODO = "todo", "To do"
    DOING = "doing", "Doing"
    ON_HOLD = "on_hold", "On hold"
    DONE = "done", "Done"


ARCHIVED = "archived"
NO_SPRINT = ("", "backlog", "all", "current")  # words with another meaning, not names of sprints
STAYS_ON_BOARD = timedelta(hours=24)

# A status that names its column, whatever column the row itself holds.
COLUMN_OF_STATUS = {
    "active": Column.DOING,
    "completed": Column.DONE,
    "paused": Column.ON_HOLD,
    "cancelled": Column.DONE,
}
STATUS_OF_COLUMN: dict[str | None, str] = {
    Column.BACKLOG: "pending",
    Column.TODO: "pending",
    Column.DOING: "active",
    Column.ON_HOLD: "paused",
    Column.DONE: "completed",
}
STATUSES = ("pending", "active", "paused", "completed", "cancelled")
FINISHED = ("completed", "cancelled")
IN_COLUMN_ORDER = ("position", "priority", "-created_at", "id")


def shown_column(now: datetime) -> Case:
    """Where a goal stands: its status decides, a day after it was finished it is archived."""
    return Case(
        When(status__in=FINISHED, completed_at__lt=now - STAYS_ON_BOARD, then=Value(ARCHIVED)),
        *[When(status=status, then=Value(column.value)) for status, column in COLUMN_OF_STATUS.items()],
        default=Coalesce("board_column", Value(Column.BACKLOG.value)),
        output_field=models.CharField(),
    )


class GoalQuerySet(models.QuerySet):
    def named(self, goal_id: str):
        """By `id` where the text is a UUID, else by `goal_id`."""
        if "\0" in goal_id:
            return self.none()
        try:
            return self.filter(id=UUID(goal_id))
        except ValueError:
            return self.filter(goal_id=goal_id)

    def with_shown_column(self):
        return self.annotate(shown_column=shown_column(timezone.now()))

    def in_column(self, column: str):
        """The goals that the board shows in `column`, from top to bottom."""
        return self.with_shown_column().filter(shown_column=column).order_by(*IN_COLUMN_ORDER)

    def on_board(self):
        """Every goal in one of the five columns, each column from top to bottom."""
        return self.with_shown_column().filter(shown_column__in=Column.values).order_by(*IN_COLUMN_ORDER)

    def top_of_columns(self, cards: int):
        """The first `cards` goals of each column."""
        place = Window(RowNumber(), partition_by="shown_column", order_by=IN_COLUMN_ORDER)
        return self.on_board().annotate(place=place).filter(place__lte=cards)

    def column_counts(self) -> Counter[str]:
        counts = self.on_board().order_by().values_list("shown_column").annotate(Count("id"))
        return Counter(dict(counts))

    def of_sprint(self, sprint: str):
        """What the board of a sprint shows: its own goals and those of no sprint yet. `all` is every goal."""
        if sprint == "all":
            return self
        return self.filter(Q(sprint=sprint) | Q(sprint="backlog") | Q(sprint=None))

    def in_a_sprint(self):
        return self.exclude(sprint=None).exclude(sprint__in=NO_SPRINT)

    def sprint_named(self, name: str | None) -> str:
        """The sprint that is meant; nothing and `current` mean that of the newest goal which has one."""
        if name not in (None, "", "current"):
            return name
        newest = self.in_a_sprint().order_by("-created_at").values_list("sprint", flat=True).first()
        return newest or "sprint-1"

    def sprints(self) -> list[str]:
        """The latest 100 sprints, the one with the newest goal first."""
        newest = self.in_a_sprint().values("sprint").annotate(newest=models.Max("created_at")).order_by("-newest")
        return [row["sprint"] for row in newest[:100]]

    def assignees(self) -> list[str]:
        named = self.exclude(assigned_to=None).exclude(assigned_to="")
        return list(named.order_by("assigned_to").values_list("assigned_to", flat=True).distinct()[:100])

    def archived(self):
        """Finished or put away, the latest first."""
        put_away = Q(status__in=FINISHED) | Q(shown_column=ARCHIVED)
        return (
            self.with_shown_column()
            .filter(put_away)
            .order_by(F("completed_at").desc(nulls_last=True), "-created_at", "id")
        )

    def still_for(self, time: timedelta):
        """Goals that somebody is at work on, but that nothing was changed in for that time; the stillest first."""
        return self.filter(status="active", updated_at__lt=Now() - time).order_by("updated_at", "id")

    def by_urgency(self):
        return self.order_by("priority", "-created_at", "id")

    def matching(self, text: str):
        """Every word of `text`, up to ten, stands in the title, the description or the goal's own id."""
        found = Q()
        for word in text.replace("\0", "").split()[:10]:
            found &= Q(title__icontains=word) | Q(description__icontains=word) | Q(goal_id__icontains=word)
        return self.filter(found)

    def tagged(self, tag: str):
        return self.filter(tags__contains=[tag])

    def status_counts(self) -> dict[str, int]:
        return dict(self.order_by("status").values_list("status").annotate(Count("id")))

    def created_by_day(self, days: int):
        """(day, current status, goals) for the goals made in the last `days` days."""
        recent = self.filter(created_at__gte=timezone.now() - timedelta(days=days))
        return (
            recent.annotate(day=TruncDate("created_at"))
            .order_by("day", "status")
            .values_list("day", "status")
            .annotate(Count("id"))
        )


class HourlyGoalQuerySet(models.QuerySet):
    def by_slot(self):
        return self.order_by("hour_slot", "-created_at", "-id")
