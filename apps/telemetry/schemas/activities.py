from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from ninja import Schema
from pydantic import BeforeValidator

from apps.core.bodies import example, wrapped
from apps.telemetry.descriptions import DESCRIPTION
from apps.telemetry.schemas.rows import Name, Row

FIELDS = (
    "id",
    ("type", "{row}.action"),
    "action",
    "skill",
    "success",
    ("status", "CASE WHEN {row}.success THEN 'ok' ELSE 'error' END"),
    ("description", DESCRIPTION),
    "details",
    "error_message",
    "created_at",
)


class ActivityIn(Row):
    model_config = example(action="research", skill="brainstorm", details={"message": "Compared three approaches"})

    action: Name
    skill: Name | None = None
    details: Annotated[Any, BeforeValidator(wrapped)] = {}
    success: bool = True
    error_message: str | None = None


class ActivityOut(Schema):
    id: UUID
    type: str
    action: str
    skill: str | None
    success: bool
    status: str
    description: str
    details: Any
    error_message: str | None
    created_at: datetime


class ActivityPage(Schema):
    items: list[ActivityOut]
    total: int
    page: int
    limit: int
    pages: int


class ActivityRecorded(Schema):
    """`id` of a stored activity, or `status` and `next_allowed` of one that came too early."""

    id: UUID | None = None
    created: bool
    status: str | None = None
    next_allowed: datetime | None = None


class CronSummary(Schema):
    action: str
    executions: int
    total_estimated_tokens: float
    days: int


class DayCount(Schema):
    day: date
    count: int


class HourCount(Schema):
    hour: datetime
    count: int


class ActionCount(Schema):
    action: str
    count: int


class SkillCount(Schema):
    skill: str
    count: int


class RecentActivity(Schema):
    id: UUID
    action: str
    skill: str | None
    success: bool
    created_at: datetime
    description: str
    details: dict[str, Any]


class Creative(Schema):
    enabled: bool
    targets: list[str]
    total: int
    skills: list[SkillCount]
    hourly: list[HourCount]
    actions: list[ActionCount]
    recent: list[RecentActivity]
    insights: dict[str, dict[str, Any] | None]


class Visualization(Schema):
    window_hours: int
    generated_at: datetime
    summary: dict[str, int]
    hourly: list[HourCount]
    actions: list[ActionCount]
    skills: list[SkillCount]
    recent: list[RecentActivity]
    creative: Creative | None
