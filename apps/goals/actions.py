"""Every write to goals. Pages and API both come through here, so the board's rules hold for both."""

from collections.abc import Set
from typing import Any
from uuid import UUID, uuid4

from django.db import connection
from django.db.models.functions import Coalesce, Now
from django.utils import timezone

from apps.core.actors import Actor, acting
from apps.core.conflicts import Conflict, fits
from apps.goals.models import Goal, HourlyGoal
from apps.goals.querysets import COLUMN_OF_STATUS, STATUS_OF_COLUMN, Column

# Moves renumber whole columns, so they take turns; the number only has to be the site's own.
BOARD_LOCK = 7_201_001
IN_STEP = ("status", "board_column", "completed_at")


def create_goal(actor: Actor, *, title: str, **fields: Any) -> Goal:
    new_id = uuid4()
    goal = Goal(id=new_id, title=title, **fields)
    goal.goal_id = goal.goal_id or f"goal-{new_id.hex[:8]}"
    # Callers send the default status as a matter of course; that is no wish to leave the backlog.
    keep_in_step(goal, fields.keys() - ({"status"} if goal.status == "pending" else set()))
    with acting(actor):
        goal.save(force_insert=True)
    return goal


def update_goal(actor: Actor, goal_id: str, changes: dict[str, Any], revision: str | None = None) -> Goal:
    """Change some columns of a goal; its column follows its status and the other way round.

    Raises:
        Goal.DoesNotExist: no goal of that id.
        Conflict: `revision` is given and is not the goal's.
    """
    with acting(actor):
        if placing := bool({"status", "board_column", "position"} & changes.keys()):
            lock_board()
        goal = locked_goal(goal_id, revision)
        column_before = goal.shown_column
        for name, value in changes.items():
            setattr(goal, name, value)
        keep_in_step(goal, changes.keys())
        # No other column: what an agent wrote into one must come out as it went in.
        goal.save(update_fields={*changes, *(IN_STEP if placing else ())})
        column = COLUMN_OF_STATUS.get(goal.status) or goal.board_column or Column.BACKLOG
        if "position" in changes or (placing and column != column_before):
            place(goal, column, changes.get("position", 0), leaving=column_before)
        return reread(goal)


def move_goal(
    actor: Actor,
    goal_id: str,
    column: Column,
    *,
    position: int = 0,
    before: UUID | None = None,
    after: UUID | None = None,
    keep_status: bool = False,
    revision: str | None = None,
) -> Goal:
    """Put a goal into a column: above the goal `before`, below the goal `after`, or at `position` from the top.

    A column names a status, which the goal gets; with `keep_status` not where it merely moves within its column.

    Raises:
        Goal.DoesNotExist: no goal of that id.
        Conflict: `revision` is given and is not the goal's.
    """
    with acting(actor):
        lock_board()
        goal = locked_goal(goal_id, revision)
        column_before = goal.shown_column
        goal.board_column = column
        if column != column_before:
            goal.completed_at = None  # finished anew, not on the day it once was
        if column != column_before or not keep_status:
            keep_in_step(goal, {"board_column"})
            goal.save(update_fields=IN_STEP)
        place(goal, column, position, leaving=column_before, before=before, after=after)
        return reread(goal)


def delete_goal(actor: Actor, goal_id: str, revision: str | None = None) -> None:
    with acting(actor):
        locked_goal(goal_id, revision).delete()


def create_hourly_goal(actor: Actor, **fields: Any) -> HourlyGoal:
    with acting(actor):
        return HourlyGoal.objects.create(**fields)


def set_hourly_status(actor: Actor, hourly_id: int, status: str) -> None:
    with acting(actor):
        completed_at = Coalesce("completed_at", Now()) if status == "completed" else None
        changed = HourlyGoal.objects.filter(id=hourly_id).update(status=status, completed_at=completed_at)
        if not changed:
            raise HourlyGoal.DoesNotExist


def keep_in_step(goal: Goal, given: Set[str]) -> None:
    """Let status, column and time of completion say the same; `given` names what the writer chose."""
    if "status" in given and goal.status in COLUMN_OF_STATUS:
        goal.board_column = COLUMN_OF_STATUS[goal.status]
    elif "board_column" in given and ("status" not in given or goal.status == "pending"):
        goal.status = STATUS_OF_COLUMN.get(goal.board_column, goal.status)
    elif "status" in given and goal.status == "pending":
        goal.board_column = Column.TODO
    if not {"status", "board_column"} & given:
        return
    if goal.status == "completed":
        goal.completed_at = goal.completed_at or timezone.now()
    elif goal.status != "cancelled":
        goal.completed_at = None


def lock_board() -> None:
    """Until the end of the transaction nobody else moves goals. Take it before any row's lock."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [BOARD_LOCK])


def locked_goal(goal_id: str, revision: str | None) -> Goal:
    goal = Goal.objects.named(goal_id).with_shown_column().select_for_update().get()
    if revision and not fits(revision, goal.updated_at):
        raise Conflict(goal)
    return goal


def place(
    goal: Goal, column: str, position: int, *, leaving: str, before: UUID | None = None, after: UUID | None = None
) -> None:
    """Number the column 0, 1, 2, ... with `goal` at its place in it, and close the gap in the one it left."""
    if column in Column.values:
        ids = ids_in(column, but=goal)
        ids.insert(place_among(ids, before, after, max(position, 0)), goal.pk)
        number(ids)
    if leaving != column and leaving in Column.values:
        number(ids_in(leaving, but=goal))


def ids_in(column: str, *, but: Goal) -> list[UUID]:
    return list(Goal.objects.in_column(column).exclude(pk=but.pk).values_list("pk", flat=True))


def place_among(ids: list[UUID], before: UUID | None, after: UUID | None, otherwise: int) -> int:
    """The place above `before` or below `after`, where they (still) are in the column."""
    if before in ids:
        return ids.index(before)
    return ids.index(after) + 1 if after in ids else otherwise


def number(ids: list[UUID]) -> None:
    """One statement, which writes only the rows whose number changes."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE goals SET position = wanted.place - 1
              FROM unnest(%s::uuid[]) WITH ORDINALITY AS wanted (id, place)
             WHERE goals.id = wanted.id AND goals.position <> wanted.place - 1""",
            [ids],
        )


def reread(goal: Goal) -> Goal:
    """With what the database itself set: the revision and the position."""
    return Goal.objects.with_shown_column().get(pk=goal.pk)
