"""What was spent of budgets, from the same sums as the pages: exact at any moment, tests' calls left out.

Tokens and dollars are those of reported model calls, of an agent by its sessions. Calls that reported no cost are
estimated as on the pages; what only LiteLLM's own log has is not among them. Runs are sessions, also the scheduler's,
without the events that the runtime keeps as sessions.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from django.db import connection
from django.utils import timezone

from apps.core.figures import compact, dollars, whole
from apps.core.rollups import Sums, window
from apps.telemetry.budgets.models import Budget, Unit
from apps.telemetry.budgets.periods import Window
from apps.telemetry.budgets.querysets import BudgetQuerySet
from apps.telemetry.prices import Cost, Prices, total
from apps.telemetry.querysets import RUNTIME
from apps.telemetry.sums import SessionSum, UsageSum

MOST_SHOWN = 200  # budgets; more are for the API
State = Literal["within", "warned", "heading over", "over"]
WRITTEN = {Unit.USD: dollars, Unit.TOKENS: compact, Unit.RUNS: whole}
SUFFIXES = {Unit.USD: "", Unit.TOKENS: " tokens", Unit.RUNS: " runs"}


@dataclass(frozen=True)
class Totals:
    """Of a budget's period; those of calls where its unit is tokens or dollars, else `runs`."""

    cost: Cost = Cost()
    tokens: int = 0
    calls: int = 0
    runs: int = 0

    def spent(self, unit: str) -> Decimal:
        if unit == Unit.USD:
            return self.cost.reported + self.cost.estimated
        return Decimal(self.tokens if unit == Unit.TOKENS else self.runs)


