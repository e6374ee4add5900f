"""What skills did. Their insights span two apps and are in `apps/warehouse/api_insights.py`."""

from django.http import HttpRequest
from ninja import Router

from apps.core.api import answer
from apps.core.bodies import Hours
from apps.core.retries import row_id, store_once
from apps.telemetry.call_totals import CallTotal
from apps.telemetry.models import SkillInvocation
from apps.telemetry.schemas import skills as schemas
from apps.telemetry.skill_health import dashboard
from apps.telemetry.skill_stats import all_skills, totals
from apps.telemetry.sums import InvocationSum
from apps.telemetry.windows import clamp

router = Router(tags=["Skills"])


@router.post("/invocations", response=schemas.Recorded, summary="Report a call of a skill's tool")
def record_invocation(request: HttpRequest, body: schemas.InvocationIn):
    store_once(SkillInvocation(id=row_id(request, body.id), **body.model_dump(exclude={"id"})))
    return {"recorded": True}


@router.get(
    "/stats", response=schemas.AllSkillStats, summary="All skills, the busiest first", operation_id="all_skill_stats"
)
def stats(request: HttpRequest, hours: Hours = 24):
    return answer({"stats": all_skills(hours), "hours": hours})


@router.get(
    "/stats/summary", response=schemas.StatsSummary, summary="All skills in one row", operation_id="skill_stats_summary"
)
def stats_summary(request: HttpRequest, hours: Hours = 24):
    invocations = InvocationSum.objects.of_last(hours=hours)
    busiest = [{"skill_name": skill["skill_name"], "count": skill["total"]} for skill in invocations.by_skill()[:10]]
    every = CallTotal.objects.of_last(hours=hours)
    return answer({"hours": hours, **totals(every), "invocations": busiest})


@router.get("/stats/{skill_name}", response=schemas.OneSkillStats, summary="One skill and its newest calls")
def skill_stats(request: HttpRequest, skill_name: str, hours: Hours = 24):
    sums, calls = (
        rows.objects.of_last(hours=hours).filter(skill_name=skill_name) for rows in (InvocationSum, SkillInvocation)
    )
    newest = list(calls.newest_first().values(*schemas.FIELDS)[:25])
    return answer({"skill_name": skill_name, **totals(sums), "invocations": newest})


@router.get(
    "/health/dashboard",
    response=schemas.HealthDashboard,
    summary="How well each skill works",
    operation_id="skill_health_dashboard",
)
def health_dashboard(request: HttpRequest, hours: int = 24):
    """`hours` is clamped to 1..720."""
    return answer(dashboard(clamp(hours, 1, 720)))
