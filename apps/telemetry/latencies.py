"""How long calls took, counted by the hour and the day in buckets, so that percentiles of any time are quick.

A bucket's upper edge is a tenth above its lower one: a percentile is at most a tenth off, and mostly half of that.
Counts add up over times, skills and models; percentiles do not.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection, models
from django.db.models import Sum

from apps.core.ranges import start_in
from apps.core.rollups import Measure, Rows, Sums, SumsQuerySet
from apps.telemetry.querysets import UsageFilters

RATIO = 1.1
# The bucket b holds what took more than RATIO^(b-1) and at most RATIO^b milliseconds; the lowest also less than one.
BUCKET = """CASE WHEN {0} <= 1 THEN 0::smallint
    ELSE ceil(round((ln({0}::float8) / ln(1.1::float8))::numeric, 9))::smallint END"""

PERCENTILES = """
SELECT {columns}, CASE WHEN bucket = 0 THEN 1 ELSE 1.1::float8 ^ (bucket - 1 + (share * calls - before) / n) END,
       calls::bigint
  FROM (SELECT *, reached - n AS before
          FROM (SELECT *, sum(n) OVER (PARTITION BY {columns}) AS calls,
                       sum(n) OVER (PARTITION BY {columns} ORDER BY bucket) AS reached FROM ({counted}) AS counted) AS r
       ) AS placed, unnest(%s::float8[]) AS share
 WHERE before < share * calls AND share * calls <= reached ORDER BY share
"""


@dataclass(frozen=True)
class Latency:
    """Calls a bucket, in the order of the buckets."""

    buckets: Sequence[tuple[int, int]]

    @property
    def calls(self) -> int:
        return sum(calls for _, calls in self.buckets)

    def percentile(self, share: float) -> float | None:
        """Milliseconds that this share of the calls, from 0 to 1, took at most; None of no calls."""
        if not (place := self.place(share)):
            return None
        bucket, part = place
        return RATIO ** (bucket - 1 + part) if bucket else 1.0

    def place(self, share: float) -> tuple[int, float] | None:
        """The bucket in which this share of the calls ends, and after which part of its calls."""
        left = share * self.calls
        for bucket, calls in self.buckets:
            if left <= calls:
                return bucket, left / calls
            left -= calls
        return None

    @property
    def p50(self) -> float | None:
        return self.percentile(0.5)

    @property
    def p95(self) -> float | None:
        return self.percentile(0.95)

    @property
    def p99(self) -> float | None:
        return self.percentile(0.99)


class LatencyQuerySet(SumsQuerySet):
    def latencies(self, *columns: str) -> dict[tuple[Any, ...], Latency]:
        """By the values of the columns; what has no timed calls is missing, and without columns () has all calls."""
        return collected(self.counted(*columns).order_by("bucket").values_list(*columns, "bucket", "n"))

    def latencies_over_time(self, grain: str) -> dict[datetime, Latency]:
        """By the starts of hours, days, weeks or months of the person's zone.

        Counted by the stored starts first, for `start_in` is dear when it is asked of every row.
        """
        sql, params = self.counted("starts").query.sql_with_params()
        by_start = type(self)(self.model).reading(f"SELECT starts, bucket, n AS calls FROM ({sql}) AS by_start", params)
        counted = by_start.values("bucket", start=start_in(grain)).annotate(n=Sum("calls")).order_by("bucket")
        return {start: latency for (start,), latency in collected(counted.values_list("start", "bucket", "n")).items()}

    def counted(self, *columns: str):
        return self.exclude(bucket=None).order_by().values(*columns, "bucket").annotate(n=Sum("calls"))

    def percentiles(self, shares: Sequence[float], *columns: str) -> dict[tuple[Any, ...], tuple[list[float], int]]:
        """By the values of the columns what `Latency.percentile` says of each share, and `calls`; of very many, quick.

        The shares must be in their order.
        """
        try:
            sql, params = self.counted(*columns).query.sql_with_params()
        except EmptyResultSet:
            return {}
        found: dict[tuple[Any, ...], tuple[list[float], int]] = {}
        with connection.cursor() as cursor:
            cursor.execute(PERCENTILES.format(columns=", ".join(columns), counted=sql), [*params, list(shares)])
            for *names, milliseconds, calls in cursor.fetchall():
                found.setdefault(tuple(names), ([], calls))[0].append(milliseconds)
        return found


def collected(rows: Iterable[tuple[Any, ...]]) -> dict[tuple[Any, ...], Latency]:
    """From rows that end with a bucket and its calls, in the order of the buckets."""
    found: dict[tuple[Any, ...], list[tuple[int, int]]] = defaultdict(list)
    for *group, bucket, calls in rows:
        found[tuple(group)].append((bucket, calls))
    return {group: Latency(buckets) for group, buckets in found.items()}


class UsageLatencyQuerySet(UsageFilters, LatencyQuerySet):  # type: ignore[override]  # django-stubs on as_manager
    pass


class InvocationTimes(Sums):
    """Calls of the skills' tools; the bucket of calls whose duration is not known is null."""

    skill_name = models.TextField()
    tool_name = models.TextField()
    bucket = models.SmallIntegerField(null=True)
    calls = models.BigIntegerField()

    objects = LatencyQuerySet.as_manager()
    rows = Rows(
        table="skill_invocations",
        moment="created_at",
        keys={
            "skill_name": "r.skill_name::text",
            "tool_name": "r.tool_name::text",
            "bucket": BUCKET.format("r.duration_ms"),
        },
        measures={"calls": Measure("count(*)")},
    )

    class Meta(Sums.Meta):
        abstract = True
        indexes = [models.Index(fields=["skill_name", "starts"], name="site_%(class)s_skill")]


