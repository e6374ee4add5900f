"""What the page of model usage shows: the figures of a time, its charts and its shares."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from apps.core.charts import Chart, Series
from apps.core.figures import Figure, compact, dollars, milliseconds, share, whole
from apps.core.ranges import TimeRange, label_of
from apps.core.rollups import Span, first_moment
from apps.core.stacks import stacked, sum_of
from apps.telemetry.latencies import Latency, UsageLatencyQuerySet, UsageTime
from apps.telemetry.models import ModelUsage
from apps.telemetry.prices import Cost, Prices, total
from apps.telemetry.querysets import UsageQuerySet
from apps.telemetry.sum_querysets import InvocationSumQuerySet, UsageSumQuerySet
from apps.telemetry.sums import InvocationSum, UsageSum
from apps.telemetry.usage_groups import BY, Group, Row, Usage, grouped, priced

COLUMNS = {"model": "model", "provider": "provider", "agent": "agent_id"}  # of sums, by filter


@dataclass(frozen=True)
class Wanted:
    """What the filters ask for; an empty text asks for nothing."""

    model: str = ""
    provider: str = ""
    agent: str = ""

    @property
    def anything(self) -> bool:
        return any(vars(self).values())

    def of(self, time: TimeRange, finest: Span = "month") -> UsageSumQuerySet:
        return self.among(UsageSum.objects.between(time.since, time.until, finest).real(), agent="agent_id")

    def times(self, time: TimeRange, finest: Span = "month") -> UsageLatencyQuerySet:
        return self.among(UsageTime.objects.between(time.since, time.until, finest).real(), agent="agent_id")

    def calls(self, time: TimeRange) -> UsageQuerySet:
        """The calls themselves, with the agents of their sessions."""
        calls = ModelUsage.objects.real().filter(created_at__lt=time.until)
        calls = calls.filter(created_at__gte=time.since) if time.since else calls
        return self.among(calls.select_related("session"), agent="session__agent_id")

    def among(self, rows: Any, *, agent: str) -> Any:
        named = {"model": self.model, "provider": self.provider, agent: self.agent}
        return rows.filter(**{name: text for name, text in named.items() if text})

    def has(self, row: Row) -> bool:
        """Is it one of the rows of `usage_of` that are asked for?"""
        return all(not text or row[COLUMNS[name]] == text for name, text in vars(self).items())


def usage_of(wanted: Wanted, time: TimeRange | None, prices: Prices) -> list[Row]:
    """By model, provider and agent, each with its cost: what the figures and the tables add up."""
    return priced(wanted.of(time).by_model_and_agent(), prices) if time else []


def figures(now: Usage, before: Usage | None) -> list[Figure]:
    """Each beside that of the period before."""
    shown: list[tuple[str, Callable[[Usage], Any], Callable[[float], str]]] = [
        ("Cost", lambda usage: usage.cost.amount, dollars),
        ("Calls", lambda usage: usage.requests, whole),
        ("Tokens in", lambda usage: usage.input, compact),
        ("Tokens out", lambda usage: usage.output, compact),
        ("Failed", lambda usage: usage.failure_rate, share),
        ("Mean latency", lambda usage: usage.mean_latency, milliseconds),
    ]
    notes = {"Cost": note_of(now.cost)}
    return [
        Figure(label, of(now), of(before) if before else None, written, notes.get(label, ""))
        for label, of, written in shown
    ]


def note_of(cost: Cost) -> str:
    """How much of an amount is not as the clients reported it."""
    parts = [f"of it {dollars(float(cost.estimated))} estimated"] if cost.estimated else []
    if calls := cost.unknown_calls:
        parts.append(f"{whole(calls)} {'call' if calls == 1 else 'calls'} of unknown cost")
    return ", ".join(parts)


def charts(wanted: Wanted, time: TimeRange, prices: Prices) -> list[Chart]:
    """Over the time: cost, calls and failures of the foremost models apart, and the latency of all."""
    first = time.since or first_moment(UsageSum) or time.ends
    time = time.starting_at(first)
    rows = priced(wanted.of(time, finest=time.finest).over_time(time.grain), prices)
    starts = list(time.starts())
    labels = [label_of(time.grain, start) for start in starts]
    return [
        Chart("Cost", "bars", labels, stacked(rows, "model", cost_of, starts), dollars),
        Chart("Calls", "bars", labels, stacked(rows, "model", sum_of("requests"), starts), whole),
        Chart("Failed calls", "bars", labels, stacked(rows, "model", sum_of("failed"), starts), whole),
        Chart("Latency", "lines", labels, percentiles(wanted, time, starts), milliseconds),
    ]


def cost_of(rows: list[Row]) -> float | None:
    amount = total(row["spent"] for row in rows).amount
    return None if amount is None else float(amount)


def percentiles(wanted: Wanted, time: TimeRange, starts: list[datetime]) -> list[Series]:
    found = wanted.times(time, finest=time.finest).latencies_over_time(time.grain)
    at = [found.get(start, Latency(())) for start in starts]
    return [Series("median", [latency.p50 for latency in at]), Series("p95", [latency.p95 for latency in at])]


def table(wanted: Wanted, time: TimeRange, rows: list[Row], by: str) -> list[Group]:
    """By model, provider or agent."""
    return grouped(rows, BY[by], wanted.times(time).latencies(*BY[by]))


def skills_table(wanted: Wanted, time: TimeRange) -> InvocationSumQuerySet:
    """What the skills say of their own calls with models: they name no provider and no session."""
    calls = InvocationSum.objects.between(time.since, time.until)
    return (calls.filter(model_used=wanted.model) if wanted.model else calls).by_skill_and_model()
