"""The questions that are put to budgets, leases and notices."""

from datetime import timedelta

from django.db import models
from django.db.models import DateTimeField, DecimalField, Exists, F, Func, OuterRef, Q, Subquery, Sum, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from apps.core.fields import Now

MOST_ATTEMPTS = 10  # with pauses that double from half a minute: four hours and a quarter
WORTH_SAYING = timedelta(days=1)  # an older notice is news to nobody


class BudgetQuerySet(models.QuerySet):
    def of_call(self, agent_id: str, model: str, provider: str | Subquery):
        """Those that a call of this agent counts into, in the order in which their rows are locked."""
        named = Q(scope="all") | Q(scope="agent", scope_value=agent_id)
        if model:
            named |= Q(scope="model", scope_value=model)
        if provider:
            named |= Q(scope="provider", scope_value=provider)
        return self.filter(named).order_by("pk")

    def of_calls(self):
        """Those of dollars and tokens."""
        return self.exclude(unit="runs")

    def with_leased(self):
        """With `leased`, what open leases hold of each."""
        held = Sum("leases__amount", filter=Q(leases__expires_at__gt=timezone.now()))
        return self.annotate(leased=Coalesce(held, 0, output_field=DecimalField()))


class LeaseQuerySet(models.QuerySet):
    def open(self):
        return self.filter(expires_at__gt=timezone.now())

    def expired(self):
        return self.filter(expires_at__lte=timezone.now())


class NoticeQuerySet(models.QuerySet):
    def newest_first(self):
        return self.order_by("-created_at", "-share")

    def of_now(self):
        """The largest share of each budget that was reached in the period under way."""
        start = Func(F("budget__period"), Now(), Value("UTC"), function="date_trunc", output_field=DateTimeField())
        larger = Q(budget=OuterRef("budget"), period_start=OuterRef("period_start"), share__gt=OuterRef("share"))
        return self.filter(period_start=start).exclude(Exists(self.model._default_manager.filter(larger)))

    def due(self):
        """Those to be sent now, the longest waiting first."""
        now = timezone.now()
        return self.filter(
            sent_at=None,
            next_attempt_at__lte=now,
            attempts__lt=MOST_ATTEMPTS,
            created_at__gte=now - WORTH_SAYING,
        ).order_by("next_attempt_at", "share")
