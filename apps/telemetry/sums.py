"""The telemetry by the hour, the day and the month: what its totals and charts add up."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from math import inf
from time import monotonic

from django.db import DatabaseError, models

from apps.core.duties import stopping
from apps.core.rolling_up import roll_up, roll_up_ever, roll_up_months, stale
from apps.core.rollups import Measure, Rows, Sums
from apps.core.triggers import in_calendar
from apps.telemetry.call_totals import CallTotal
from apps.telemetry.latencies import InvocationTime, UsageTime
from apps.telemetry.prices import SILENT_SQL
from apps.telemetry.sum_querysets import (
    ActivitySumQuerySet,
    InvocationSumQuerySet,
    SessionSumQuerySet,
    UsageSumQuerySet,
)

logger = logging.getLogger(__name__)
COUNT = Measure("count(*)")
SILENT = f"WHERE {SILENT_SQL}"


class SessionFigures(Sums):
    """Sessions by the hour of their start, with the model calls within them."""

    agent_id = models.TextField()
    status = models.TextField()
    session_type = models.TextField()
    channel = models.TextField(null=True)
    sessions = models.BigIntegerField()
    messages = models.BigIntegerField()
    ended = models.BigIntegerField()
    seconds = models.FloatField()  # of those that ended
    tokens_used = models.BigIntegerField()
    cost_usd = models.DecimalField(max_digits=20, decimal_places=6)
    calls = models.BigIntegerField()
    call_tokens = models.BigIntegerField()
    call_cost_usd = models.DecimalField(max_digits=20, decimal_places=6)
    silent_calls = models.BigIntegerField(default=0)  # that took tokens and were reported without a cost

    objects = SessionSumQuerySet.as_manager()
    rows = Rows(
        table="agent_sessions",
        moment="started_at",
        joins=(
            "CROSS JOIN LATERAL (SELECT count(*) AS calls, coalesce(sum(cost_usd), 0) AS cost,"
            " coalesce(sum(input_tokens::bigint + output_tokens), 0) AS tokens,"
            f" count(*) FILTER ({SILENT.format('c')}) AS silent"
            " FROM model_usage AS c WHERE session_id = r.id) AS u"
        ),
        keys={
            "agent_id": "r.agent_id::text",
            "status": "r.status::text",
            "session_type": "r.session_type::text",
            "channel": "r.metadata ->> 'openclaw_source_channel'",
        },
        measures={
            "sessions": COUNT,
            "messages": Measure("coalesce(sum(r.messages_count), 0)"),
            "ended": Measure("count(r.ended_at) FILTER (WHERE isfinite(r.ended_at))"),
            "seconds": Measure(
                "coalesce(sum(extract(epoch FROM r.ended_at - r.started_at)::float8)"
                " FILTER (WHERE isfinite(r.ended_at)), 0)"
            ),
            "tokens_used": Measure("coalesce(sum(r.tokens_used), 0)"),
            "cost_usd": Measure("coalesce(sum(r.cost_usd), 0)"),
            "calls": Measure("sum(u.calls)"),
            "call_tokens": Measure("sum(u.tokens)"),
            "call_cost_usd": Measure("sum(u.cost)"),
            "silent_calls": Measure("sum(u.silent)"),
        },
    )

    class Meta(Sums.Meta):
        abstract = True


class SessionDay(SessionFigures):
    class Meta:
        db_table = "site_session_sum_day"


class SessionMonth(SessionFigures):
    class Meta:
        db_table = "site_session_sum_month"


class SessionSum(SessionFigures):
    days, months = SessionDay, SessionMonth

    class Meta:
        db_table = "site_session_sum"


class UsageFigures(Sums):
    """Model calls; `agent_id` is that of their session, and null where they have none or it was deleted."""

    model = models.TextField()
    provider = models.TextField(null=True)
    agent_id = models.TextField(null=True)
    requests = models.BigIntegerField()
    successes = models.BigIntegerField()
    input_tokens = models.BigIntegerField()
    output_tokens = models.BigIntegerField()
    cost_usd = models.DecimalField(max_digits=20, decimal_places=6)
    timed = models.BigIntegerField()  # calls whose latency is known
    latency_ms = models.BigIntegerField()
    fastest_ms = models.IntegerField(null=True)
    slowest_ms = models.IntegerField(null=True)
    # Calls that took tokens and were reported without a cost.
    silent_requests = models.BigIntegerField(default=0)
    silent_input_tokens = models.BigIntegerField(default=0)
    silent_output_tokens = models.BigIntegerField(default=0)

    objects = UsageSumQuerySet.as_manager()
    rows = Rows(
        table="model_usage",
        moment="created_at",
        joins="LEFT JOIN agent_sessions AS s ON s.id = r.session_id",
        keys={"model": "r.model::text", "provider": "r.provider::text", "agent_id": "s.agent_id::text"},
        measures={
            "requests": COUNT,
            "successes": Measure("count(*) FILTER (WHERE r.success)"),
            "input_tokens": Measure("coalesce(sum(r.input_tokens), 0)"),
            "output_tokens": Measure("coalesce(sum(r.output_tokens), 0)"),
            "cost_usd": Measure("coalesce(sum(r.cost_usd), 0)"),
            "timed": Measure("count(r.latency_ms)"),
            "latency_ms": Measure("coalesce(sum(r.latency_ms), 0)"),
            "fastest_ms": Measure("min(r.latency_ms)", "min"),
            "slowest_ms": Measure("max(r.latency_ms)", "max"),
            "silent_requests": Measure(f"count(*) FILTER ({SILENT.format('r')})"),
            "silent_input_tokens": Measure(f"coalesce(sum(r.input_tokens) FILTER ({SILENT.format('r')}), 0)"),
            "silent_output_tokens": Measure(f"coalesce(sum(r.output_tokens) FILTER ({SILENT.format('r')}), 0)"),
        },
    )

    class Meta(Sums.Meta):
        abstract = True


class UsageDay(UsageFigures):
    class Meta:
        db_table = "site_usage_sum_day"


class UsageMonth(UsageFigures):
    class Meta:
        db_table = "site_usage_sum_month"


class UsageSum(UsageFigures):
    days, months = UsageDay, UsageMonth

    class Meta:
        db_table = "site_usage_sum"


class InvocationFigures(Sums):
    """Calls of the skills' tools; `error_type` is null of those that succeeded, and empty where nobody said."""

    skill_name = models.TextField()
    tool_name = models.TextField()
    model_used = models.TextField(null=True)
    error_type = models.TextField(null=True)
    calls = models.BigIntegerField()
    failed = models.BigIntegerField()
    timed = models.BigIntegerField()  # calls whose duration is known
    duration_ms = models.BigIntegerField()
    shortest_ms = models.IntegerField(null=True)
    longest_ms = models.IntegerField(null=True)
    tokens_used = models.BigIntegerField()
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()

    objects = InvocationSumQuerySet.as_manager()
    rows = Rows(
        table="skill_invocations",
        moment="created_at",
        keys={
            "skill_name": "r.skill_name::text",
            "tool_name": "r.tool_name::text",
            "model_used": "nullif(r.model_used, '')::text",
            "error_type": "CASE WHEN NOT r.success THEN coalesce(r.error_type, '')::text END",
        },
        measures={
            "calls": COUNT,
            "failed": Measure("count(*) FILTER (WHERE NOT r.success)"),
            "timed": Measure("count(r.duration_ms)"),
            "duration_ms": Measure("coalesce(sum(r.duration_ms), 0)"),
            "shortest_ms": Measure("min(r.duration_ms)", "min"),
            "longest_ms": Measure("max(r.duration_ms)", "max"),
            "tokens_used": Measure("coalesce(sum(r.tokens_used), 0)"),
            "first_at": Measure("min(r.created_at)", "min"),
            "last_at": Measure("max(r.created_at)", "max"),
        },
    )

    class Meta(Sums.Meta):
        abstract = True
        indexes = [
            models.Index(fields=["skill_name", "starts"], name="site_%(class)s_skill")
        ]  # for the page of a skill


