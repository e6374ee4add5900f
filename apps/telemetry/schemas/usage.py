from datetime import datetime
from typing import Annotated
from uuid import UUID

from ninja import Field, Schema
from pydantic import BeforeValidator

from apps.core.bodies import Cost, example
from apps.telemetry.prices import Origin
from apps.telemetry.schemas.rows import Count, Name, Row, ShortName
from apps.telemetry.schemas.sessions import zero_for_nothing

FIELDS = (
    "id",
    "model",
    "provider",
    "input_tokens",
    "output_tokens",
    "cost_usd",
    "latency_ms",
    "success",
    "error_message",
    "session_id",
    "created_at",
)


class UsageIn(Row):
    model_config = example(model="kimi-k2", provider="moonshot", input_tokens=1200, output_tokens=300, cost_usd=0.0042)

    model: Name
    provider: ShortName | None = None
    input_tokens: Count = 0
    output_tokens: Count = 0
    cost_usd: Annotated[Cost, BeforeValidator(zero_for_nothing)] = 0
    latency_ms: Count | None = None
    success: bool = True
    error_message: str | None = None
    session_id: UUID | None = None


class UsageOut(Schema):
    id: str = Field(description="A UUID, or the proxy's request id where the source is `litellm`.")
    model: str
    provider: str | None
    input_tokens: int
    output_tokens: int
    total_tokens: int
    cost_usd: float
    latency_ms: int | None
    success: bool
    error_message: str | None
    session_id: str | None
    created_at: datetime
    source: str
    cost_origin: Origin = Field(description="`none`: no tokens and no cost.")
    cost_estimated: float | None = Field(description="USD; null unless `cost_origin` is `estimated`.")


class UsagePage(Schema):
    items: list[UsageOut]
    total: int
    page: int
    limit: int
    pages: int
    notice: str | None = None


class ModelTotals(Schema):
    model: str
    provider: str | None
    requests: int
    input_tokens: int
    output_tokens: int
    cost: float
    cost_estimated: float
    calls_without_price: int
    avg_latency: int
    source: str


class SourceTotals(Schema):
    requests: int
    tokens: int
    cost: float


class UsageStats(Schema):
    period_hours: int
    total_requests: int
    total_tokens: int
    total_cost: float
    cost_estimated: float = Field(description="USD that the price catalogue makes of calls reported without a cost.")
    calls_without_price: int = Field(description="Calls reported without a cost, of models without a price.")
    avg_latency_ms: int
    success_rate: float
    by_model: list[ModelTotals]
    sources: dict[str, SourceTotals]
    notice: str | None = None
