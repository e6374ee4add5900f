"""The questions that sums answer. Start each with `between` or `of_last`, which say of what time."""

from datetime import UTC
from decimal import Decimal
from typing import Any

from django.db.models import Count, F, FloatField, Max, Min, Q, Sum, TextField, Value
from django.db.models.functions import Cast, Coalesce, NullIf, TruncDate

from apps.core.ranges import start_in
from apps.core.rollups import SumsQuerySet
from apps.telemetry.querysets import CREATIVE, SCHEDULED, SPELLINGS, ActivityFilters, SessionFilters, UsageFilters


def total(column: str) -> Coalesce:
    return Coalesce(Sum(column), 0)


def mean(column: str, timed: str) -> Any:
    """Of the rows whose value is known; None where it is of none."""
    return Cast(Sum(column), FloatField()) / NullIf(Cast(Sum(timed), FloatField()), 0.0)


NO_COST = Decimal(0)
SILENT_CALLS = {  # what it takes to estimate the cost of calls that reported none; see apps/telemetry/prices.py
    "silent": Sum("silent_requests"),
    "silent_input": Sum("silent_input_tokens"),
    "silent_output": Sum("silent_output_tokens"),
}
USAGE = {
    "failed": Sum("requests") - Sum("successes"),  # first, for an alias hides the column of its name
    "requests": Sum("requests"),
    "successes": Sum("successes"),
    "input": Sum("input_tokens"),
    "output": Sum("output_tokens"),
    "cost": Sum("cost_usd"),
    "latency": Sum("latency_ms"),
    "timed": Sum("timed"),
    **SILENT_CALLS,
}


class SessionSumQuerySet(SessionFilters, SumsQuerySet):  # type: ignore[override]  # django-stubs on as_manager
    def sessions_run(self) -> int:
        return self.aggregate(n=total("sessions"))["n"]

    def by_hour(self):
        """One row an hour of starts and agent; the window must have been asked for with `finest="hour"`."""
        return self.values("agent_id", hour=F("starts")).annotate(count=total("sessions")).order_by("hour", "agent_id")

    def figures(self) -> dict[str, Any]:
        """Of all sessions together; a rate or a mean of none is None. What they took is what their model calls did."""
        return self.aggregate(
            active=Coalesce(Sum("sessions", filter=Q(status="active")), 0),
            failure_rate=Cast(Coalesce(Sum("sessions", filter=Q(status="error")), 0), FloatField())
            / NullIf(Cast(Sum("sessions"), FloatField()), 0.0),
            tokens=total("call_tokens"),
            cost=Coalesce(Sum("call_cost_usd"), NO_COST),
            silent=total("silent_calls"),
            duration=mean("seconds", "ended") * 1000.0,
            sessions=total("sessions"),  # last, for an alias hides the column of its name
        )

    def over_time(self, grain: str):
        """One row an agent and hour, day, week or month of the person's zone."""
        groups = self.order_by().values("agent_id", start=start_in(grain))
        return groups.annotate(count=Sum("sessions"), cost=Sum("call_cost_usd"))

    def by_type(self, *types: str) -> dict[str, int]:
        groups = self.filter(session_type__in=types).order_by().values_list("session_type")
        return dict(groups.annotate(n=Sum("sessions")))

    def names(self) -> list[dict[str, str | None]]:
        """The statuses, agents, types and channels that there are, in all their combinations."""
        names = self.order_by().values("status", "channel", agent=F("agent_id"), type=F("session_type"))
        return list(names.distinct())

    def groups(self):
        """One row an agent, status and type."""
        groups = self.order_by().values("agent_id", "status", "session_type")
        return groups.annotate(count=Sum("sessions"), tokens=Sum("call_tokens"), cost=Sum("call_cost_usd"))


class UsageSumQuerySet(UsageFilters, SumsQuerySet):  # type: ignore[override]  # django-stubs on as_manager
    def by_model(self):
        """One row a model and provider, the most used first; `timed` calls are those whose latency is known."""
        return self.values("model", "provider").annotate(**USAGE).order_by("-requests", "model", "provider")

    def by_model_and_agent(self):
        """As `by_model`, each agent's apart; calls without a session have no agent."""
        groups = self.order_by().values("model", "provider", "agent_id").annotate(**USAGE)
        return groups.annotate(fastest=Min("fastest_ms"), slowest=Max("slowest_ms"))

    def over_time(self, grain: str):
        """One row a model, provider and hour, day, week or month of the person's zone."""
        groups = self.order_by().values("model", "provider", start=start_in(grain))
        failed = Sum("requests") - Sum("successes")  # first, for an alias hides the column of its name
        return groups.annotate(failed=failed, requests=Sum("requests"), cost=Sum("cost_usd"), **SILENT_CALLS)

    def without_session(self):
        """Calls that belong to no session, or to one that was deleted since."""
        return self.filter(agent_id=None)

    def spent(self) -> dict[str, Any]:
        return self.aggregate(
            tokens=total("input_tokens") + total("output_tokens"), cost=Coalesce(Sum("cost_usd"), NO_COST)
        )

    def requests_made(self) -> int:
        return self.aggregate(n=total("requests"))["n"]


COUNTS: dict[str, Any] = {"total": total("calls"), "failures": total("failed"), "tokens": total("tokens_used")}
MEASURES: dict[str, Any] = COUNTS | {"duration": mean("duration_ms", "timed")}


class CallQuerySet(SumsQuerySet):
    """Questions that need no tool told apart."""

    def measures(self) -> dict[str, Any]:
        return self.aggregate(**MEASURES)

    def by_hour(self):
        """In order of time; the window must have been asked for with `finest="hour"`."""
        return self.values(hour=F("starts")).annotate(**MEASURES).order_by("hour")

    def over_time(self, grain: str, *columns: str):
        """One row an hour, day, week or month of the person's zone, and value of `columns`."""
        return self.order_by().values(*columns, start=start_in(grain)).annotate(**COUNTS)