@dataclass(frozen=True)
class Counted:
    """What of sums belongs to budgets, in SQL over the sums `s` and the budgets `b`: in a few ms for each check."""

    sums: type[Sums]
    columns: str
    groups: str
    mine: str  # the sum counts into the budget
    real: str

    def of(self, budgets: list[Budget], now: datetime) -> list[dict[str, Any]]:
        """Rows of a budget's `id` and the columns; of one of which nothing was spent there is none."""
        if not budgets:
            return []
        windows = [budget.window(now) for budget in budgets]
        # From the first day of the longest period. No sum spans more than a day, so each budget finds its own.
        sums, params = window(self.sums, min(one.start for one in windows), None, "day")
        found = f"""
            SELECT b.id, {self.columns}
              FROM unnest(%s::uuid[], %s::timestamptz[], %s::timestamptz[]) AS w(id, starts, ends)
              JOIN site_budget AS b ON b.id = w.id
              JOIN ({sums}) AS s ON s.starts >= w.starts AND s.starts < w.ends AND {self.mine}
             WHERE {self.real}
             GROUP BY b.id {self.groups}"""
        keys: list[Any] = [[one.pk for one in budgets], [one.start for one in windows], [one.end for one in windows]]
        with connection.cursor() as cursor:
            cursor.execute(found, [*keys, *params])
            names = [column.name for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


CALLS = Counted(
    UsageSum,
    "s.model, s.provider, sum(s.cost_usd) AS cost, sum(s.input_tokens + s.output_tokens)::bigint AS tokens,"
    " sum(s.requests)::bigint AS calls, sum(s.silent_requests)::bigint AS silent,"
    " sum(s.silent_input_tokens)::bigint AS silent_input, sum(s.silent_output_tokens)::bigint AS silent_output",
    ", s.model, s.provider",
    "CASE b.scope WHEN 'agent' THEN s.agent_id WHEN 'model' THEN s.model WHEN 'provider' THEN s.provider ELSE '' END"
    " = b.scope_value",
    # As UsageFilters.real(): without the calls of test suites.
    "upper(coalesce(s.provider, '')) <> 'PYTEST' AND upper(s.model) NOT IN ('TEST-MODEL', 'TEST_MODEL')",
)
RUNS = Counted(
    SessionSum,
    "sum(s.sessions)::bigint AS runs",
    "",
    "CASE b.scope WHEN 'agent' THEN s.agent_id ELSE '' END = b.scope_value",
    f"s.session_type <> '{RUNTIME}'",
)


def totals(budgets: Iterable[Budget], now: datetime, prices: Prices | None = None) -> dict[UUID, Totals]:
    """In one query for all budgets of calls, one for all of runs, and one for prices where calls reported no cost."""
    budgets, prices = list(budgets), prices or Prices()
    calls: dict[UUID, list[dict[str, Any]]] = {budget.pk: [] for budget in budgets}
    for row in CALLS.of([budget for budget in budgets if budget.unit != Unit.RUNS], now):
        calls[row["id"]].append(row)
    runs = {row["id"]: row["runs"] for row in RUNS.of([one for one in budgets if one.unit == Unit.RUNS], now)}
    return {
        pk: Totals(
            total(prices.cost_of_calls(row) for row in rows),
            sum(row["tokens"] for row in rows),
            sum(row["calls"] for row in rows),
            runs.get(pk, 0),
        )
        for pk, rows in calls.items()
    }


def written(unit: str, amount: Decimal) -> str:
    """$1.50, 12,000 tokens, 1 run."""
    text = WRITTEN[Unit(unit)](float(amount))
    return f"{text} run" if unit == Unit.RUNS and amount == 1 else text + SUFFIXES[Unit(unit)]


@dataclass(frozen=True)
class Status:
    """A budget in its current period; amounts are in its unit."""

    budget: Budget
    window: Window
    now: datetime
    spent: Decimal
    leased: Decimal  # held by open leases
    cost: Cost  # what of the dollars was estimated, and how many calls are of unknown cost

    @property
    def limit(self) -> Decimal:
        return self.budget.limit

    @property
    def share(self) -> float:
        """Of the limit, from 0 to whatever was spent."""
        return float(self.spent / self.limit)

    @property
    def strain(self) -> float:
        """The share that is spent, or where it is larger the one that will be."""
        return max(self.share, float((self.forecast or 0) / self.limit))

    @property
    def remaining(self) -> Decimal:
        return max(Decimal(0), self.limit - self.spent - self.leased)

    @property
    def forecast(self) -> Decimal | None:
        """At the end of the period by the pace so far; None where it is too early to say."""
        return self.window.forecast(self.spent, self.now)

    @property
    def reached_at(self) -> datetime | None:
        """When the limit is reached by the pace so far, where that is within the period."""
        return self.window.reaches(self.limit, self.spent, self.now)

    @property
    def reached_shares(self) -> list[int]:
        """Those to warn at, in percent."""
        return [share for share in self.budget.warn_at if self.spent * 100 >= self.limit * share]

    @property
    def state(self) -> State:
        if self.spent >= self.limit:
            return "over"
        if self.forecast is not None and self.forecast > self.limit:
            return "heading over"
        return "warned" if self.reached_shares else "within"

    @property
    def texts(self) -> dict[str, str]:
        """The amounts for people, those that are known."""
        amounts = {name: getattr(self, name) for name in ("spent", "limit", "leased", "remaining", "forecast")}
        return {name: written(self.budget.unit, amount) for name, amount in amounts.items() if amount is not None}

    @property
    def bar(self) -> "Bar":
        return Bar.of(self)


@dataclass(frozen=True)
class Bar:
    """Places on a line of the length 100."""

    spent: float
    leased: float  # where the leases end that begin where the spending does
    forecast: float
    limit: float
    shares: list[float]

    @classmethod
    def of(cls, status: Status) -> "Bar":
        limit, used = status.limit, status.spent + status.leased
        length = max(limit, used, status.forecast or 0)
        marks = [limit * share / 100 for share in status.budget.warn_at if share != 100]
        spent, leased, forecast, end, *shares = (
            round(float(100 * amount / length), 2)
            for amount in (status.spent, used, status.forecast or 0, limit, *(mark for mark in marks if mark < length))
        )
        return cls(spent, leased, forecast, end, shares)


def statuses(budgets: Iterable[Budget], prices: Prices | None = None) -> list[Status]:
    """In the order of the budgets, which are asked `with_leased`; four queries at most."""
    budgets, now = list(budgets), timezone.now()
    known = totals(budgets, now, prices)
    return [
        Status(
            budget,
            budget.window(now),
            now,
            known[budget.pk].spent(budget.unit),
            budget.leased,
            known[budget.pk].cost if budget.unit == Unit.USD else Cost(),
        )
        for budget in budgets
    ]


def most_strained(
    most: int = MOST_SHOWN, prices: Prices | None = None, budgets: BudgetQuerySet | None = None
) -> list[Status]:
    """Those with the largest share spent, or to be spent, first."""
    budgets = Budget.objects.all() if budgets is None else budgets
    found = statuses(budgets.with_leased()[:MOST_SHOWN], prices)
    return sorted(found, key=lambda status: -status.strain)[:most]
