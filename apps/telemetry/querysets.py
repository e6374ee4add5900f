"""The questions that are put to the telemetry."""

from datetime import UTC, timedelta
from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import Avg, Case, Count, FloatField, Max, Min, Q, QuerySet, Sum, Value, When
from django.db.models.fields.json import KT
from django.db.models.functions import Cast, Coalesce, Lower, Replace, TruncDate, TruncHour
from django.utils import timezone


class StreamQuerySet(models.QuerySet):
    """Rows that only ever arrive; every question about them is bounded by time."""

    moment = "created_at"

    def newest_first(self):
        return self.order_by(f"-{self.moment}", "-id")

    def of_last(self, *, days: int = 0, hours: int = 0):
        return self.filter(**{f"{self.moment}__gte": timezone.now() - timedelta(days=days, hours=hours)})

    def by_hour(self, *also: str, **measures: models.Aggregate):
        """One row an hour that has any (and a value of the columns `also`), in order of time."""
        hours = self.annotate(hour=TruncHour(self.moment, tzinfo=UTC)).order_by("hour", *also)
        return hours.values("hour", *also).annotate(**measures or {"count": Count("*")})


# The skills that make something of their own, and the spellings that the log knows them by.
CREATIVE = ("brainstorm", "experiment", "community", "fact_check", "memeothy")
SPELLINGS = {spelling: target for target in CREATIVE for spelling in (target, f"aria_{target}")} | {
    "factcheck": "fact_check"
}
NUMERAL = r"^-?\d{1,15}(\.\d+)?$"


class ActivityQuerySet(StreamQuerySet):
    def counts(self) -> dict[str, int]:
        counts = dict(self.order_by().values_list("success").annotate(count=Count("*")))
        succeeded, failed = counts.get(True, 0), counts.get(False, 0)
        return {"total": succeeded + failed, "success": succeeded, "fail": failed}

    def by_day(self):
        days = self.annotate(day=TruncDate("created_at", tzinfo=UTC)).order_by("day")
        return days.values("day").annotate(count=Count("*"))

    def top_actions(self, limit: int):
        return self.values("action").annotate(count=Count("*")).order_by("-count", "action")[:limit]

    def top_skills(self, limit: int):
        named = self.annotate(name=Coalesce("skill", Value("unknown")))
        return named.values("name").annotate(count=Count("*")).order_by("-count", "name")[:limit]

    def spelt(self):
        """With `spelling`: the skill in lower case and with underscores."""
        return self.annotate(spelling=Replace(Lower("skill"), Value("-"), Value("_")))

    def creative(self, *targets: str):
        """What the creative skills did, or only those of `targets`."""
        wanted = [spelling for spelling, target in SPELLINGS.items() if target in (targets or CREATIVE)]
        return self.spelt().filter(spelling__in=wanted)

    def creative_counts(self) -> dict[str, int]:
        """Rows a creative skill, all its spellings together."""
        counts = dict.fromkeys(CREATIVE, 0)
        for spelling, count in self.creative().order_by().values_list("spelling").annotate(count=Count("*")):
            counts[SPELLINGS[spelling]] += count
        return counts

    def cron_summary(self) -> dict[str, float]:
        """Runs of the scheduler and what they say they took; an estimate that is no number counts as none."""
        estimates = self.filter(action="cron_execution").annotate(estimate=KT("details__estimated_tokens"))
        number = Case(
            When(estimate__regex=NUMERAL, then=Cast("estimate", FloatField())),
            output_field=FloatField(),
        )
        return estimates.aggregate(executions=Count("*"), tokens=Coalesce(Sum(number), 0.0))


STATUSES = ("active", "completed", "ended", "error")
FINAL = ("completed", "ended", "error")
# Events that the agent's runtime keeps as sessions; they would bury the conversations.
RUNTIME, CRON = "skill_exec", "openclaw_cron"


