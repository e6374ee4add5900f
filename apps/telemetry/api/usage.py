from datetime import timedelta

from django.http import HttpRequest
from django.utils import timezone
from ninja import Router
from ninja.errors import HttpError

from apps.core.answers import Created
from apps.core.api import answer, page_list
from apps.core.bodies import Hours, Limit, PageNumber
from apps.core.openapi import may_fail
from apps.core.retries import row_id
from apps.telemetry import actions, spend_log
from apps.telemetry.models import AgentSession, ModelUsage
from apps.telemetry.prices import Prices
from apps.telemetry.schemas import usage as schemas
from apps.telemetry.spend_queries import Chosen
from apps.telemetry.sums import UsageSum
from apps.telemetry.usage_pages import item, usage_page
from apps.telemetry.usage_stats import usage_stats

router = Router(tags=["Model usage"])
LONGEST_HOURS = 87_600


@router.get("", response=schemas.UsagePage, summary="Calls of language models, the newest first")
def list_usage(
    request: HttpRequest,
    page: PageNumber = 1,
    limit: Limit = 50,
    hours: int | None = None,
    model: str = "",
    provider: str = "",
    source: str = "",
):
    """`source` is `skills`, `litellm` or `all`; calls of test suites are hidden.

    `cost_usd` is what was reported. Where nothing was, `cost_estimated` is what the tokens cost by the price catalogue.
    """
    hours = min(hours, LONGEST_HOURS) if hours and hours > 0 else None
    since = timezone.now() - timedelta(hours=hours) if hours else None
    wanted = {name: text for name, text in (("model", model), ("provider", provider)) if text}
    calls = ModelUsage.objects.newest_first().real().of_source(source).filter(**wanted)
    if since:
        calls = calls.filter(created_at__gte=since)

    def requests_made() -> int:
        return UsageSum.objects.between(since).real().of_source(source).filter(**wanted).requests_made()

    prices = Prices()
    if source in ("", "all", "litellm") and spend_log.is_configured():
        return answer(usage_page(calls, requests_made, Chosen(hours, **wanted), page, limit, prices))
    return page_list(calls, schemas.FIELDS, page, limit, lambda row: item(row, prices), count_most=requests_made)


@router.post("", response=Created, summary="Report a call of a language model", openapi_extra=may_fail(404))
def record_usage(request: HttpRequest, body: schemas.UsageIn):
    usage = ModelUsage(id=row_id(request, body.id), **body.model_dump(exclude={"id"}))
    try:
        actions.record_usage(usage)
    except AgentSession.DoesNotExist:
        raise HttpError(404, "Session not found") from None
    return {"id": usage.id, "created": True}


@router.get(
    "/stats", response=schemas.UsageStats, summary="Tokens, cost and latency by model", operation_id="usage_stats"
)
def stats(request: HttpRequest, hours: Hours = 24):
    """`total_cost` and `cost` are what was reported; see `cost_estimated` and `calls_without_price` for the rest."""
    return answer(usage_stats(hours))
