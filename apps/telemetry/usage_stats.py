from typing import Any

from apps.telemetry.model_spend import beside_spend, merged
from apps.telemetry.prices import Cost, Prices, total
from apps.telemetry.sums import UsageSum

MOST_MODELS = 1000


def usage_stats(hours: int) -> dict[str, Any]:
    reported = list(UsageSum.objects.of_last(hours=hours).real().by_model())
    skills, litellm, notice = beside_spend(reported, hours)
    prices = Prices()
    models = [model | {"spent": prices.cost_of_calls(model)} for model in merged(skills, litellm)]
    counts = {name: sum(model[name] for model in models) for name in ("requests", "successes", "latency", "timed")}
    sources = {"skills": source_totals(skills), "litellm": source_totals(litellm)}
    return {
        "period_hours": hours,
        "total_requests": counts["requests"],
        "total_tokens": sum(source["tokens"] for source in sources.values()),
        "total_cost": sum(source["cost"] for source in sources.values()),
        **beyond_reports(total(model["spent"] for model in models)),
        "avg_latency_ms": average_latency(counts),
        "success_rate": round(100 * counts["successes"] / counts["requests"], 1) if models else 100,
        "by_model": [model_totals(model) for model in models[:MOST_MODELS]],
        "sources": sources,
        **notice,
    }


def source_totals(models: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "requests": sum(model["requests"] for model in models),
        "tokens": sum(model["input"] + model["output"] for model in models),
        "cost": sum(model["cost"] for model in models),
    }


def model_totals(model: dict[str, Any]) -> dict[str, Any]:
    return {
        "model": model["model"],
        "provider": model["provider"],
        "requests": model["requests"],
        "input_tokens": model["input"],
        "output_tokens": model["output"],
        "cost": model["cost"],
        **beyond_reports(model["spent"]),
        "avg_latency": average_latency(model),
        "source": model["source"],
    }


def beyond_reports(cost: Cost) -> dict[str, Any]:
    """What `cost` leaves out: it is what clients reported."""
    return {"cost_estimated": cost.estimated, "calls_without_price": cost.unknown_calls}


def average_latency(part: dict[str, Any]) -> int:
    """Of the calls whose latency is known."""
    return round(part["latency"] / part["timed"]) if part["timed"] else 0
