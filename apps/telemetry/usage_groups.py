"""Model calls summed up for people: all of them, and those of each model, provider or agent."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from apps.telemetry.latencies import Latency
from apps.telemetry.prices import Cost, Prices, total

Row = dict[str, Any]  # of UsageSumQuerySet's groups, with its cost as `spent`
MOST_GROUPS = 50
BY = {"model": ("model", "provider"), "provider": ("provider",), "agent": ("agent_id",)}


@dataclass(frozen=True)
class Usage:
    """Latencies in milliseconds; None where they are not known."""

    requests: int
    failed: int
    input: int
    output: int
    fastest: int | None
    slowest: int | None
    mean_latency: float | None
    cost: Cost

    @property
    def failure_rate(self) -> float | None:
        return self.failed / self.requests if self.requests else None


@dataclass(frozen=True)
class Group:
    """A row of the page's table; `share` is that of the known cost, from 0 to 1."""

    names: Row
    usage: Usage
    times: Latency
    share: float | None
    others: int = 0  # how many it stands for, being the last of a long table


def priced(groups: Iterable[Row], prices: Prices) -> list[Row]:
    return [row | {"spent": prices.cost_of_calls(row)} for row in groups]


def summed(rows: Sequence[Row]) -> Usage:
    counts = {name: sum(row[name] for row in rows) for name in ("requests", "failed", "input", "output")}
    timed = sum(row["timed"] for row in rows)
    return Usage(
        **counts,
        fastest=min((row["fastest"] for row in rows if row["fastest"] is not None), default=None),
        slowest=max((row["slowest"] for row in rows if row["slowest"] is not None), default=None),
        mean_latency=sum(row["latency"] for row in rows) / timed if timed else None,
        cost=total(row["spent"] for row in rows),
    )


def grouped(rows: Sequence[Row], columns: Sequence[str], latencies: dict[tuple[Any, ...], Latency]) -> list[Group]:
    """The costliest first, then the busiest; beyond the first of them together, so that a table still adds up."""
    apart: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
    for row in rows:
        apart[tuple(row[column] for column in columns)].append(row)
    spent = total(row["spent"] for row in rows).amount
    groups = [
        group(dict(zip(columns, names, strict=True)), summed(of_names), latencies.get(names, Latency(())), spent)
        for names, of_names in apart.items()
    ]
    groups.sort(key=lambda one: (-(one.usage.cost.amount or 0), -one.usage.requests, str(one.names)))
    if len(groups) <= MOST_GROUPS:
        return groups
    shown, rest = groups[: MOST_GROUPS - 1], groups[MOST_GROUPS - 1 :]
    of_rest = [row for one in rest for row in apart[tuple(one.names.values())]]
    return [*shown, replace(group({}, summed(of_rest), together(one.times for one in rest), spent), others=len(rest))]


def together(times: Iterable[Latency]) -> Latency:
    calls = Counter[int]()
    for one in times:
        calls.update(dict(one.buckets))
    return Latency(sorted(calls.items()))


def group(names: Row, usage: Usage, times: Latency, spent: Any) -> Group:
    amount = usage.cost.amount
    share = None if amount is None else float(amount / spent) if spent else 0.0
    return Group(names, usage, times, share)
