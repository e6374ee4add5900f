from functools import lru_cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Header, Router
from ninja.errors import HttpError

from apps.core.actors import actor_of
from apps.core.answers import Deleted, Skipped, Updated
from apps.core.api import answer, page_list
from apps.core.bodies import Days, Int, Limit, PageNumber
from apps.core.conflicts import revision_of
from apps.core.noise import TEST_DATA, TEST_PREFIXES, NoiseFilter
from apps.core.openapi import may_fail
from apps.goals import actions, schemas
from apps.goals.models import Goal, HourlyGoal
from apps.goals.querysets import Column, GoalQuerySet

router = Router(tags=["Goals"])
hourly_router = Router(tags=["Hourly goals"])

NOISE = NoiseFilter(
    markers=(*TEST_DATA, "fetch test", "update test", "patchable", "dry run"),
    prefixes=TEST_PREFIXES,
)
RESERVED = {"board", "archive", "sprint-summary", "history"}  # GET /goals/<these> are no goals
DROPPED = {"skipped": True, "reason": "test_or_patch_noise"}
IfMatch = Header(
    None, alias="If-Match", description="The goal's `updated_at` in quotes: change it only if it still is."
)


@router.get("", response=schemas.GoalPage, summary="Goals, the most urgent first")
def list_goals(request: HttpRequest, page: PageNumber = 1, limit: Limit = 25, status: str = ""):
    return page_list(listed(status), schemas.GOAL_FIELDS, page, limit)


@lru_cache(32)
def listed(status: str) -> GoalQuerySet:
    """Remembered, and with it the list's SQL."""
    goals = Goal.objects.by_urgency()
    return goals.filter(status=status) if status else goals


@router.post("", response=schemas.GoalCreated | Skipped, summary="Create a goal")
def create_goal(request: HttpRequest, body: schemas.GoalIn):
    if NOISE.drops(body.goal_id, body.title, body.description, key=body.goal_id or ""):
        return answer({"created": False, **DROPPED})
    fields = {"description": "", **body.model_dump(exclude_unset=True)}
    if body.goal_id in RESERVED:
        raise HttpError(422, f"'{body.goal_id}' is the name of a page of goals and cannot be a goal's id")
    if body.goal_id and Goal.objects.filter(goal_id=body.goal_id).exists():
        raise HttpError(409, f"Goal {body.goal_id} already exists")
    goal = actions.create_goal(actor_of(request), **fields)
    return {"id": goal.id, "goal_id": goal.goal_id, "created": True}


@router.get("/board", response=schemas.Board, summary="The board of a sprint", operation_id="goal_board")
def board(request: HttpRequest, sprint: str = "current", limit: Limit = 1000):
    """`limit` is per column; `counts` and `total` are of everything."""
    sprint = Goal.objects.sprint_named(sprint)
    goals = Goal.objects.of_sprint(sprint)
    counts = goals.column_counts()
    columns: dict[str, list[dict[str, Any]]] = {column: [] for column in Column.values}
    for goal in goals.top_of_columns(limit).values("shown_column", *schemas.GOAL_FIELDS):
        columns[goal.pop("shown_column")].append(goal)
    return answer(
        {
            "sprint": sprint,
            "columns": columns,
            "counts": {column: counts[column] for column in Column.values},
            "total": counts.total(),
        }
    )


@router.get(
    "/archive",
    response=schemas.GoalPage,
    summary="Finished and archived goals, the latest first",
    operation_id="goal_archive",
)
def archive(request: HttpRequest, page: PageNumber = 1, limit: Limit = 25):
    return page_list(Goal.objects.archived(), schemas.GOAL_FIELDS, page, limit)


@router.get("/sprint-summary", response=schemas.SprintSummary, summary="A sprint in one line")
def sprint_summary(request: HttpRequest, sprint: str = "current"):
    goals = Goal.objects.of_sprint(Goal.objects.sprint_named(sprint))
    counts = goals.status_counts()
    active = goals.filter(status="active").order_by("priority", "-progress", "-created_at")[:3]
    return {
        "sprint": sprint,
        "status_counts": counts,
        "total": sum(counts.values()),
        "top_active": [
            {"id": g.goal_id, "title": g.title, "priority": g.priority, "progress": float(g.progress)} for g in active
        ],
        "summary": "{} active, {} pending, {} done".format(
            *(counts.get(status, 0) for status in ("active", "pending", "completed"))
        ),
    }


