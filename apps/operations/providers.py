"""What is left on the accounts with providers of models. One is asked only where its key is configured."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from apps.core.remote import Answer, Question, ask_all

SECONDS, FRESH_SECONDS = 5, 60
KIMI, OPENROUTER = "Moonshot/Kimi", "OpenRouter"
LOCAL = {"provider": "Local (MLX/Ollama)", "status": "free", "note": "Runs on the host; calls cost nothing."}


def balances() -> dict[str, dict[str, Any]]:
    """Of all at once; amounts as the providers tell them."""
    kimi, openrouter = ask_all(
        [
            account(settings.MOONSHOT_URL, "/v1/users/me/balance", settings.MOONSHOT_KIMI_KEY),
            account(settings.OPEN_ROUTER_URL, "/api/v1/auth/key", settings.OPEN_ROUTER_KEY),
        ]
    )
    return {"kimi": of_kimi(kimi), "openrouter": of_openrouter(openrouter), "local": LOCAL}


def account(url: str, path: str, key: str) -> Question:
    address = url.rstrip("/") + path if url and key else ""
    return Question(address, key, seconds=SECONDS, fresh_seconds=FRESH_SECONDS)


def of_kimi(answer: Answer) -> dict[str, Any]:
    if answer.state == "not configured":
        return {"provider": KIMI, "status": "not_configured"}
    return told(KIMI, answer, kimi_balance)


def of_openrouter(answer: Answer) -> dict[str, Any]:
    if answer.state == "not configured":
        return {"provider": OPENROUTER, "status": "free_tier", "note": "Without a key only free models."}
    return told(OPENROUTER, answer, openrouter_balance)


def told(provider: str, answer: Answer, balance: Callable[[dict[str, Any]], dict[str, Any]]) -> dict[str, Any]:
    if not answer.ok:
        failure = {"code": answer.code} if answer.code and answer.code >= 300 else {}
        return {"provider": provider, "status": "error", **failure, "error": answer.problem}
    try:
        return {"provider": provider, **balance(answer.said["data"]), "status": "ok"}
    except (KeyError, TypeError, ValueError):
        return {"provider": provider, "status": "error", "error": "an answer without a balance"}


def kimi_balance(data: dict[str, Any]) -> dict[str, Any]:
    names = {"available": "available_balance", "voucher": "voucher_balance", "cash": "cash_balance"}
    amounts = {name: float(data[theirs]) for name, theirs in names.items()}
    host = urlsplit(settings.MOONSHOT_URL).hostname or ""
    return {**amounts, "currency": "CNY" if host.endswith(".cn") else "USD"}  # an account is with one of the two


def openrouter_balance(data: dict[str, Any]) -> dict[str, Any]:
    """Without a limit what remains is what is owed."""
    limit = None if data["limit"] is None else float(data["limit"])
    usage = float(data["usage"])
    return {
        "limit": limit,
        "usage": usage,
        "remaining": (limit or 0) - usage,
        "is_free_tier": bool(data.get("is_free_tier")),
        "currency": "USD",
    }