class InvocationSumQuerySet(CallQuerySet):
    def of_skill(self, name: str):
        return self.filter(skill_name=name)

    def how_many(self, column: str) -> int:
        return self.order_by().values(column).distinct().count()

    def by_skill(self):
        """The busiest first."""
        return self.values("skill_name").annotate(**MEASURES).order_by("-total", "skill_name")

    def by_skill_in_full(self):
        """With the extremes too."""
        return self.by_skill().annotate(
            longest=Coalesce(Max("longest_ms"), 0),
            shortest=Coalesce(Min("shortest_ms"), 0),
            last_seen=Max("last_at"),
        )

    def by_tool(self):
        return self.values("tool_name").annotate(**MEASURES).order_by("-total", "tool_name")

    def kinds(self, *columns: str):
        """One row a combination of skill, tool, model and error, or what of them `columns` names."""
        groups = self.order_by().values(*columns).annotate(**COUNTS, timed=Sum("timed"))
        return groups.annotate(longest=Max("longest_ms"), first_seen=Min("first_at"), last_seen=Max("last_at"))

    def by_skill_and_model(self):
        """Of calls that used a model; what took most tokens first."""
        groups = self.exclude(model_used=None).values("skill_name", "model_used").annotate(**MEASURES)
        extremes = groups.annotate(longest=Max("longest_ms"), shortest=Min("shortest_ms"))
        return extremes.order_by("-tokens", "-total", "skill_name", "model_used")

    def failure_patterns(self):
        """Errors of one type that a skill made more than once, the most frequent first."""
        failed = self.exclude(error_type=None).exclude(error_type="").values("skill_name", "error_type")
        seen = failed.annotate(count=Sum("failed"), first_seen=Min("first_at"), last_seen=Max("last_at"))
        return seen.filter(count__gte=2).order_by("-count", "skill_name", "error_type")


ACTIVITIES = total("activities")
FAILED_ACTIVITIES = Sum("activities", filter=Q(success=False), default=0)


class ActivitySumQuerySet(ActivityFilters, SumsQuerySet):  # type: ignore[override]  # django-stubs on as_manager
    def recorded(self) -> int:
        return self.aggregate(n=ACTIVITIES)["n"]

    def outcomes(self) -> dict[str, int]:
        counts = dict(self.order_by().values_list("success").annotate(n=ACTIVITIES))
        succeeded, failed = counts.get(True, 0), counts.get(False, 0)
        return {"total": succeeded + failed, "success": succeeded, "fail": failed}

    def figures(self) -> dict[str, Any]:
        return self.aggregate(
            failure_rate=Cast(FAILED_ACTIVITIES, FloatField()) / NullIf(Cast(Sum("activities"), FloatField()), 0.0),
            count=ACTIVITIES,
            failed=FAILED_ACTIVITIES,
            scheduled=Sum("activities", filter=Q(action__in=SCHEDULED), default=0),
            skills=Count("skill", distinct=True),
        )

    def over_time(self, grain: str):
        """One row an outcome and hour, day, week or month of the person's zone."""
        groups = self.order_by().values("success", start=start_in(grain))
        return groups.annotate(count=ACTIVITIES)

    def largest(self, column: str, limit: int):
        """The actions or skills with the most activities; `failed` of them."""
        groups = self.values(name=F(column)).annotate(count=ACTIVITIES, failed=FAILED_ACTIVITIES)
        return groups.order_by("-count", "name")[:limit]

    def names(self, limit: int) -> list[dict[str, str | None]]:
        """The actions and skills that there are, in their combinations."""
        return list(self.order_by().values("action", "skill").distinct()[:limit])

    def by_day(self):
        """In order of time; the window must have been asked for with `finest="day"` or "hour"."""
        return self.values(day=TruncDate("starts", tzinfo=UTC)).annotate(count=ACTIVITIES).order_by("day")

    def by_hour(self):
        """In order of time; the window must have been asked for with `finest="hour"`."""
        return self.values(hour=F("starts")).annotate(count=ACTIVITIES).order_by("hour")

    def top_actions(self, limit: int):
        return self.values("action").annotate(count=ACTIVITIES).order_by("-count", "action")[:limit]

    def top_skills(self, limit: int):
        named = self.annotate(name=Coalesce("skill", Value("unknown", output_field=TextField())))
        return named.values("name").annotate(count=ACTIVITIES).order_by("-count", "name")[:limit]

    def by_creative_skill(self) -> dict[str, int]:
        """Activities a creative skill, all its spellings together."""
        counts = dict.fromkeys(CREATIVE, 0)
        for spelling, count in self.creative().order_by().values_list("spelling").annotate(n=ACTIVITIES):
            counts[SPELLINGS[spelling]] += count
        return counts

    def creative_over_time(self, grain: str):
        """One row a spelling of a creative skill and hour, day, week or month of the person's zone."""
        groups = self.creative().order_by().values("spelling", start=start_in(grain))
        return groups.annotate(count=ACTIVITIES)

    def creative_names(self, *targets: str) -> list[str]:
        """The creative skills as the log spells them, for questions that an index on the name answers."""
        return list(self.creative(*targets).order_by().values_list("skill", flat=True).distinct())

    def cron_summary(self) -> dict[str, float]:
        """Runs of the scheduler and what they say they took."""
        runs = self.filter(action="cron_execution")
        return runs.aggregate(executions=ACTIVITIES, tokens=Coalesce(Sum("estimated_tokens"), 0.0))
