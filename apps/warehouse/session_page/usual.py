"""How long the calls of a model or of a skill's tool usually take."""

from collections.abc import Sequence
from typing import NamedTuple

from apps.telemetry.latencies import InvocationTime, UsageTime
from apps.warehouse.session_page.steps import Run

DAYS = 30
LEAST_CALLS = 5  # of fewer a percentile says nothing
SHARES = (0.5, 0.95)  # as Usual has them


class Usual(NamedTuple):
    """Milliseconds that half of the calls took at most, and 19 of 20."""

    p50: float
    p95: float


def usual_of(runs: Sequence[Run]) -> dict[tuple[str, ...], Usual]:
    """Of the last 30 days, by `key_of` a run; two queries at most."""
    models = {run.name for run in runs if run.kind == "model"}
    tools = {(run.name, run.part) for run in runs if run.kind == "skill"}
    found: dict[tuple[str, ...], tuple[list[float], int]] = {}
    if models:
        calls = UsageTime.objects.of_last(days=DAYS).filter(model__in=models)
        found |= {("model", *names): said for names, said in calls.percentiles(SHARES, "model").items()}
    if tools:
        skills, names = zip(*tools, strict=True)
        calls = InvocationTime.objects.of_last(days=DAYS).filter(skill_name__in={*skills}, tool_name__in={*names})
        by_tool = calls.percentiles(SHARES, "skill_name", "tool_name")
        found |= {("skill", *names): said for names, said in by_tool.items()}
    return {key: Usual(*percentiles) for key, (percentiles, calls) in found.items() if calls >= LEAST_CALLS}


def key_of(run: Run) -> tuple[str, ...]:
    return ("skill", run.name, run.part) if run.kind == "skill" else (run.kind, run.name)
