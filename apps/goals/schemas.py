from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from ninja import Field, Schema
from pydantic import model_validator

from apps.core.bodies import Body, Int, OptionalMoment, Tags, example
from apps.goals.querysets import Column

GOAL_FIELDS = (
    "id",
    "goal_id",
    "title",
    "description",
    "status",
    "priority",
    "progress",
    "due_date",
    "created_at",
    "completed_at",
    "sprint",
    "board_column",
    "position",
    "assigned_to",
    "tags",
    "updated_at",
)

Title = Annotated[str, Field(min_length=1, max_length=255)]
Status = Annotated[str, Field(min_length=1, max_length=50)]
BoardColumn = Annotated[str, Field(min_length=1, max_length=50)]
Progress = Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)]
Name = Annotated[str, Field(max_length=100)]


class GoalOut(Schema):
    id: UUID
    goal_id: str
    title: str
    description: str | None
    status: str
    priority: int
    progress: float
    due_date: datetime | None
    created_at: datetime
    completed_at: datetime | None
    sprint: str | None
    board_column: str | None
    position: int
    assigned_to: str | None
    tags: Any
    updated_at: datetime


class GoalPage(Schema):
    items: list[GoalOut]
    total: int
    page: int
    limit: int
    pages: int


class GoalCreated(Schema):
    id: UUID
    goal_id: str
    created: bool


class GoalMoved(Schema):
    moved: bool
    board_column: str
    position: int


class GoalIn(Body):
    model_config = example(title="Write the weekly report", priority=1, sprint="sprint-7", tags=["report"])

    title: Title
    goal_id: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    description: str | None = ""
    status: Status = "pending"
    progress: Progress = 0
    priority: Int = 2
    due_date: OptionalMoment = Field(None, description="Also accepted as `target_date`.")
    sprint: Name = "backlog"
    board_column: BoardColumn = Column.BACKLOG.value
    position: Int = 0
    assigned_to: Name | None = None
    tags: Tags = []

    @model_validator(mode="before")
    @classmethod
    def read_generously(cls, data: Any) -> Any:
        return with_due_date(data)


class GoalChanges(Body):
    """All optional. Null clears a due date, an assignee or a description, and is ignored elsewhere."""

    model_config = example(status="active", progress=40)

    title: Title | None = None
    description: str | None = None
    status: Status | None = None
    progress: Progress | None = None
    priority: Int | None = None
    due_date: OptionalMoment = None
    sprint: Name | None = None
    board_column: BoardColumn | None = None
    position: Int | None = None
    assigned_to: Name | None = None
    tags: Tags | None = None

    @model_validator(mode="before")
    @classmethod
    def read_generously(cls, data: Any) -> Any:
        return with_due_date(data)

    def changes(self) -> dict[str, Any]:
        clearable = ("due_date", "assigned_to", "description")
        given = self.model_dump(exclude_unset=True)
        return {key: value for key, value in given.items() if value is not None or key in clearable}


class GoalMove(Body):
    model_config = example(board_column="doing", position=0)

    board_column: Any = None
    position: Int = 0


class Board(Schema):
    sprint: str
    columns: dict[str, list[GoalOut]]
    counts: dict[str, int]
    total: int


class TopGoal(Schema):
    id: str
    title: str
    priority: int
    progress: float


class SprintSummary(Schema):
    sprint: str
    status_counts: dict[str, int]
    total: int
    top_active: list[TopGoal]
    summary: str


class GoalHistory(Schema):
    days: int
    data: dict[str, dict[str, int]]
    labels: list[str]


class HourlyGoalOut(Schema):
    id: int
    hour_slot: int
    goal_type: str
    description: str
    status: str
    completed_at: datetime | None
    created_at: datetime


class HourlyGoals(Schema):
    goals: list[HourlyGoalOut]
    count: int


class HourlyGoalCreated(Schema):
    id: int
    created: bool


class HourlyGoalIn(Body):
    model_config = example(hour_slot=9, goal_type="learn", description="Read what is new")

    hour_slot: Annotated[int, Field(ge=0, le=23)]
    goal_type: Annotated[str, Field(min_length=1, max_length=50)]
    description: str
    status: Annotated[str, Field(max_length=20)] = "pending"


class HourlyGoalStatus(Body):
    model_config = example(status="completed")

    status: Annotated[str, Field(min_length=1, max_length=20)]


def with_due_date(data: Any) -> Any:
    """`target_date` is an older name of `due_date`."""
    if isinstance(data, dict) and data.get("due_date") is None and "target_date" in data:
        return data | {"due_date": data["target_date"]}
    return data
