"""How long the calls of a model or of a skill's tool usually take."""

from collections.abc import Iterable
from time import monotonic
from typing import NamedTuple

from apps.telemetry.latencies import InvocationTime, UsageTime
from apps.warehouse.session_page.steps import Run

DAYS = 30
LEAST_CALLS = 5  # of fewer a percentile says nothing
SHARES = (0.5, 0.95)  # as Usual has them
SECONDS = 600  # for which an answer is kept: of so many days a few minutes change little
MOST_KEPT = 10_000
Key = tuple[str, ...]  # of `key_of`


class Usual(NamedTuple):
    """Milliseconds that half of the calls took at most, and 19 of 20."""

    p50: float
    p95: float


kept: dict[Key, tuple[float, Usual]] = {}  # with the moment of the monotonic clock until which it holds


def usual_of(runs: Iterable[Run]) -> dict[Key, Usual]:
    """By `key_of` a run; two queries at most, and none for what was asked within the last SECONDS."""
    wanted, now = {key_of(run) for run in runs if run.kind in ("model", "skill")}, monotonic()
    known = {key: had[1] for key in wanted if (had := kept.get(key)) and had[0] > now}
    found = last_days_of(wanted - known.keys())
    if len(kept) + len(found) > MOST_KEPT:
        kept.clear()
    kept.update({key: (now + SECONDS, usual) for key, usual in found.items()})
    return known | found


def last_days_of(keys: Iterable[Key]) -> dict[Key, Usual]:
    models = {names[0] for kind, *names in keys if kind == "model"}
    tools = {tuple(names) for kind, *names in keys if kind == "skill"}
    found: dict[Key, tuple[list[float], int]] = {}
    if models:
        calls = UsageTime.objects.of_last(days=DAYS).filter(model__in=models)
        found |= {("model", *names): said for names, said in calls.percentiles(SHARES, "model").items()}
    if tools:
        skills, names = zip(*tools, strict=True)
        calls = InvocationTime.objects.of_last(days=DAYS).filter(skill_name__in={*skills}, tool_name__in={*names})
        by_tool = calls.percentiles(SHARES, "skill_name", "tool_name")
        found |= {("skill", *names): said for names, said in by_tool.items()}
    return {key: Usual(*percentiles) for key, (percentiles, calls) in found.items() if calls >= LEAST_CALLS}


def key_of(run: Run) -> Key:
    return ("skill", run.name, run.part) if run.kind == "skill" else (run.kind, run.name)
