from typing import Any

from apps.telemetry.sums import UsageSum

MOST_MODELS = 1000


def usage_stats(hours: int) -> dict[str, Any]:
    models = list(UsageSum.objects.of_last(hours=hours).real().by_model())
    total = {name: sum(model[name] for model in models) for name in ("requests", "successes", "latency", "timed")}
    tokens = sum(model["input"] + model["output"] for model in models)
    cost = sum(model["cost"] for model in models)
    return {
        "period_hours": hours,
        "total_requests": total["requests"],
        "total_tokens": tokens,
        "total_cost": cost,
        "avg_latency_ms": average_latency(total),
        "success_rate": round(100 * total["successes"] / total["requests"], 1) if models else 100,
        "by_model": [model_totals(model) for model in models[:MOST_MODELS]],
        "sources": {
            "skills": {"requests": total["requests"], "tokens": tokens, "cost": cost},
            "litellm": {"requests": 0, "tokens": 0, "cost": 0},
        },
    }


def model_totals(model: dict[str, Any]) -> dict[str, Any]:
    return {
        "model": model["model"],
        "provider": model["provider"],
        "requests": model["requests"],
        "input_tokens": model["input"],
        "output_tokens": model["output"],
        "cost": model["cost"],
        "avg_latency": average_latency(model),
        "source": "skills",
    }


def average_latency(part: dict[str, Any]) -> int:
    """Of the calls whose latency is known."""
    return round(part["latency"] / part["timed"]) if part["timed"] else 0
