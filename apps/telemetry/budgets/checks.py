"""May an agent spend? One question, and where the answer is yes a lease on what it is about to spend."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_UP, Decimal
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction
from django.db.models import Min, Subquery, Sum
from django.utils import timezone

from apps.telemetry.budgets.models import Budget, BudgetLease, Unit
from apps.telemetry.budgets.spending import Totals, totals, written
from apps.telemetry.models import ModelUsage

NONE = Decimal(0)
# Of a limit: what a call is taken to cost where none was reported yet in the period, and the caller says nothing.
FIRST_CALL = Decimal("0.01")


@dataclass(frozen=True)
class Wish:
    """What an agent is about to do; with a `session_id` it is a call within that run, without it a new run."""

    agent_id: str
    model: str = ""
    provider: str = ""  # without it: that of the model's latest call
    tokens: int | None = None
    cost: Decimal | None = None
    session_id: UUID | None = None


@dataclass(frozen=True)
class Held:
    """By the open leases on a budget."""

    amount: Decimal = NONE
    until: datetime | None = None  # when the first of them ends


@dataclass(frozen=True)
class Judgement:
    """What one budget says to a wish."""

    budget: Budget
    now: datetime
    spent: Decimal
    held: Held
    amount: Decimal  # asked for
    is_guess: bool  # the amount: then the call may pass the limit, but no second one beside it

    @property
    def room(self) -> Decimal:
        return self.budget.limit - self.spent - self.held.amount

    @property
    def fits(self) -> bool:
        return self.fits_in(self.room)

    def fits_in(self, room: Decimal) -> bool:
        if self.budget.unit == Unit.RUNS and not self.amount:  # a run that is counted already
            return room >= 0
        return room > 0 and (self.is_guess or self.amount <= room)

    @property
    def refuses(self) -> bool:
        return self.budget.hard and not self.fits

    @property
    def remaining(self) -> Decimal:
        """What is left to others."""
        return max(NONE, self.room if self.refuses else self.room - self.amount)

    @property
    def retry_at(self) -> datetime:
        """When a refused wish may fit: as the first lease ends, or in the next period."""
        if self.held.until and self.fits_in(self.room + self.held.amount):
            return self.held.until
        return self.budget.window(self.now).end

    @property
    def retry_after(self) -> int:
        """In seconds."""
        return max(1, -((self.now - self.retry_at) // timedelta(seconds=1)))

    @property
    def reason(self) -> str:
        left, limit = (written(self.budget.unit, value) for value in (self.remaining, self.budget.limit))
        about = f"{self.budget.name}: {left} of {limit} a {self.budget.period} left"
        if self.fits:
            return about
        if not self.refuses:
            return f"{about}; the limit is soft and only warns"
        asked = f", {written(self.budget.unit, self.amount)} asked for" if self.amount and not self.is_guess else ""
        held = f", {written(self.budget.unit, self.held.amount)} held by leases" if self.held.amount else ""
        return f"{about}{held}{asked}; try again at {self.retry_at:%Y-%m-%d %H:%M:%S} UTC"


@dataclass(frozen=True)
class Verdict:
    """Of all budgets together; `tightest` explains it, and is None where no budget is concerned."""

    allowed: bool
    tightest: Judgement | None
    lease: UUID | None = None
    expires_at: datetime | None = None


@transaction.atomic
def check(wish: Wish) -> Verdict:
    """All hard budgets that the wish concerns must have room for it, and then a lease holds it.

    Checks of one budget take turns: its row is locked. Leases are read before the spending, so a call that is
    reported in between is seen twice rather than not at all.
    """
    now = timezone.now()
    concerned = Budget.objects.of_call(wish.agent_id, wish.model, provider_of(wish))
    budgets = list(concerned.select_for_update(of=("self",), no_key=True))
    held = held_of(budgets)
    known = totals(budgets, now)
    judgements = [judged(budget, wish, held.get(budget.pk, Held()), known[budget.pk], now) for budget in budgets]
    refusals = [judgement for judgement in judgements if judgement.refuses]
    if refusals:
        return Verdict(False, max(refusals, key=lambda refusal: refusal.retry_at))
    return lease(wish, judgements, min(judgements, key=worth_saying, default=None), now)


def worth_saying(judgement: Judgement) -> tuple[bool, bool, Decimal]:
    """First a soft limit that was passed, then the hard one with the least room."""
    return judgement.fits, not judgement.budget.hard, judgement.remaining / judgement.budget.limit


def provider_of(wish: Wish) -> str | Subquery:
    if wish.provider or not wish.model:
        return wish.provider
    return Subquery(ModelUsage.objects.filter(model=wish.model).newest_first().values("provider")[:1])


def held_of(budgets: list[Budget]) -> dict[UUID, Held]:
    leases = BudgetLease.objects.open().filter(budget__in=budgets).values_list("budget")
    return {pk: Held(amount, until) for pk, amount, until in leases.annotate(Sum("amount"), Min("expires_at"))}


def judged(budget: Budget, wish: Wish, held: Held, known: Totals, now: datetime) -> Judgement:
    stated = stated_amount(budget, wish)
    amount = guessed_amount(budget, wish, known) if stated is None else stated
    return Judgement(budget, now, known.spent(budget.unit), held, amount, is_guess=stated is None)


def stated_amount(budget: Budget, wish: Wish) -> Decimal | None:
    if budget.unit == Unit.RUNS:
        return NONE if wish.session_id else Decimal(1)
    if budget.unit == Unit.TOKENS:
        return None if wish.tokens is None else Decimal(wish.tokens)
    return wish.cost


def guessed_amount(budget: Budget, wish: Wish, known: Totals) -> Decimal:
    """What such a call costs, by the calls of the period; tokens are whole ones."""
    spent = known.spent(budget.unit)
    if not known.calls:
        guess = budget.limit * FIRST_CALL
    elif budget.unit == Unit.USD and wish.tokens is not None and known.tokens:
        guess = spent * wish.tokens / known.tokens
    else:
        guess = spent / known.calls
    return guess.quantize(Decimal(1) if budget.unit == Unit.TOKENS else Decimal("0.000001"), ROUND_UP)


def lease(wish: Wish, judgements: list[Judgement], tightest: Judgement | None, now: datetime) -> Verdict:
    to_hold = [judgement for judgement in judgements if judgement.budget.hard and judgement.amount]
    if not to_hold:
        return Verdict(True, tightest)
    name, expires_at = uuid4(), now + timedelta(seconds=settings.ARIA_BUDGET_LEASE_SECONDS)
    BudgetLease.objects.bulk_create(
        BudgetLease(
            lease=name,
            budget=judgement.budget,
            agent_id=wish.agent_id,
            amount=judgement.amount,
            created_at=now,
            expires_at=expires_at,
        )
        for judgement in to_hold
    )
    return Verdict(True, tightest, name, expires_at)


def release(lease: UUID) -> bool:
    """End a lease; False where it had ended already."""
    return bool(BudgetLease.objects.filter(lease=lease).delete()[0])
