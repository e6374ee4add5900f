"""Reading activities. Their one write reaches another app too and is in `apps/warehouse/api_activities.py`."""

from functools import lru_cache

from django.http import HttpRequest
from ninja import Router

from apps.core.api import answer, page_list
from apps.core.bodies import Days, Limit, PageNumber
from apps.telemetry.models import ActivityLog
from apps.telemetry.querysets import ActivityQuerySet
from apps.telemetry.schemas import activities as schemas
from apps.telemetry.sums import ActivitySum
from apps.telemetry.visualization import visualize
from apps.telemetry.windows import clamp

router = Router(tags=["Activities"])


@router.get("", response=schemas.ActivityPage, summary="Activities, the newest first")
def list_activities(request: HttpRequest, page: PageNumber = 1, limit: Limit = 50, action: str = ""):
    def recorded() -> int:
        sums = ActivitySum.objects.between(None)
        return (sums.filter(action=action) if action else sums).recorded()

    return page_list(listed(action), schemas.FIELDS, page, limit, count_most=recorded)


@lru_cache(32)
def listed(action: str) -> ActivityQuerySet:
    """Remembered, and with it the list's SQL."""
    activities = ActivityLog.objects.newest_first()
    return activities.filter(action=action) if action else activities


@router.get("/cron-summary", response=list[schemas.CronSummary], summary="The scheduler's runs and estimated tokens")
def cron_summary(request: HttpRequest, days: Days = 7):
    """No element where nothing ran."""
    runs = ActivitySum.objects.of_last(days=days).cron_summary()
    if not runs["executions"]:
        return answer([])
    summary = {"action": "cron_execution", "executions": runs["executions"], "total_estimated_tokens": runs["tokens"]}
    return answer([summary | {"days": days}])


@router.get("/timeline", response=list[schemas.DayCount], summary="Activities by day", operation_id="activity_timeline")
def timeline(request: HttpRequest, days: Days = 7):
    return answer(list(ActivitySum.objects.of_last(days=days, finest="day").by_day()))


@router.get(
    "/visualization",
    response=schemas.Visualization,
    summary="The last hours at a glance",
    operation_id="activity_visualization",
)
def visualization(request: HttpRequest, hours: int = 24, limit: int = 25, include_creative: bool = False):
    """`hours` is clamped to 1..720, `limit` to 1..200."""
    return answer(visualize(clamp(hours, 1, 720), clamp(limit, 1, 200), creative=include_creative))