class InvocationTimeDay(InvocationTimes):
    class Meta(InvocationTimes.Meta):
        db_table = "site_invocation_time_day"
        indexes = [  # holds all there is, for what some skills usually take is asked of a month
            models.Index(
                fields=["skill_name", "starts"],
                include=["tool_name", "bucket", "calls"],
                name="site_invocation_time_of_skill",
            )
        ]


class InvocationTimeMonth(InvocationTimes):
    class Meta(InvocationTimes.Meta):
        db_table = "site_invocation_time_month"


class InvocationTimeEver(InvocationTimes):
    class Meta(InvocationTimes.Meta):
        db_table = "site_invocation_time_ever"


class InvocationTime(InvocationTimes):
    days, months, ever = InvocationTimeDay, InvocationTimeMonth, InvocationTimeEver

    class Meta(InvocationTimes.Meta):
        db_table = "site_invocation_time"


class UsageTimes(Sums):
    """Model calls, as `UsageSum` groups them."""

    model = models.TextField()
    provider = models.TextField(null=True)
    agent_id = models.TextField(null=True)
    bucket = models.SmallIntegerField(null=True)
    calls = models.BigIntegerField()

    objects = UsageLatencyQuerySet.as_manager()
    rows = Rows(
        table="model_usage",
        moment="created_at",
        joins="LEFT JOIN agent_sessions AS s ON s.id = r.session_id",
        keys={
            "model": "r.model::text",
            "provider": "r.provider::text",
            "agent_id": "s.agent_id::text",
            "bucket": BUCKET.format("r.latency_ms"),
        },
        measures={"calls": Measure("count(*)")},
    )

    class Meta(Sums.Meta):
        abstract = True


class UsageTimeDay(UsageTimes):
    class Meta:
        db_table = "site_usage_time_day"


class UsageTimeMonth(UsageTimes):
    class Meta:
        db_table = "site_usage_time_month"


class UsageTime(UsageTimes):
    days, months = UsageTimeDay, UsageTimeMonth

    class Meta:
        db_table = "site_usage_time"
