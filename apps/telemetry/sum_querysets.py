"""The questions that sums answer. Start each with `between` or `of_last`, which say of what time."""

from decimal import Decimal
from typing import Any

from django.db.models import Count, F, FloatField, Max, Min, Sum
from django.db.models.functions import Cast, Coalesce, NullIf

from apps.core.rollups import SumsQuerySet
from apps.telemetry.querysets import SessionFilters, UsageFilters


def total(column: str, **condition: Any) -> Coalesce:
    return Coalesce(Sum(column, **condition), 0)


def mean(column: str, timed: str) -> Any:
    """Of the rows whose value is known; None where it is of none."""
    return Cast(Sum(column), FloatField()) / NullIf(Cast(Sum(timed), FloatField()), 0.0)


NO_COST = Decimal(0)


class SessionSumQuerySet(SessionFilters, SumsQuerySet):  # type: ignore[override]  # django-stubs on as_manager
    def of_channel(self, channel: str):
        return self.filter(channel=channel)

    def groups(self):
        """One row an agent, status and type."""
        groups = self.order_by().values("agent_id", "status", "session_type")
        return groups.annotate(count=Sum("sessions"), tokens=Sum("call_tokens"), cost=Sum("call_cost_usd"))


class UsageSumQuerySet(UsageFilters, SumsQuerySet):  # type: ignore[override]  # django-stubs on as_manager
    def by_model(self):
        """One row a model and provider, the most used first; `timed` calls are those whose latency is known."""
        return (
            self.values("model", "provider")
            .annotate(
                requests=Sum("requests"),
                successes=Sum("successes"),
                input=Sum("input_tokens"),
                output=Sum("output_tokens"),
                cost=Sum("cost_usd"),
                latency=Sum("latency_ms"),
                timed=Sum("timed"),
            )
            .order_by("-requests", "model", "provider")
        )

    def without_session(self):
        """Calls that belong to no session, or to one that was deleted since."""
        return self.filter(agent_id=None)

    def spent(self) -> dict[str, Any]:
        return self.aggregate(
            tokens=total("input_tokens") + total("output_tokens"), cost=Coalesce(Sum("cost_usd"), NO_COST)
        )

    def requests_made(self) -> int:
        return self.aggregate(requests=total("requests"))["requests"]


MEASURES: dict[str, Any] = {
    "total": total("calls"),
    "failures": total("failed"),
    "duration": mean("duration_ms", "timed"),
    "tokens": total("tokens_used"),
}


class InvocationSumQuerySet(SumsQuerySet):
    def measures(self) -> dict[str, Any]:
        distinct = {name: Count(f"{name}_name", distinct=True) for name in ("skill", "tool")}
        return self.aggregate(**MEASURES, **distinct)

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

    def by_hour(self):
        """In order of time; the window must have been asked for with `finest="hour"`."""
        return self.values(hour=F("starts")).annotate(**MEASURES).order_by("hour")


class ActivitySumQuerySet(SumsQuerySet):
    def counted(self) -> int:
        return self.aggregate(count=total("activities"))["count"]
