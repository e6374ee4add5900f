"""A limit, the leases that agents hold on what is left of it, and the notices of its crossed shares."""

from datetime import UTC, datetime
from decimal import Decimal
from uuid import uuid4

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from apps.core.ranges import following, start_of
from apps.telemetry.budgets.periods import Window
from apps.telemetry.budgets.querysets import (
    MOST_ATTEMPTS,
    WORTH_SAYING,
    BudgetQuerySet,
    LeaseQuerySet,
    NoticeQuerySet,
)


class Scope(models.TextChoices):
    ALL = "all", "all"
    AGENT = "agent", "one agent"
    MODEL = "model", "one model"
    PROVIDER = "provider", "one provider"


class Unit(models.TextChoices):
    USD = "usd", "US dollars"
    TOKENS = "tokens", "tokens"
    RUNS = "runs", "runs"


class Period(models.TextChoices):
    DAY = "day", "day"
    WEEK = "week", "week"
    MONTH = "month", "month"


def usual_shares() -> list[int]:
    return [50, 80, 100]


class Budget(models.Model):
    """What may be spent in a period; a hard one refuses checks, a soft one only warns."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    name = models.CharField(max_length=100, unique=True)
    scope = models.CharField("applies to", max_length=8, choices=Scope, default=Scope.ALL)
    scope_value = models.CharField(
        "which", max_length=100, blank=True, help_text="agent, model or provider, as calls report its name"
    )
    unit = models.CharField(max_length=6, choices=Unit, default=Unit.USD)
    period = models.CharField(max_length=5, choices=Period, default=Period.DAY, help_text="in UTC; weeks from Monday")
    limit = models.DecimalField(max_digits=20, decimal_places=6)
    hard = models.BooleanField("refuse what would pass the limit", default=True)
    warn_at = ArrayField(
        models.PositiveSmallIntegerField(validators=[MinValueValidator(1), MaxValueValidator(1000)]),
        size=10,
        default=usual_shares,
        blank=True,
        verbose_name="warn at",
        help_text="percent of the limit, separated by commas",
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)  # the revision, which a trigger moves
    leased: Decimal  # where it was asked `with_leased`

    objects = BudgetQuerySet.as_manager()

    class Meta:
        db_table = "site_budget"
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(limit__gt=0), name="site_budget_limit", violation_error_message="A limit must be above 0."
            ),
            models.CheckConstraint(
                condition=Q(scope=Scope.ALL, scope_value="") | (~Q(scope=Scope.ALL) & ~Q(scope_value="")),
                name="site_budget_scope",
                violation_error_message="Name the agent, model or provider that it is of; all has no name.",
            ),
            models.CheckConstraint(
                condition=~Q(unit=Unit.RUNS) | Q(scope__in=[Scope.ALL, Scope.AGENT]),
                name="site_budget_runs",
                violation_error_message="Runs are counted for all or one agent: one run may use many models.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("budget", args=[self.pk])

    def window(self, now: datetime) -> Window:
        with timezone.override(UTC):
            start = start_of(self.period, now)  # type: ignore[arg-type]
            return Window(start, following(self.period, start))  # type: ignore[arg-type]


class BudgetLease(models.Model):
    """A part of what is left that a check gave to an agent; one check has the same `lease` on several budgets.

    It ends when the agent's next call (for runs: session) is reported, when it is released, or at `expires_at`.
    """

    lease = models.UUIDField(db_index=True)
    budget = models.ForeignKey(Budget, on_delete=models.CASCADE, related_name="leases")
    agent_id = models.CharField(max_length=100)
    amount = models.DecimalField(max_digits=20, decimal_places=6)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)

    objects = LeaseQuerySet.as_manager()

    class Meta:
        db_table = "site_budget_lease"
        indexes = [models.Index(fields=["budget", "agent_id", "created_at"], name="site_budget_lease_of_agent")]

    def __str__(self) -> str:
        return f"{self.agent_id}: {self.amount}"


class BudgetNotice(models.Model):
    """A share of a budget was reached in a period; said once, in `attempts` tries that `log` tells of."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    budget = models.ForeignKey(Budget, on_delete=models.CASCADE, related_name="notices")
    period_start = models.DateTimeField()
    share = models.PositiveSmallIntegerField()  # percent
    created_at = models.DateTimeField(default=timezone.now)
    payload = models.JSONField()  # what is sent, as it was when the share was reached
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(null=True)
    last_answer = models.CharField(max_length=100, blank=True)
    log = models.JSONField(default=list)  # of {at, answer}

    objects = NoticeQuerySet.as_manager()

    class Meta:
        db_table = "site_budget_notice"
        constraints = [
            models.UniqueConstraint(fields=["budget", "period_start", "share"], name="site_budget_notice_once")
        ]
        indexes = [models.Index(fields=["next_attempt_at"], condition=Q(sent_at=None), name="site_budget_notice_due")]

    def __str__(self) -> str:
        return f"{self.budget_id} {self.share} %"

    @property
    def state(self) -> str:
        """`sent`, `waiting` for its first or next try, or `given up`."""
        if self.sent_at:
            return "sent"
        is_over = self.attempts >= MOST_ATTEMPTS or self.created_at < timezone.now() - WORTH_SAYING
        return "given up" if is_over else "waiting"
