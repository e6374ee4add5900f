"""The activities of some hours at a glance, as numbers that a chart can draw."""

from typing import Any

from django.utils import timezone

from apps.telemetry.descriptions import describe
from apps.telemetry.models import ActivityLog
from apps.telemetry.querysets import CREATIVE, ActivityQuerySet
from apps.telemetry.sum_querysets import ActivitySumQuerySet
from apps.telemetry.sums import ActivitySum

RECENT_FIELDS = ("id", "action", "skill", "success", "created_at", "details")


def visualize(hours: int, limit: int, *, creative: bool) -> dict[str, Any]:
    activities = ActivityLog.objects.of_last(hours=hours)
    sums = ActivitySum.objects.of_last(hours=hours, finest="hour")
    return {
        "window_hours": hours,
        "generated_at": timezone.now(),
        "summary": sums.outcomes(),
        "hourly": list(sums.by_hour()),
        "actions": list(sums.top_actions(12)),
        "skills": [{"skill": row["name"], "count": row["count"]} for row in sums.top_skills(12)],
        "recent": recent(activities, limit),
        "creative": visualize_creative(activities, sums, limit) if creative else None,
    }


def visualize_creative(activities: ActivityQuerySet, sums: ActivitySumQuerySet, limit: int) -> dict[str, Any]:
    counts = sums.by_creative_skill()
    return {
        "enabled": True,
        "targets": CREATIVE,
        "total": sum(counts.values()),
        "skills": [{"skill": target, "count": count} for target, count in counts.items()],
        "hourly": list(sums.creative().by_hour()),
        "actions": list(sums.creative().top_actions(8)),
        "recent": recent(activities.creative(), limit),
        "insights": {
            "latest_brainstorm": latest_brainstorm(activities),
            "latest_experiment": latest_experiment(activities),
        },
    }


def recent(activities: ActivityQuerySet, limit: int) -> list[dict[str, Any]]:
    return [
        row | {"description": describe(row["details"]), "details": as_object(row["details"])}
        for row in activities.newest_first().values(*RECENT_FIELDS)[:limit]
    ]


def latest_brainstorm(activities: ActivityQuerySet) -> dict[str, Any] | None:
    newest = activities.creative("brainstorm").newest_first().first()
    if newest is None:
        return None
    context = creative_context(newest)
    return {
        "topic": context.get("topic") or preview(newest),
        "session_id": context.get("session_id"),
        "idea_count": context.get("idea_count"),
        "created_at": newest.created_at,
    }


def latest_experiment(activities: ActivityQuerySet) -> dict[str, Any] | None:
    newest = activities.creative("experiment").newest_first().first()
    if newest is None:
        return None
    context = creative_context(newest)
    return {
        "name": context.get("experiment_name") or preview(newest),
        "hypothesis": context.get("hypothesis"),
        "status": context.get("status"),
        "experiment_id": context.get("experiment_id"),
        "created_at": newest.created_at,
    }


def creative_context(activity: ActivityLog) -> dict[str, Any]:
    return as_object(as_object(activity.details).get("creative_context"))


def preview(activity: ActivityLog) -> Any:
    return as_object(activity.details).get("args_preview") or ""


def as_object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
