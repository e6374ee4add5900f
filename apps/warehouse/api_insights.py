"""What skills did and what they asked the knowledge graph, together."""

from datetime import timedelta

from django.http import HttpRequest
from django.utils import timezone
from ninja import Router

from apps.core.api import answer
from apps.knowledge.models import KnowledgeQueryLog
from apps.telemetry.models import SkillInvocation
from apps.telemetry.schemas import skills as schemas
from apps.telemetry.skill_stats import insights
from apps.telemetry.windows import clamp

router = Router(tags=["Skills"])
QUERY_FIELDS = ("id", "query_type", "source", "params", "result_count", "created_at")


@router.get("/insights", response=schemas.Insights, summary="Skills, tools and graph queries of the last hours")
def skill_insights(request: HttpRequest, hours: int = 24, limit: int = 100):
    """`hours` is clamped to 1..720, `limit` to 10..500."""
    hours, limit = clamp(hours, 1, 720), clamp(limit, 10, 500)
    invocations = SkillInvocation.objects.of_last(hours=hours)
    queries = KnowledgeQueryLog.objects.filter(created_at__gte=timezone.now() - timedelta(hours=hours))
    return answer(
        {
            "hours": hours,
            **insights(hours),
            "recent_invocations": list(invocations.newest_first().values(*schemas.FIELDS)[:limit]),
            "recent_graph_queries": list(queries.order_by("-created_at", "-id").values(*QUERY_FIELDS)[:limit]),
        }
    )