class SessionQuerySet(StreamQuerySet):
    moment = "started_at"

    def shown(self, *, runtime_events: bool = False, cron_events: bool = False):
        hidden = [kind for kind, wanted in ((RUNTIME, runtime_events), (CRON, cron_events)) if not wanted]
        return self.exclude(session_type__in=hidden) if hidden else self

    def matching(self, *, status: str = "", agent_id: str = "", source_channel: str = ""):
        """Exact matches; an empty text asks for nothing."""
        wanted = {
            "status": status,
            "agent_id": agent_id,
            # Containment, because the index on metadata answers it.
            "metadata__contains": source_channel and {"openclaw_source_channel": source_channel},
        }
        return self.filter(**{name: value for name, value in wanted.items() if value})

    def groups(self) -> list[tuple[str, str, str, int]]:
        """(agent, status, type, sessions), in one pass."""
        grouped = self.order_by().values_list("agent_id", "status", "session_type").annotate(count=Count("*"))
        return list(grouped)


# Two sums, not the sum of a sum: a call's two counts may be too large for the columns' own type.
TOKENS = Coalesce(Sum("input_tokens"), 0) + Coalesce(Sum("output_tokens"), 0)
COST = Coalesce(Sum("cost_usd"), Decimal(0))


class UsageQuerySet(StreamQuerySet):
    def real(self):
        """Without the calls of test suites."""
        invented = Q(model__iexact="test-model") | Q(model__iexact="test_model")
        return self.exclude(Q(provider__iexact="pytest") | invented)

    def of_source(self, source: str):
        """`skills` is what the skills themselves reported; other sources have no rows here."""
        return self if source in ("", "all", "skills") else self.none()

    def by_model(self):
        """One row a model and provider, the most used first; `timed` calls are those whose latency is known."""
        return (
            self.values("model", "provider")
            .annotate(
                requests=Count("*"),
                successes=Count("id", filter=Q(success=True)),
                input=Coalesce(Sum("input_tokens"), 0),
                output=Coalesce(Sum("output_tokens"), 0),
                cost=COST,
                latency=Coalesce(Sum("latency_ms"), 0),
                timed=Count("latency_ms"),
            )
            .order_by("-requests", "model", "provider")
        )

    def by_agent(self, sessions: QuerySet) -> dict[str, dict[str, Any]]:
        """Agent -> tokens and cost of its calls within `sessions`."""
        calls = self.filter(session__in=sessions.order_by().values("pk"))
        grouped = calls.order_by().values("session__agent_id").annotate(tokens=TOKENS, cost=COST)
        return {row.pop("session__agent_id"): row for row in grouped}

    def without_session(self):
        """Calls that belong to no session, or to one that was deleted since."""
        return self.filter(session=None)

    def spent(self) -> dict[str, Any]:
        return self.aggregate(tokens=TOKENS, cost=COST)


FAILURES = Count("id", filter=Q(success=False))
MEASURES: dict[str, Any] = {
    "total": Count("*"),
    "failures": FAILURES,
    "duration": Avg("duration_ms"),  # of the calls whose duration is known
    "tokens": Coalesce(Sum("tokens_used"), 0),
}


class InvocationQuerySet(StreamQuerySet):
    def measures(self) -> dict[str, Any]:
        distinct = {name: Count(f"{name}_name", distinct=True) for name in ("skill", "tool")}
        return self.aggregate(**MEASURES, **distinct)

    def by_skill(self):
        """The busiest first."""
        return self.values("skill_name").annotate(**MEASURES).order_by("-total", "skill_name")

    def by_skill_in_full(self):
        """With the extremes too."""
        return self.by_skill().annotate(
            longest=Coalesce(Max("duration_ms"), 0),
            shortest=Coalesce(Min("duration_ms"), 0),
            last_seen=Max("created_at"),
        )

    def by_tool(self):
        return self.values("tool_name").annotate(**MEASURES).order_by("-total", "tool_name")

    def failure_patterns(self):
        """Errors of one type that a skill made more than once, the most frequent first."""
        failed = self.filter(success=False).exclude(error_type=None).exclude(error_type="")
        grouped = failed.values("skill_name", "error_type").annotate(
            count=Count("*"), first_seen=Min("created_at"), last_seen=Max("created_at")
        )
        return grouped.filter(count__gte=2).order_by("-count", "skill_name", "error_type")
