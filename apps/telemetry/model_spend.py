"""The LiteLLM proxy's spend by model, beside what the skills reported."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from apps.telemetry import spend_log, spend_queries
from apps.telemetry.proxied import PROVIDER, notice_of
from apps.telemetry.sums import UsageSum

Model = dict[str, Any]
COUNTS = (
    "requests",
    "successes",
    "input",
    "output",
    "cost",
    "latency",
    "timed",
    "silent",
    "silent_input",
    "silent_output",
)
# The log times no calls, and each has what the proxy says that it cost.
NOT_LOGGED = {name: 0 for name in COUNTS if name not in ("requests", "successes", "input", "output", "cost")}


def beside_spend(skills: list[Model], hours: int) -> tuple[list[Model], list[Model], dict[str, Any]]:
    """What the skills alone reported, what the log has, and a notice where that is away."""
    if not spend_log.is_configured():
        return skills, [], {}
    try:
        litellm = spend_queries.Chosen(hours).by_model()
        return unproxied(skills, hours), [model | NOT_LOGGED for model in litellm], {}
    except spend_log.Away as away:
        return skills, [], notice_of(away)


def unproxied(skills: list[Model], hours: int) -> list[Model]:
    """Without the calls that the log has too."""
    oldest = spend_queries.oldest()
    if oldest is None:
        return skills
    since = max(oldest, timezone.now() - timedelta(hours=hours))
    calls = UsageSum.objects.between(since).filter(provider=PROVIDER).real().by_model()
    proxied = {model["model"]: model for model in calls}
    rest = [
        minus(model, proxied[model["model"]]) if model["provider"] == PROVIDER and model["model"] in proxied else model
        for model in skills
    ]
    return [model for model in rest if model["requests"] > 0]


def merged(skills: list[Model], litellm: list[Model]) -> list[Model]:
    """One row a model and provider with its `source`, the most used first."""
    rows = {(model["model"], model["provider"]): model | {"source": "skills"} for model in skills}
    for model in litellm:
        key = model["model"], model["provider"]
        rows[key] = plus(rows[key], model) | {"source": "merged"} if key in rows else model | {"source": "litellm"}
    return sorted(rows.values(), key=lambda row: (-row["requests"], row["model"], row["provider"] or ""))


def plus(model: Model, other: Model) -> Model:
    return model | {name: model[name] + other[name] for name in COUNTS}


def minus(model: Model, other: Model) -> Model:
    return model | {name: model[name] - other[name] for name in COUNTS}