class InvocationDay(InvocationFigures):
    class Meta(InvocationFigures.Meta):
        db_table = "site_invocation_sum_day"


class InvocationMonth(InvocationFigures):
    class Meta(InvocationFigures.Meta):
        db_table = "site_invocation_sum_month"


class InvocationEver(InvocationFigures):
    class Meta(InvocationFigures.Meta):
        db_table = "site_invocation_sum_ever"


class InvocationSum(InvocationFigures):
    days, months, ever = InvocationDay, InvocationMonth, InvocationEver

    class Meta(InvocationFigures.Meta):
        db_table = "site_invocation_sum"


class ActivityFigures(Sums):
    """Activities."""

    action = models.TextField()
    skill = models.TextField(null=True)
    success = models.BooleanField()
    activities = models.BigIntegerField()
    estimated_tokens = models.FloatField(default=0)  # what they say they took; an estimate that is no number is none

    objects = ActivitySumQuerySet.as_manager()
    rows = Rows(
        table="activity_log",
        moment="created_at",
        keys={"action": "r.action::text", "skill": "r.skill::text", "success": "r.success"},
        measures={
            "activities": COUNT,
            "estimated_tokens": Measure(
                "coalesce(sum(CASE WHEN r.details ->> 'estimated_tokens' ~ '^-?\\d{1,15}(\\.\\d+)?$'"
                " THEN (r.details ->> 'estimated_tokens')::float8 END), 0)"
            ),
        },
    )

    class Meta(Sums.Meta):
        abstract = True


