"""Two sessions side by side: their steps aligned by name, and what differs in time and cost."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from apps.core.figures import dollars, duration, whole
from apps.telemetry.models import AgentSession
from apps.warehouse.session_page.page import Row, SessionPage
from apps.warehouse.session_page.part import Asked
from apps.warehouse.session_page.steps import Run

MOST_RUNS = 300  # of each; aligning takes up to their product


@dataclass(frozen=True)
class Pair:
    """A step of both sessions, or of one alone."""

    one: Row | None
    other: Row | None

    @property
    def milliseconds(self) -> int | None:
        """How much longer it took in the other."""
        if not self.one or not self.other or self.one.run.ms is None or self.other.run.ms is None:
            return None
        return self.other.run.ms - self.one.run.ms

    @property
    def dollars(self) -> float | None:
        if not self.one or not self.other:
            return None
        before, after = self.one.cost.amount, self.other.cost.amount
        known = before is not None and after is not None and (before or after)
        return float(after - before) if known else None  # type: ignore[operator]

    @property
    def longer(self) -> str:
        return signed(self.milliseconds, duration)

    @property
    def dearer(self) -> str:
        return signed(self.dollars, dollars)


@dataclass(frozen=True)
class Difference:
    """A figure of both; None where it is not known."""

    label: str
    written: Callable[[float], str]
    values: tuple[float | None, float | None]

    @property
    def texts(self) -> list[str]:
        return ["unknown" if value is None else self.written(float(value)) for value in self.values]

    @property
    def delta(self) -> str:
        one, other = self.values
        return signed(None if one is None or other is None else other - one, self.written)


def signed(value: float | None, written: Callable[[float], str]) -> str:
    """With + or −; empty where it is not known."""
    if value is None:
        return ""
    return f"{'+' if value > 0 else '−'}{written(abs(float(value)))}" if value else "same"


@dataclass(frozen=True)
class Comparison:
    one: SessionPage
    other: SessionPage
    pairs: Sequence[Pair]
    is_cut: bool  # one of them has more runs than are compared

    @classmethod
    def of(cls, one: AgentSession, other: AgentSession, *, by_time: bool) -> "Comparison":
        asked = Asked(by_time=by_time)
        first, second = (SessionPage(each, asked, MOST_RUNS, tells_usual=False) for each in (one, other))
        return cls(first, second, list(aligned(first.rows, second.rows)), first.has_more or second.has_more)

    @property
    def differences(self) -> list[Difference]:
        figures: tuple[tuple[str, Callable[[float], str], Callable[[SessionPage], Any]], ...] = (
            ("Duration", duration, lambda page: page.milliseconds),
            ("Cost", dollars, lambda page: page.sum.cost.amount),
            ("Tokens", whole, lambda page: page.sum.tokens),
            ("Steps", whole, lambda page: page.sum.steps + page.sum.by_time),
            ("Failed", whole, lambda page: page.sum.failed),
        )
        return [Difference(label, written, tuple(map(value, self.pages))) for label, written, value in figures]

    @property
    def pages(self) -> tuple[SessionPage, SessionPage]:
        return self.one, self.other

    @property
    def shared(self) -> int:
        return sum(1 for pair in self.pairs if pair.one and pair.other)


def aligned(one: Sequence[Row], other: Sequence[Row]) -> Iterator[Pair]:
    """Equal names face each other; between them what only the one did, then what only the other did."""
    matcher = SequenceMatcher(None, [name(row.run) for row in one], [name(row.run) for row in other], autojunk=False)
    for what, start, end, other_start, other_end in matcher.get_opcodes():
        if what == "equal":
            yield from map(Pair, one[start:end], other[other_start:other_end])
        else:
            yield from (Pair(row, None) for row in one[start:end])
            yield from (Pair(None, row) for row in other[other_start:other_end])


def name(run: Run) -> tuple[str, str]:
    """Model calls are alike whatever the model: two sessions often differ in just that."""
    return run.kind, "" if run.kind == "model" else run.label
