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

from django.db.models import F, Q, Sum
from django.utils import timezone

from apps.core.figures import compact, dollars, whole
from apps.telemetry.budgets.models import Budget, Scope, Unit
from apps.telemetry.budgets.periods import Window
from apps.telemetry.prices import Cost, Prices, total
from apps.telemetry.sums import SessionSum, UsageSum

State = Literal["within", "warned", "heading over", "over"]
WRITTEN = {Unit.USD: dollars, Unit.TOKENS: compact, Unit.RUNS: whole}
SUFFIXES = {Unit.USD: "", Unit.TOKENS: " tokens", Unit.RUNS: " runs"}
COLUMNS = {Scope.AGENT: "agent_id", Scope.MODEL: "model", Scope.PROVIDER: "provider"}
OF_CALLS: dict[str, Any] = {
    "cost": F("cost_usd"),
    "tokens": F("input_tokens") + F("output_tokens"),
    "calls": F("requests"),
    "silent": F("silent_requests"),
    "silent_input": F("silent_input_tokens"),
    "silent_output": F("silent_output_tokens"),
}


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


def totals(budgets: Iterable[Budget], now: datetime) -> dict[UUID, Totals]:
    """In one query for all budgets of calls, one for all of runs, and one for prices where calls reported no cost."""
    budgets = list(budgets)
    of_calls = [budget for budget in budgets if budget.unit != Unit.RUNS]
    of_runs = [budget for budget in budgets if budget.unit == Unit.RUNS]
    return (calls_of(of_calls, now) if of_calls else {}) | (runs_of(of_runs, now) if of_runs else {})


def calls_of(budgets: list[Budget], now: datetime) -> dict[UUID, Totals]:
    figures = {
        f"{name}_{place}": Sum(figure, filter=counted(budget, now), default=0)
        for place, budget in enumerate(budgets)
        for name, figure in OF_CALLS.items()
    }
    sums = UsageSum.objects.between(since(budgets, now)).real()
    rows = list(sums.order_by().values("model", "provider").annotate(**figures))
    prices = Prices()
    return {budget.pk: of_calls_in(rows, place, prices) for place, budget in enumerate(budgets)}


def of_calls_in(rows: list[dict[str, Any]], place: int, prices: Prices) -> Totals:
    """Of the budget at this place; a row is of one model and provider."""
    own = [
        {"model": row["model"], "provider": row["provider"]} | {name: row[f"{name}_{place}"] for name in OF_CALLS}
        for row in rows
    ]
    cost = total(prices.cost_of_calls(group) for group in own)
    return Totals(cost, sum(group["tokens"] for group in own), sum(group["calls"] for group in own))


def runs_of(budgets: list[Budget], now: datetime) -> dict[UUID, Totals]:
    sums = SessionSum.objects.between(since(budgets, now)).shown(cron_events=True)
    figures = {
        f"runs_{place}": Sum("sessions", filter=counted(budget, now), default=0) for place, budget in enumerate(budgets)
    }
    found = sums.aggregate(**figures)
    return {budget.pk: Totals(runs=found[f"runs_{place}"]) for place, budget in enumerate(budgets)}


def since(budgets: list[Budget], now: datetime) -> datetime:
    """From the first day of the longest period. No row of sums spans more than a day, so each budget finds its own."""
    return min(budget.window(now).start for budget in budgets)


def counted(budget: Budget, now: datetime) -> Q:
    """Which sums belong to the budget."""
    window = budget.window(now)
    within = Q(starts__gte=window.start, starts__lt=window.end)
    return within if budget.scope == Scope.ALL else within & Q(**{COLUMNS[Scope(budget.scope)]: budget.scope_value})


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


def statuses(budgets: Iterable[Budget]) -> list[Status]:
    """In the order of the budgets, which are asked `with_leased`; four queries at most."""
    budgets, now = list(budgets), timezone.now()
    known = totals(budgets, now)
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


def most_strained(most: int) -> list[Status]:
    """What the overview and the page of model usage show: the budgets with the largest share spent or to be spent."""
    found = statuses(Budget.objects.with_leased())
    return sorted(found, key=lambda status: -max(status.share, float((status.forecast or 0) / status.limit)))[:most]
