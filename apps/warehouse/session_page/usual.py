"""How long the calls of a model or of a skill's tool usually take."""

from collections.abc import Sequence

from apps.telemetry.latencies import InvocationTime, Latency, UsageTime
from apps.warehouse.session_page.steps import Run

DAYS = 30
LEAST_CALLS = 5  # of fewer a percentile says nothing
Usual = dict[tuple[str, ...], Latency]


def usual_of(runs: Sequence[Run]) -> Usual:
    """Of the last 30 days, by `key_of` a run; two queries at most."""
    models = {run.name for run in runs if run.kind == "model"}
    skills = {run.name for run in runs if run.kind == "skill"}
    found: Usual = {}
    if models:
        calls = UsageTime.objects.of_last(days=DAYS).filter(model__in=models)
        found |= {("model", model): latency for (model,), latency in calls.latencies("model").items()}
    if skills:
        calls = InvocationTime.objects.of_last(days=DAYS).filter(skill_name__in=skills)
        by_tool = calls.latencies("skill_name", "tool_name")
        found |= {("skill", *key): latency for key, latency in by_tool.items()}
    return {key: latency for key, latency in found.items() if latency.calls >= LEAST_CALLS}


def key_of(run: Run) -> tuple[str, ...]:
    return ("skill", run.name, run.part) if run.kind == "skill" else (run.kind, run.name)