class ActivityDay(ActivityFigures):
    class Meta:
        db_table = "site_activity_sum_day"


class ActivityMonth(ActivityFigures):
    class Meta:
        db_table = "site_activity_sum_month"


class ActivitySum(ActivityFigures):
    days, months = ActivityDay, ActivityMonth

    class Meta:
        db_table = "site_activity_sum"


# What calls add to the sums of their sessions.
CALLS_OF_SESSIONS = f"""
INSERT INTO site_session_sum (starts, agent_id, status, session_type, channel, sessions, messages, ended, seconds,
    tokens_used, cost_usd, calls, call_tokens, call_cost_usd, silent_calls)
SELECT date_trunc('hour', r.started_at, 'UTC'), {", ".join(SessionFigures.rows.keys.values())}, 0, 0, 0, 0, 0, 0,
       count(*), sum(c.input_tokens::bigint + c.output_tokens), sum(c.cost_usd), count(*) FILTER ({SILENT.format("c")})
  FROM added AS c JOIN agent_sessions AS r ON r.id = c.session_id WHERE {in_calendar("r.started_at")}
 GROUP BY 1, 2, 3, 4, 5"""
STREAMS: tuple[type[Sums], ...] = (
    *(SessionSum, UsageSum, InvocationSum, ActivitySum),
    *(InvocationTime, UsageTime, CallTotal),
)
HOURS_AT_ONCE = 200
EVER_SECONDS = 300  # what is old changes seldom, but to sum all of it takes seconds where it is much
summed_ever: dict[type[Sums], float] = {}  # when, by the monotonic clock


def roll_up_all() -> None:
    """Bring all sums up to date, the newest hours of each stream first. What stops one does not stop the others."""
    for stream in stale(STREAMS, "hour"):
        with others_going_on(stream):
            while roll_up(stream, HOURS_AT_ONCE) == HOURS_AT_ONCE and not stopping.is_set():
                pass
    for stream in stale(STREAMS, "month"):
        with others_going_on(stream):
            roll_up_months(stream)
    for stream in STREAMS:
        if not stopping.is_set() and monotonic() - summed_ever.get(stream, -inf) >= EVER_SECONDS:
            with others_going_on(stream):
                summed_ever[stream] = monotonic()  # where it fails, too
                roll_up_ever(stream)


@contextmanager
def others_going_on(stream: type[Sums]) -> Iterator[None]:
    try:
        yield
    except DatabaseError:
        logger.exception("%s cannot be brought up to date", stream._meta.db_table)
