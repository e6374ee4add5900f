"""What happened in a time: how much, at what cost, for whom, and how it was before."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any

from django.db.models import Count, F, QuerySet, Value

from apps.core.figures import Figure, dollars, whole
from apps.core.questions import Question, question
from apps.core.ranges import TimeRange
from apps.core.rollups import Part, joined
from apps.core.statements import execute
from apps.goals.movement import Movement, Origin, movement
from apps.improvement.models import ImprovementProposal, LessonLearned
from apps.telemetry import outcomes
from apps.telemetry.prices import Cost, Prices, total
from apps.telemetry.sessions_page import silent_note
from apps.telemetry.sums import SessionSum, UsageSum
from apps.telemetry.usage_page import note_of
from apps.warehouse.overview.places import place

LABELS: dict[Origin, str] = {
    "person": "A person asked for it",
    "agent": "The agent by itself",
    "unknown": "Nothing tells",
}
COUNTS = ("total", "failures", "silent", "silent_input", "silent_output")
MEASURES: dict[str, Any] = {"cost": Decimal(0)} | dict.fromkeys(COUNTS, 0)  # what there is of each without any rows
COUNTED = ("time", "stream", "key", "provider_name", *MEASURES)


@dataclass(frozen=True)
class Linked:
    """A figure, and where its rows are."""

    figure: Figure
    url: str


@dataclass(frozen=True)
class Work:
    """What was done for somebody."""

    label: str
    goals: Movement
    sessions: dict[str, Any]  # MEASURES; the cost is what the model calls within them reported

    @property
    def note(self) -> str:
        return silent_note(self.sessions["silent"])


@dataclass(frozen=True)
class Since:
    figures: list[Linked]
    work: list[Work]


class Counts:
    """MEASURES of the time and of the one before, of several tables, in one query."""

    def __init__(self, time: TimeRange) -> None:
        self.has_before = time.previous is not None
        self.rows: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
        for row in counted(time):
            self.rows[row["time"], row["stream"]].append(row)

    def sum(self, time: str, stream: str, measure: str) -> int:
        return sum(row[measure] for row in self.rows[time, stream])

    def figure(self, label: str, stream: str, measure: str = "total") -> Figure:
        was = self.sum("before", stream, measure) if self.has_before else None
        return Figure(label, self.sum("now", stream, measure), was, whole)

    def cost(self) -> Figure:
        prices = Prices()
        now, before = (self.cost_of(time, prices) for time in ("now", "before"))
        return Figure("Cost", now.amount, before.amount if self.has_before else None, dollars, note_of(now))

    def cost_of(self, time: str, prices: Prices) -> Cost:
        calls = self.rows[time, "calls"]
        return total(
            prices.cost_of_calls({**row, "model": row["key"], "provider": row["provider_name"]}) for row in calls
        )


def happened(time: TimeRange) -> Since:
    """In three queries."""
    counts = Counts(time)
    moved, moved_before = movement(time.since, time.until, time.previous.since if time.previous else None)
    was = all_of(moved_before) if counts.has_before else None
    figures = [
        Linked(Figure("Goals moved", all_of(moved), was, whole), place("goals")),
        Linked(counts.figure("Sessions", "sessions"), place("sessions")),
        Linked(counts.figure("Sessions failed", "sessions", "failures"), place("sessions")),
        Linked(counts.cost(), place("model calls")),
        Linked(counts.figure("New lessons", "lessons"), place("lessons")),
        Linked(Figure("Proposals waiting", counts.sum("now", "proposals", "total"), None, whole), place("proposals")),
    ]
    sessions = {row["key"]: row for row in counts.rows["now", "sessions"]}
    work = [
        Work(label, moved.get(origin, Movement()), sessions.get(origin, MEASURES)) for origin, label in LABELS.items()
    ]
    return Since(figures, work)


def all_of(moved: dict[Origin, Movement]) -> int:
    return sum(movement.moved for movement in moved.values())


def counted(time: TimeRange) -> Iterator[dict[str, Any]]:
    parts = [labelled("now", "proposals", waiting())]
    for name, period in (("now", time), ("before", time.previous)):
        if period:
            parts += [labelled(name, stream, asked.of(period.since, period.until)) for stream, asked in sums().items()]
            parts.append(labelled(name, "lessons", learnt(period)))
    sql, params = joined(parts)
    return (dict(zip(COUNTED, row, strict=True)) for row in execute(sql, params))


def labelled(time: str, stream: str, part: Part) -> Part:
    sql, params = part
    counts = ", ".join(f"{name}::bigint" for name in COUNTS)
    return f"SELECT '{time}', '{stream}', key, provider_name, cost, {counts} FROM ({sql}) AS part", params


@cache
def sums() -> dict[str, Question]:
    return {
        "sessions": question(SessionSum, lambda rows: uniform(outcomes.sessions(rows), key=F("origin"))),
        "calls": question(
            UsageSum, lambda rows: uniform(outcomes.calls(rows), key=F("model"), provider_name=F("provider"))
        ),
    }


@cache
def waiting() -> Part:
    proposals = ImprovementProposal.objects.waiting().order_by().values("status").annotate(total=Count("pk"))
    return uniform(proposals).query.sql_with_params()


def learnt(time: TimeRange) -> Part:
    lessons = LessonLearned.objects.made_between(time.since, time.until).values(of=Value("all"))
    return uniform(lessons.annotate(total=Count("pk"))).query.sql_with_params()


def uniform(rows: QuerySet, **named: Any) -> QuerySet:
    """Of which a union can be made: `key` and `provider_name` tell the rows of a stream apart."""
    texts = {"key": Value(""), "provider_name": Value("")} | named
    missing = {name: Value(nothing) for name, nothing in MEASURES.items() if name not in rows.query.annotations}
    return rows.annotate(**texts, **missing).values(*texts, *MEASURES)
