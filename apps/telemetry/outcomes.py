"""How much there was of each stream of telemetry, how much of it failed, and for whom it was done."""

from collections.abc import Iterator
from datetime import datetime, tzinfo
from functools import lru_cache
from typing import Any

from django.db import connection
from django.db.models import Case, F, Q, QuerySet, Sum, TextField, Value, When
from django.utils import timezone

from apps.core.questions import Question, question
from apps.core.ranges import EARLIEST, start_in, zone_of
from apps.core.rollups import Span, SumsQuerySet, joined
from apps.core.statements import execute
from apps.telemetry.call_totals import CallTotal
from apps.telemetry.querysets import CRON, RUNTIME
from apps.telemetry.sum_querysets import SILENT_CALLS
from apps.telemetry.sums import ActivitySum, SessionSum, UsageSum

# Sessions that nobody but the agent's own schedule began. A runtime event says nothing of who wanted it.
OWN_CHANNELS, OWN_TYPES = ("cron", "heartbeat"), (CRON, "openclaw_heartbeat")
ORIGIN = Case(
    When(Q(channel__in=OWN_CHANNELS) | Q(session_type__in=OWN_TYPES), then=Value("agent")),
    When(~Q(session_type=RUNTIME) & (Q(channel__gt="") | Q(session_type="interactive")), then=Value("person")),
    default=Value("unknown"),
    output_field=TextField(),
)
# What is counted, and what of it failed
STREAMS: dict[str, tuple[Any, Any, Any]] = {
    "sessions": (SessionSum, Sum("sessions"), Sum("sessions", filter=Q(status="error"), default=0)),
    "model calls": (UsageSum, Sum("requests"), Sum(F("requests") - F("successes"))),
    "skill calls": (CallTotal, Sum("calls"), Sum("failed")),
    "activities": (ActivitySum, Sum("activities"), Sum("activities", filter=Q(success=False), default=0)),
}


def first_moment() -> datetime | None:
    """Of any stream, without what no calendar of people has."""
    tables = [(model.rows.table, model.rows.moment) for model, _, _ in STREAMS.values()]
    firsts = ", ".join(
        f"(SELECT min({moment}) FROM {table} WHERE {moment} >= %(earliest)s)" for table, moment in tables
    )
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT least({firsts})", {"earliest": EARLIEST})
        return cursor.fetchone()[0]


def over_time(since: datetime, until: datetime, grain: str, finest: Span) -> Iterator[tuple[str, datetime, int, int]]:
    """One row a stream and hour, day, week or month of the person's zone: the stream, its start, total and failures."""
    zone = zone_of(grain)
    sql, params = joined(by_start(stream, grain, zone).of(since, until, finest) for stream in STREAMS)
    for stream, start, total, failures in execute(sql, params):
        yield stream, timezone.make_aware(start, zone), int(total), int(failures)


@lru_cache
def by_start(stream: str, grain: str, zone: tzinfo) -> Question:
    model, total, failures = STREAMS[stream]
    named: dict[str, Any] = {"stream": Value(stream), "start": start_in(grain, zone)}
    return question(
        model, lambda sums: counted(sums).order_by().values(**named).annotate(total=total, failures=failures)
    )


def sessions(sums: SumsQuerySet) -> QuerySet:
    """One row an `origin`: `person` (a chat or another channel with a person at its end), `agent` (its own schedule) or
    `unknown`; with `total`, `failures`, and what their model calls cost and how many of those did not say.
    """
    _, total, failures = STREAMS["sessions"]
    groups = sums.order_by().values(origin=ORIGIN)
    return groups.annotate(total=total, failures=failures, cost=Sum("call_cost_usd"), silent=Sum("silent_calls"))


def calls(sums: SumsQuerySet) -> QuerySet:
    """One row a model and provider, with what it takes to know their cost."""
    _, total, failures = STREAMS["model calls"]
    groups = counted(sums).order_by().values("model", "provider")
    return groups.annotate(total=total, failures=failures, cost=Sum("cost_usd"), **SILENT_CALLS)


def counted(sums: Any) -> Any:
    """Without the calls of test suites."""
    return sums.real() if sums.model is UsageSum else sums
