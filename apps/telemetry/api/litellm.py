"""The LiteLLM proxy and what it spent. All of it answers 200: where the proxy or its log is away, `error` says so."""

from typing import Annotated, Any

from django.conf import settings
from django.http import HttpRequest
from ninja import Query, Router

from apps.core.api import answer
from apps.core.bodies import Limit
from apps.core.remote import Answer, Question, ask
from apps.telemetry import spend_queries
from apps.telemetry.schemas import litellm as schemas
from apps.telemetry.spend_log import Away

router = Router(tags=["LiteLLM"])
Offset = Annotated[int, Query(ge=0, le=100_000_000)]
LITE = ("model", "prompt_tokens", "completion_tokens", "total_tokens", "spend", "startTime", "endTime", "status")


@router.get("/models", response=schemas.ProxyModels, summary="The models that the proxy offers")
def litellm_models(request: HttpRequest):
    """As the proxy says it."""
    models = ask_proxy("/models", seconds=5)
    return answer(models.said if models.ok else {"data": [], "error": models.problem})


@router.get("/health", response=schemas.ProxyHealth, summary="Is the proxy well?")
def litellm_health(request: HttpRequest):
    health = ask(Question(address("/health/liveliness"), status_only=True))
    if health.code is None:
        return answer({"status": "error", "error": health.problem})
    return answer({"status": "healthy" if health.code < 300 else "unhealthy"})


@router.get("/spend", response=schemas.SpendPage, summary="Calls that the proxy logged, the newest first")
def litellm_spend(request: HttpRequest, limit: Limit = 50, offset: Offset = 0, lite: bool = False):
    """With `lite` only the model, the tokens, the spend, the times and the status of each."""
    try:
        logs, total = spend_queries.logs(limit, offset), spend_queries.count()
    except Away as away:
        return answer({"logs": [], "total": 0, "error": str(away)})
    if lite:
        logs = [{name: log[name] for name in LITE} for log in logs]
    return answer({"logs": logs, "total": total, "offset": offset, "limit": limit})


@router.get("/global-spend", response=schemas.GlobalSpend, summary="What the proxy spent, and its budget")
def litellm_global_spend(request: HttpRequest):
    try:
        total = spend_queries.totals()
    except Away as away:
        nothing = dict.fromkeys(("spend", "total_tokens", "input_tokens", "output_tokens", "api_requests"), 0)
        return answer(nothing | {"error": str(away)})
    said = ask_proxy("/global/spend", seconds=3).said
    return answer(
        {
            "spend": total["cost"],
            "max_budget": (said.get("max_budget") if isinstance(said, dict) else None) or 0,
            "total_tokens": total["total"],
            "input_tokens": total["input"],
            "output_tokens": total["output"],
            "api_requests": total["requests"],
        }
    )


def ask_proxy(path: str, seconds: float) -> Answer:
    return ask(Question(address(path), settings.LITELLM_MASTER_KEY, seconds=seconds))


def address(path: str) -> str:
    proxy: Any = settings.SERVICE_URLS["litellm"]
    return proxy and proxy.rstrip("/") + path
