from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from ninja import Schema
from pydantic import Field

from apps.core.bodies import Body, Cost, example

ScopeName = Literal["all", "agent", "model", "provider"]
UnitName = Literal["usd", "tokens", "runs"]
PeriodName = Literal["day", "week", "month"]
Name = Annotated[str, Field(min_length=1, max_length=100)]
OptionalName = Annotated[str, Field(max_length=100)]
Limit = Annotated[Decimal, Field(gt=0, max_digits=20, decimal_places=6, allow_inf_nan=False)]
Shares = Annotated[list[Annotated[int, Field(ge=1, le=1000)]], Field(max_length=10)]
Tokens = Annotated[int, Field(ge=0, le=2**31 - 1)]


class BudgetIn(Body):
    model_config = example(name="Analyst, daily", scope="agent", scope_value="analyst", unit="usd", limit=5)

    name: Name
    scope: ScopeName = "all"
    scope_value: OptionalName = ""
    unit: UnitName = "usd"
    period: PeriodName = "day"
    limit: Limit
    hard: bool = True
    warn_at: Shares = [50, 80, 100]


class BudgetChanges(Body):
    model_config = example(limit=8, warn_at=[80, 100])

    name: Name | None = None
    scope: ScopeName | None = None
    scope_value: OptionalName | None = None
    unit: UnitName | None = None
    period: PeriodName | None = None
    limit: Limit | None = None
    hard: bool | None = None
    warn_at: Shares | None = None

    def changes(self) -> dict[str, Any]:
        return self.model_dump(exclude_unset=True, exclude_none=True)


class BudgetOut(Schema):
    """A budget in its current period; amounts are in its unit, times in UTC.

    Of dollars `spent`, `estimated` are by the price catalogue, as those calls reported none; `unknown_calls` have no
    price either and are not in it.
    """

    id: UUID
    name: str
    scope: ScopeName
    scope_value: str
    unit: UnitName
    period: PeriodName
    limit: float
    hard: bool
    warn_at: list[int]
    period_start: datetime
    period_end: datetime
    spent: float
    estimated: float
    unknown_calls: int
    leased: float
    remaining: float
    share: float
    forecast: float | None
    state: Literal["within", "warned", "heading over", "over"]
    created_at: datetime
    updated_at: datetime


class BudgetPage(Schema):
    items: list[BudgetOut]
    total: int
    page: int
    limit: int
    pages: int


class NoticeOut(Schema):
    id: UUID
    period_start: datetime
    share: int
    created_at: datetime
    state: Literal["waiting", "sent", "given up"]
    attempts: int
    sent_at: datetime | None
    last_answer: str
    log: list[dict[str, str]]


class BudgetWithNotices(BudgetOut):
    notices: list[NoticeOut]


class CheckIn(Body):
    model_config = example(agent_id="analyst", model="kimi-k2", estimated_tokens=4000, estimated_cost=0.02)

    agent_id: Name
    model: OptionalName = ""
    provider: OptionalName = ""
    estimated_tokens: Tokens | None = None
    estimated_cost: Cost | None = None
    session_id: UUID | None = None


class CheckOut(Schema):
    """`remaining` is in `unit` and after this lease, both of the tightest budget; null where none is concerned."""

    allowed: bool
    remaining: float | None
    reason: str
    retry_after: int | None = None
    unit: UnitName | None
    budget: str | None
    lease_id: UUID | None
    expires_at: datetime | None


class ReleaseIn(Body):
    model_config = example(lease_id="00000000-0000-4000-8000-000000000000")

    lease_id: UUID


class Released(Schema):
    released: bool
