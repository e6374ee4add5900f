"""What happened in a time: how much, at what cost, for whom, and how it was before."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from apps.core.figures import Figure, dollars, whole
from apps.core.ranges import TimeRange
from apps.goals.movement import Movement, Origin, movement
from apps.improvement.news import news
from apps.telemetry.outcomes import by_origin
from apps.warehouse.overview.places import place

LABELS: dict[Origin, str] = {
    "person": "A person asked for it",
    "agent": "The agent by itself",
    "unknown": "Nothing tells",
}
NOTHING = {"total": 0, "failures": 0, "cost": Decimal(0)}


@dataclass(frozen=True)
class Linked:
    """A figure, and where its rows are."""

    figure: Figure
    url: str


@dataclass(frozen=True)
class Work:
    """What was done for somebody. The cost is that of the model calls within the sessions."""

    label: str
    sessions: int
    failed: int
    cost: Decimal
    goals: Movement


@dataclass(frozen=True)
class Since:
    figures: list[Linked]
    work: list[Work]


def happened(time: TimeRange) -> Since:
    """In three queries."""
    before = time.previous
    times = {"now": (time.since, time.until)} | ({"before": (before.since, before.until)} if before else {})
    rows: dict[Any, dict[str, Any]] = {(one["time"], one["origin"]): one for one in by_origin(times)}
    earlier = before.since if before else None
    moved, moved_before = movement(time.since, time.until, earlier)
    learnt = news(time.since, time.until, earlier)

    def total(name: str, measure: str) -> Any:
        return sum(rows.get((name, origin), NOTHING)[measure] for origin in LABELS)

    def figure(label: str, now: Any, was: Any, where: str, written: Any = whole) -> Linked:
        return Linked(Figure(label, now, was if before else None, written), place(where))

    calls, calls_before = (rows.get((name, "calls"), NOTHING) for name in ("now", "before"))
    figures = [
        figure("Goals moved", all_of(moved), all_of(moved_before), "goals"),
        figure("Sessions", total("now", "total"), total("before", "total"), "sessions"),
        figure("Sessions failed", total("now", "failures"), total("before", "failures"), "sessions"),
        figure("Cost", calls["cost"], calls_before["cost"], "model calls", dollars),
        figure("New lessons", learnt.lessons, learnt.lessons_before, "lessons"),
        Linked(Figure("Proposals waiting", learnt.waiting, None, whole), place("proposals")),
    ]
    work = [work_of(origin, rows.get(("now", origin), NOTHING), moved.get(origin, Movement())) for origin in LABELS]
    return Since(figures, work)


def all_of(moved: dict[Origin, Movement]) -> int:
    return sum(movement.moved for movement in moved.values())


def work_of(origin: Origin, row: dict[str, Any], goals: Movement) -> Work:
    return Work(LABELS[origin], row["total"], row["failures"], row["cost"], goals)
