from datetime import datetime
from typing import Any
from uuid import UUID

from ninja import Schema

from apps.core.bodies import example
from apps.telemetry.schemas.rows import Count, Name, Row

FIELDS = (
    "id",
    "skill_name",
    "tool_name",
    "duration_ms",
    "success",
    "error_type",
    "tokens_used",
    "model_used",
    "created_at",
)


class InvocationIn(Row):
    model_config = example(skill_name="goals", tool_name="create_goal", duration_ms=85, success=True)

    skill_name: Name = "unknown"
    tool_name: Name = "unknown"
    duration_ms: Count | None = None
    success: bool = True
    error_type: Name | None = None
    tokens_used: Count | None = None
    model_used: Name | None = None


class Recorded(Schema):
    recorded: bool


class InvocationOut(Schema):
    id: UUID
    skill_name: str
    tool_name: str
    duration_ms: int | None
    success: bool
    error_type: str | None
    tokens_used: int | None
    model_used: str | None
    created_at: datetime


class SkillStats(Schema):
    """`error_rate` is a fraction."""

    skill_name: str
    total: int
    avg_duration_ms: float
    successes: int
    failures: int
    error_rate: float
    total_tokens: int


class AllSkillStats(Schema):
    stats: list[SkillStats]
    hours: int


class SkillCalls(Schema):
    skill_name: str
    count: int


class StatsSummary(Schema):
    """`error_rate` is a fraction."""

    hours: int
    total: int
    failures: int
    error_rate: float
    avg_duration_ms: float
    invocations: list[SkillCalls]


class OneSkillStats(Schema):
    """`error_rate` is a fraction."""

    skill_name: str
    total: int
    failures: int
    error_rate: float
    avg_duration_ms: float
    invocations: list[InvocationOut]


class InsightsSummary(Schema):
    total_invocations: int
    success_rate: float
    avg_duration_ms: float
    total_tokens: int
    unique_skills: int
    unique_tools: int
    failures: int


class SkillInsight(Schema):
    """`error_rate` is a percentage."""

    skill_name: str
    invocations: int
    avg_duration_ms: float
    successes: int
    failures: int
    error_rate: float
    total_tokens: int


class ToolInsight(Schema):
    tool_name: str
    invocations: int
    avg_duration_ms: float
    error_rate: float


class HourInsight(Schema):
    hour: datetime
    invocations: int
    avg_duration_ms: float
    error_rate: float


class GraphQuery(Schema):
    id: UUID
    query_type: str
    source: str | None
    params: Any
    result_count: int
    created_at: datetime


class Insights(Schema):
    """Rates are percentages."""

    hours: int
    summary: InsightsSummary
    by_skill: list[SkillInsight]
    by_tool: list[ToolInsight]
    timeline: list[HourInsight]
    recent_invocations: list[InvocationOut]
    recent_graph_queries: list[GraphQuery]


class OverallHealth(Schema):
    health_score: float
    status: str
    total_invocations: int
    total_failures: int
    skills_monitored: int
    unhealthy_count: int
    degraded_count: int
    slow_count: int


class SkillHealth(Schema):
    skill_name: str
    health_score: float
    status: str
    total_calls: int
    successes: int
    failures: int
    error_rate: float
    avg_duration_ms: float
    max_duration_ms: int
    min_duration_ms: int
    total_tokens: int
    last_seen: datetime


class FailurePattern(Schema):
    skill_name: str
    error_type: str
    count: int
    first_seen: datetime
    last_seen: datetime
    suggestion: str


class HealthDashboard(Schema):
    """`error_rate` is a percentage."""

    hours: int
    generated_at: datetime
    overall: OverallHealth
    skills: list[SkillHealth]
    patterns: list[FailurePattern]
    unhealthy_skills: list[SkillHealth]
    degraded_skills: list[SkillHealth]
    slow_skills: list[SkillHealth]
