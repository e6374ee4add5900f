"""What the page of model usage shows: the figures of a time, its charts and its shares."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Min

from apps.core.charts import MOST_SERIES, Chart, Series
from apps.core.figures import Figure, compact, dollars, milliseconds, share, whole
from apps.core.ranges import TimeRange, label_of
from apps.core.rollups import Span
from apps.telemetry.models import ModelUsage
from apps.telemetry.querysets import UsageQuerySet
from apps.telemetry.sum_querysets import UsageSumQuerySet
from apps.telemetry.sums import UsageSum

OTHERS = "others"


@dataclass(frozen=True)
class Wanted:
    """What the filters ask for; an empty text asks for nothing."""

    model: str = ""
    provider: str = ""
    agent: str = ""

    @property
    def anything(self) -> bool:
        return any(vars(self).values())

    def of(self, time: TimeRange, finest: Span = "day") -> UsageSumQuerySet:
        return self.among(UsageSum.objects.between(time.since, time.until, finest).real(), agent="agent_id")

    def calls(self, time: TimeRange) -> UsageQuerySet:
        """The calls themselves, with the agents of their sessions."""
        calls = ModelUsage.objects.real().filter(created_at__lt=time.until)
        calls = calls.filter(created_at__gte=time.since) if time.since else calls
        return self.among(calls.select_related("session"), agent="session__agent_id")

    def among(self, rows: Any, *, agent: str) -> Any:
        named = {"model": self.model, "provider": self.provider, agent: self.agent}
        return rows.filter(**{name: text for name, text in named.items() if text})


def figures(wanted: Wanted, time: TimeRange) -> list[Figure]:
    """Each beside that of the period before."""
    now = wanted.of(time).figures()
    before = wanted.of(time.previous).figures() if time.previous else {}
    shown = (
        ("Cost", "cost", dollars),
        ("Calls", "requests", whole),
        ("Tokens in", "input", compact),
        ("Tokens out", "output", compact),
        ("Failed", "failure_rate", share),
        ("Mean latency", "latency", milliseconds),
    )
    return [Figure(label, now[name], before.get(name), written) for label, name, written in shown]


def charts(wanted: Wanted, time: TimeRange) -> list[Chart]:
    """Cost and calls over the time, the costliest and the busiest models apart."""
    first = time.since or wanted.of(time).aggregate(first=Min("starts"))["first"] or time.until
    time = time.starting_at(first)
    rows = list(wanted.of(time, finest=time.finest).over_time(time.grain))
    starts = list(time.starts())
    return [
        Chart("Cost", "bars", labels(time, starts), stacked(rows, "cost", starts), dollars),
        Chart("Calls", "bars", labels(time, starts), stacked(rows, "requests", starts), whole),
    ]


def labels(time: TimeRange, starts: list[datetime]) -> list[str]:
    return [label_of(time.grain, start) for start in starts]


def stacked(rows: list[dict[str, Any]], measure: str, starts: list[datetime]) -> list[Series]:
    """A series a model; beyond the largest few together."""
    totals: dict[str, float] = defaultdict(float)
    at: dict[tuple[str, datetime], float] = defaultdict(float)
    for row in rows:
        totals[row["model"]] += float(row[measure])
    largest = sorted(totals, key=lambda model: (-totals[model], model))
    named = largest if len(largest) <= MOST_SERIES else largest[: MOST_SERIES - 1]
    for row in rows:
        at[row["model"] if row["model"] in named else OTHERS, row["start"]] += float(row[measure])
    shown = named if len(named) == len(largest) else [*named, OTHERS]
    return [Series(model, [at[model, start] for start in starts]) for model in shown]


def shares(groups: Any) -> list[dict[str, Any]]:
    """Each with its share of the cost, from 0 to 1."""
    rows = list(groups)
    cost = sum(row["cost"] for row in rows)
    return [row | {"share": row["cost"] / cost if cost else 0} for row in rows]
