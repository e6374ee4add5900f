from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from ninja import Field, Schema
from pydantic import AfterValidator, StringConstraints

from apps.core.bodies import Body, Int, JsonList, JsonObject, TelemetryBody, example

EVENT_FIELDS = (
    "id",
    "threat_level",
    "threat_type",
    "threat_patterns",
    "input_preview",
    "source",
    "user_id",
    "blocked",
    "details",
    "created_at",
)
PREVIEW = 500
TEN_YEARS = 315_360_000


def shortened(text: str) -> str:
    return text if len(text) <= PREVIEW else text[:PREVIEW] + "..."


Name = Annotated[str, Field(max_length=100)]
Level = Annotated[str, StringConstraints(strip_whitespace=True, to_upper=True, min_length=1, max_length=20)]
Preview = Annotated[str, AfterValidator(shortened)]


class SecurityEventOut(Schema):
    id: UUID
    threat_level: str
    threat_type: str
    threat_patterns: Any
    input_preview: str | None
    source: str | None
    user_id: str | None
    blocked: bool
    details: Any
    created_at: datetime


class SecurityEventPage(Schema):
    items: list[SecurityEventOut]
    total: int
    page: int
    limit: int
    pages: int


class SecurityEventIn(TelemetryBody):
    model_config = example(
        threat_level="HIGH", threat_type="prompt_injection", input_preview="Ignore all rules", blocked=True
    )

    threat_level: Level = "LOW"
    threat_type: Name = "unknown"
    threat_patterns: JsonList = []
    input_preview: Preview = ""
    source: Name = "api"
    user_id: Name | None = None
    blocked: bool = False
    details: JsonObject = {}


class SecurityStats(Schema):
    total_events: int
    blocked_count: int
    last_24h: int
    by_level: dict[str, int]
    by_type: dict[str, int]


class RotationOut(Schema):
    id: UUID
    service: str
    rotated_at: datetime
    reason: str | None
    rotated_by: str
    metadata: Any


class Rotations(Schema):
    rotations: list[RotationOut]
    count: int


class RotationIn(Body):
    model_config = example(service="openrouter", reason="scheduled")

    service: Annotated[str, Field(min_length=1, max_length=100)]
    reason: str | None = None
    rotated_by: Name = "system"
    metadata: JsonObject = {}


class RateLimitOut(Schema):
    id: UUID
    skill: str
    last_action: datetime | None
    last_post: datetime | None
    action_count: int
    window_start: datetime
    created_at: datetime
    updated_at: datetime


class RateLimits(Schema):
    rate_limits: list[RateLimitOut]
    count: int


WindowSeconds = Annotated[int, Field(ge=1, le=TEN_YEARS)]


class RateAllowance(Schema):
    allowed: bool
    remaining: int
    window_age: float = Field(description="Seconds since the window began.")
    action_count: int | None = Field(None, description="Absent where no window is open.")


class RateCounted(Schema):
    incremented: bool
    skill: str


class RateCheck(Body):
    model_config = example(skill="social", max_actions=10, window_seconds=3600)

    skill: Name = ""
    max_actions: Annotated[Int, Field(ge=0)] = 100
    window_seconds: WindowSeconds = 3600


class RateIncrement(Body):
    model_config = example(skill="social", action_type="post")

    skill: Name = ""
    action_type: str = "action"
    window_seconds: WindowSeconds | None = Field(
        None, description="Begin a new window where the old one is older; without it only a check does."
    )
