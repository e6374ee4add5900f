"""What other systems know of the cost of models: the LiteLLM proxy's log, and the accounts with providers."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from apps.operations.providers import balances
from apps.telemetry import spend_log, spend_queries

DAYS = 30
STALE = timedelta(days=1)
KEYS = {"kimi": "MOONSHOT_KIMI_KEY", "openrouter": "OPEN_ROUTER_KEY"}


def litellm_spend() -> dict[str, Any]:
    """By model in the last days, the costliest first; `problem` says why there is nothing, and since when."""
    if not spend_log.is_configured():
        return {"problem": "not configured"}
    try:
        models, newest = spend_queries.Chosen(DAYS * 24).by_model(), spend_queries.newest()
    except spend_log.Away as away:
        return {"problem": str(away)}
    return {
        "models": sorted(models, key=lambda model: (-model["cost"], -model["requests"], model["model"])),
        "cost": sum(model["cost"] for model in models),
        "newest": newest,
        "is_stale": newest is not None and newest < timezone.now() - STALE,
    }


def accounts() -> list[dict[str, Any]]:
    """One a provider; `key` is the variable to set where it is not configured."""
    return [{**balance, "key": KEYS.get(name, "")} for name, balance in balances().items()]