@router.get(
    "/history", response=schemas.GoalHistory, summary="Goals by the day they were made", operation_id="goal_history"
)
def history(request: HttpRequest, days: Days = 14):
    data: dict[str, dict[str, int]] = {}
    for day, status, count in Goal.objects.created_by_day(days):
        nothing = dict.fromkeys(("pending", "active", "completed", "paused", "cancelled"), 0)
        data.setdefault(day.isoformat(), nothing)[status] = count
    return {"days": days, "data": data, "labels": sorted(data)}


@router.get("/{goal_id}", response=schemas.GoalOut, summary="One goal, with its revision as ETag")
def get_goal(request: HttpRequest, goal_id: str, response: HttpResponse):
    goal = found(goal_id, lambda: Goal.objects.named(goal_id).get())
    response["ETag"] = revision_of(goal.updated_at)
    return goal


@router.patch("/{goal_id}", response=Updated | Skipped, summary="Change a goal")
def update_goal(
    request: HttpRequest,
    goal_id: str,
    body: schemas.GoalChanges,
    response: HttpResponse,
    if_match: str | None = IfMatch,
):
    if NOISE.drops(goal_id, body.title, body.description, key=goal_id):
        return answer({"updated": False, **DROPPED})
    goal = found(goal_id, lambda: actions.update_goal(actor_of(request), goal_id, body.changes(), if_match))
    response["ETag"] = revision_of(goal.updated_at)
    return {"updated": True}


@router.delete("/{goal_id}", response=Deleted, summary="Delete a goal")
def delete_goal(request: HttpRequest, goal_id: str, if_match: str | None = IfMatch):
    found(goal_id, lambda: actions.delete_goal(actor_of(request), goal_id, if_match))
    return {"deleted": True}


@router.patch(
    "/{goal_id}/move", response=schemas.GoalMoved, summary="Put a goal into a column", openapi_extra=may_fail(400)
)
def move_goal(
    request: HttpRequest,
    goal_id: str,
    body: schemas.GoalMove,
    response: HttpResponse,
    if_match: str | None = IfMatch,
):
    if body.board_column not in Column.values:
        raise HttpError(400, f"board_column is required and must be one of: {list(map(str, Column.values))}")
    column = Column(body.board_column)
    goal = found(
        goal_id,
        lambda: actions.move_goal(actor_of(request), goal_id, column, position=body.position, revision=if_match),
    )
    response["ETag"] = revision_of(goal.updated_at)
    return {"moved": True, "board_column": goal.board_column, "position": goal.position}


@hourly_router.get("", response=schemas.HourlyGoals, summary="The day's goals by hour")
def list_hourly_goals(request: HttpRequest, status: str = "", limit: Limit = 1000):
    goals = HourlyGoal.objects.by_slot()
    rows = list((goals.filter(status=status) if status else goals).values()[:limit])
    return answer({"goals": rows, "count": len(rows)})


@hourly_router.post("", response=schemas.HourlyGoalCreated | Skipped, summary="Plan something for an hour")
def create_hourly_goal(request: HttpRequest, body: schemas.HourlyGoalIn):
    if NOISE.drops(body.goal_type, body.description):
        return answer({"created": False, **DROPPED})
    goal = actions.create_hourly_goal(actor_of(request), **body.model_dump())
    return {"created": True, "id": goal.id}


@hourly_router.patch("/{hourly_id}", response=Updated, summary="Change an hourly goal's status")
def update_hourly_goal(request: HttpRequest, hourly_id: Int, body: schemas.HourlyGoalStatus):
    found(hourly_id, lambda: actions.set_hourly_status(actor_of(request), hourly_id, body.status))
    return {"updated": True}


def found(goal_id: object, action):
    """What `action` returns; 404 in the contract's words where the goal does not exist."""
    try:
        return action()
    except (Goal.DoesNotExist, HourlyGoal.DoesNotExist):
        raise HttpError(404, f"Goal {goal_id} not found") from None
