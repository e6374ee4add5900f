"""The calls of all tools together, for what needs no tool told apart: quick of however many tools."""

from django.db import models

from apps.core.rollups import Measure, Rows, Sums
from apps.telemetry.latencies import BUCKET, LatencyQuerySet
from apps.telemetry.sum_querysets import CallQuerySet


class CallTotalQuerySet(CallQuerySet, LatencyQuerySet):  # type: ignore[override]  # django-stubs on as_manager
    pass


class CallTotals(Sums):
    """By how long they took; the bucket of calls whose duration is not known is null."""

    bucket = models.SmallIntegerField(null=True)
    calls = models.BigIntegerField()
    failed = models.BigIntegerField()
    timed = models.BigIntegerField()  # calls whose duration is known
    duration_ms = models.BigIntegerField()
    tokens_used = models.BigIntegerField()

    objects = CallTotalQuerySet.as_manager()
    rows = Rows(
        table="skill_invocations",
        moment="created_at",
        keys={"bucket": BUCKET.format("r.duration_ms")},
        measures={
            "calls": Measure("count(*)"),
            "failed": Measure("count(*) FILTER (WHERE NOT r.success)"),
            "timed": Measure("count(r.duration_ms)"),
            "duration_ms": Measure("coalesce(sum(r.duration_ms), 0)"),
            "tokens_used": Measure("coalesce(sum(r.tokens_used), 0)"),
        },
    )

    class Meta(Sums.Meta):
        abstract = True


class CallTotalDay(CallTotals):
    class Meta:
        db_table = "site_call_total_day"


class CallTotalMonth(CallTotals):
    class Meta:
        db_table = "site_call_total_month"


class CallTotal(CallTotals):
    days, months = CallTotalDay, CallTotalMonth

    class Meta:
        db_table = "site_call_total"
