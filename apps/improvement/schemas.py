from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from ninja import Field, Schema

from apps.core.bodies import Body, JsonObject, Number, example

LESSON_FIELDS = (
    "id",
    "error_pattern",
    "error_type",
    "skill_name",
    "context",
    "resolution",
    "resolution_code",
    "occurrences",
    "last_occurred",
    "effectiveness",
    "created_at",
)
PROPOSAL_FIELDS = (
    "id",
    "title",
    "description",
    "category",
    "risk_level",
    "file_path",
    "current_code",
    "proposed_code",
    "rationale",
    "status",
    "reviewed_by",
    "reviewed_at",
    "created_at",
)
LOG_FIELDS = ("id", "review_period", "successes", "failures", "improvements", "created_at")


class LessonOut(Schema):
    id: UUID
    error_pattern: str
    error_type: str
    skill_name: str | None
    context: Any
    resolution: str
    resolution_code: str | None
    occurrences: int
    last_occurred: datetime
    effectiveness: float
    created_at: datetime


class LessonPage(Schema):
    items: list[LessonOut]
    total: int
    page: int
    limit: int
    pages: int


class LessonIn(Body):
    model_config = example(
        error_pattern="litellm_timeout",
        error_type="timeout",
        resolution="Ask a faster model for fewer tokens.",
    )

    error_pattern: Annotated[str, Field(max_length=200)] | None = Field(None, description="Required.")
    error_type: Annotated[str, Field(max_length=100)] | None = Field(None, description="Required.")
    skill_name: Annotated[str, Field(max_length=100)] | None = None
    context: JsonObject = {}
    resolution: str | None = None
    resolution_code: str | None = None
    effectiveness: Number = 1.0


class Learned(Schema):
    """`created`, or `updated` with the number of `occurrences` of a pattern that was known."""

    id: UUID
    created: bool | None = None
    updated: bool | None = None
    occurrences: int | None = None


class KnownLessons(Schema):
    lessons: list[LessonOut]
    has_resolution: bool


class Seeded(Schema):
    seeded: int
    total: int


class ProposalOut(Schema):
    id: UUID
    title: str
    description: str
    category: str | None
    risk_level: str
    file_path: str | None
    current_code: str | None
    proposed_code: str | None
    rationale: str | None
    status: str
    reviewed_by: str | None
    reviewed_at: datetime | None
    created_at: datetime


class ProposalPage(Schema):
    items: list[ProposalOut]
    total: int
    page: int
    limit: int
    pages: int


class ProposalIn(Body):
    model_config = example(
        title="Retry reads once",
        description="Half of the timeouts are over after a second.",
        risk_level="low",
        file_path="skills/research/client.py",
    )

    title: Annotated[str, Field(max_length=200)] | None = Field(None, description="Required.")
    description: str | None = Field(None, description="Required.")
    category: Annotated[str, Field(max_length=50)] | None = None
    risk_level: Annotated[str, Field(min_length=1, max_length=20)] = "low"
    file_path: Annotated[str, Field(max_length=500)] = ""
    current_code: str | None = None
    proposed_code: str | None = None
    rationale: str = ""


class Decision(Body):
    """Who decides is whose token it is; `reviewed_by` is read by nobody."""

    model_config = example(status="approved")

    status: Any = Field(None, description="approved, rejected or implemented")


class Decided(Schema):
    updated: Literal[True]
    id: UUID
    status: str


class PerformanceOut(Schema):
    id: int
    review_period: str
    successes: str | None
    failures: str | None
    improvements: str | None
    created_at: datetime


class PerformanceLogs(Schema):
    logs: list[PerformanceOut]
    count: int


class Reviewed(Schema):
    created: bool


class PerformanceIn(Body):
    model_config = example(review_period="2026-W07", successes="The report came in time.", failures="None.")

    review_period: Annotated[str, Field(min_length=1, max_length=20)]
    successes: str | None = None
    failures: str | None = None
    improvements: str | None = None
