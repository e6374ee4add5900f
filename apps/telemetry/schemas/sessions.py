from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from ninja import Field, Schema
from pydantic import AfterValidator, BaseModel, BeforeValidator, TypeAdapter, ValidationError

from apps.core.bodies import Body, Cost, JsonObject, Moment, example
from apps.telemetry.querysets import STATUSES
from apps.telemetry.schemas.rows import Count, Name, Row, ShortName

FIELDS = (
    "id",
    "agent_id",
    "session_type",
    "started_at",
    "ended_at",
    "messages_count",
    "tokens_used",
    "cost_usd",
    "status",
    # Where the agent was spoken to.
    (
        "source_channel",
        "coalesce(nullif({row}.metadata ->> 'openclaw_source_channel', ''),"
        " {row}.metadata #>> '{openclaw_session,channel}')",
    ),
    ("metadata", "CASE jsonb_typeof({row}.metadata) WHEN 'object' THEN {row}.metadata ELSE '{}' END"),
)
MOMENT: TypeAdapter[datetime] = TypeAdapter(Moment)


def moment_or_nothing(value: Any) -> datetime | None:
    try:
        return MOMENT.validate_python(value)
    except ValidationError:
        return None


def known_or_active(status: Any) -> str:
    known = str(status).strip().lower()
    return known if known in STATUSES else "active"


def zero_for_nothing(value: Any) -> Any:
    return value or 0


def known(status: str) -> str:
    status = status.strip().lower()
    if status not in STATUSES:
        raise ValueError(f"must be one of: {', '.join(STATUSES)}")
    return status


ReadableMoment = Annotated[datetime | None, BeforeValidator(moment_or_nothing)]
CountOrZero = Annotated[Count, BeforeValidator(zero_for_nothing)]
CostOrZero = Annotated[Cost, BeforeValidator(zero_for_nothing)]


class SessionFilter(BaseModel, frozen=True):
    status: str = ""
    agent_id: str = ""
    source_channel: str = ""
    include_runtime_events: bool = Field(False, description="Also sessions of the type `skill_exec`.")
    include_cron_events: bool = Field(False, description="Also sessions of the type `openclaw_cron`.")


class SessionIn(Row):
    model_config = example(
        agent_id="main", session_type="interactive", metadata={"openclaw_source_channel": "telegram"}
    )

    agent_id: Name = "main"
    session_type: ShortName = "interactive"
    status: Annotated[str, BeforeValidator(known_or_active)] = "active"
    started_at: ReadableMoment = Field(None, description="Now, where this is no readable time.")
    ended_at: ReadableMoment = None
    messages_count: CountOrZero = 0
    tokens_used: CountOrZero = 0
    cost_usd: CostOrZero = 0
    metadata: JsonObject = {}


class SessionChanges(Body):
    """Null is ignored. A final status ends the session, `active` opens it again."""

    model_config = example(status="completed", messages_count=12, tokens_used=5400, cost_usd=0.08)

    status: Annotated[str, AfterValidator(known)] | None = None
    messages_count: Count | None = None
    tokens_used: Count | None = None
    cost_usd: Cost | None = None


class SessionOut(Schema):
    id: UUID
    agent_id: str
    session_type: str
    started_at: datetime
    ended_at: datetime | None
    messages_count: int
    tokens_used: int
    cost_usd: float
    status: str
    source_channel: str | None
    metadata: dict[str, Any]


class SessionPage(Schema):
    items: list[SessionOut]
    total: int
    page: int
    limit: int
    pages: int


class HourOfAgent(Schema):
    hour: datetime
    agent_id: str
    count: int


class SessionHours(Schema):
    hours: int
    timezone: str
    items: list[HourOfAgent]


class Spent(Schema):
    tokens: int
    cost: float


class AgentTotals(Spent):
    agent_id: str
    sessions: int


class LitellmTotals(Spent):
    sessions: int
    unmapped_tokens: int
    unmapped_cost: float


class StatusCount(Schema):
    status: str
    count: int


class TypeCount(Schema):
    type: str
    count: int


class SessionStats(Schema):
    total_sessions: int
    active_sessions: int
    total_tokens: int
    total_cost: float
    by_agent: list[AgentTotals]
    by_status: list[StatusCount]
    by_type: list[TypeCount]
    litellm: LitellmTotals
    sources: dict[str, Spent]
    notice: str | None = None


class SessionDeleted(Schema):
    deleted: bool
    id: UUID
