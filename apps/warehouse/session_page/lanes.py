"""The picture of what is shown: a lane a kind of step, side by side on one axis, and what it all cost so far.

Where all steps are listed below, each has its bar; where there are more, a column tells how many.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from apps.core.figures import dollars, duration, whole
from apps.warehouse.session_page.axis import WIDTH, Axis
from apps.warehouse.session_page.steps import Column, Run

LABELS = {
    "model": "Model calls",
    "skill": "Skills",
    "activity": "Activities",
    "thought": "Thoughts",
    "child": "Child sessions",
}
HEIGHT = 24.0
MOST_ROWS = 4  # of bars that overlap
LEAST_WIDTH = 2.5  # of a bar: what is short is still seen
Span = tuple[datetime, datetime]
Place = tuple[float, float]  # where a column begins on the axis, and where it ends


@dataclass(frozen=True)
class Bar:
    x: float
    y: float
    width: float
    height: float
    failed: bool
    title: str
    step: int = 0  # the number of the row below, if it has one of its own

    @property
    def path(self) -> str:
        return box(self.x, self.y, self.width, self.height)


def box(x: float, y: float, width: float, height: float) -> str:
    """As an SVG path: one text is written far quicker than four numbers."""
    return f"M{x:.1f},{y:.1f}h{width:.1f}v{height:.1f}h{-width:.1f}z"


@dataclass
class Lane:
    kind: str
    steps: int
    failed: int
    bars: list[Bar] = field(default_factory=list)

    @property
    def label(self) -> str:
        return LABELS[self.kind]


@dataclass(frozen=True)
class Line:
    """How an amount grew over what is shown."""

    name: str
    path: str
    start: str
    end: str


@dataclass(frozen=True)
class Picture:
    lanes: Sequence[Lane]
    lines: Sequence[Line]


def picture_of_runs(runs: Sequence[Run], axis: Axis) -> Picture:
    return Picture(lanes_of_runs(runs, axis), lines_of(growth_of_runs(runs, axis)))


def picture_of_columns(columns: Sequence[Column], spans: Sequence[Span], axis: Axis) -> Picture:
    """What is not shown, being earlier, counts for what it cost so far."""
    places = [(axis.x(since), axis.x(until)) for since, until in spans]
    lanes = lanes_of_columns([one for one in columns if one.place], places)
    return Picture(lanes, lines_of(growth_of_columns(columns, places)))


def lanes_of_runs(runs: Sequence[Run], axis: Axis) -> list[Lane]:
    """A bar a run."""
    grouped = by_kind(runs)
    return [
        Lane(
            kind,
            sum(run.times for run in group),
            sum(run.times for run in group if not run.ok),
            list(bars_of_runs(group, axis)),
        )
        for kind, group in grouped.items()
    ]


def bars_of_runs(runs: Sequence[Run], axis: Axis) -> Iterator[Bar]:
    """Those that overlap stand in rows below one another, as far as there is room."""
    places, free = [], [0.0]
    for run in runs:
        x = axis.x(run.starts)
        width = max(axis.x(run.ends) - x, LEAST_WIDTH)
        row = next((row for row, until in enumerate(free) if until <= x + 0.01), None)
        if row is None and len(free) < MOST_ROWS:
            free.append(0.0)
        row = row if row is not None else len(free) - 1
        free[row] = x + width
        places.append((run, x, width, row))
    height = HEIGHT / len(free)
    for run, x, width, row in places:
        title = f"{run.label}{f' × {run.times}' if run.times > 1 else ''}"
        title += f", {duration(run.ms)}" if run.ms is not None else ""
        title += "" if run.ok else ", failed"
        yield Bar(min(x, WIDTH - width), row * height + 0.5, width, height - 1, not run.ok, title, run.first)


def lanes_of_columns(columns: Sequence[Column], places: Sequence[Place]) -> list[Lane]:
    """A bar a column, as high as it has steps beside the fullest of its lane, and red as far as they failed."""
    return [
        Lane(
            kind,
            sum(one.steps for one in group),
            sum(one.failed for one in group),
            list(bars_of_columns(group, places)),
        )
        for kind, group in by_kind(columns).items()
    ]


def bars_of_columns(columns: Sequence[Column], places: Sequence[Place]) -> Iterator[Bar]:
    fullest = max((one.steps for one in columns), default=0)
    for one in columns:
        x, end = places[one.place - 1]
        width, height = max((end - x) * 0.9, LEAST_WIDTH), max(HEIGHT * one.steps / fullest, 2)
        x = min(x, WIDTH - width)
        cost = f", {dollars(float(one.cost))}" if one.cost else ""
        title = f"{whole(one.steps)} steps, {whole(one.failed)} failed{cost}"
        yield Bar(x, HEIGHT - height, width, height, False, title)
        if one.failed:
            failed = max(height * one.failed / one.steps, 2)
            yield Bar(x, HEIGHT - failed, width, failed, True, title)


def by_kind(items: Sequence) -> dict:
    """In the order of LABELS, without the kinds of which there is none."""
    grouped: dict[str, list] = {kind: [] for kind in LABELS}
    for item in items:
        grouped[item.kind].append(item)
    return {kind: group for kind, group in grouped.items() if group}


Amounts = list[tuple[float, Decimal, int]]  # x, and the cost and tokens so far


def growth_of_runs(runs: Sequence[Run], axis: Axis) -> Amounts:
    return [(axis.x(run.ends), run.spent or Decimal(0), run.used or 0) for run in runs]


def growth_of_columns(columns: Sequence[Column], places: Sequence[Place]) -> Amounts:
    costs: dict[int, Decimal] = defaultdict(Decimal)
    tokens: dict[int, int] = defaultdict(int)
    for one in columns:
        costs[one.place] += one.cost or 0
        tokens[one.place] += one.tokens or 0
    spent, used = costs[0], tokens[0]
    grown = [(0.0, spent, used)]
    for place, (_, end) in enumerate(places, 1):
        spent, used = spent + costs[place], used + tokens[place]
        grown.append((end, spent, used))
    return grown


def lines_of(amounts: Amounts) -> list[Line]:
    """Each up to its own height; none of what stays at nought."""
    amounts = sorted(amounts)
    cost = line("Cost", [(x, float(cost)) for x, cost, _ in amounts], dollars)
    tokens = line("Tokens", [(x, float(tokens)) for x, _, tokens in amounts], whole)
    return [one for one in (cost, tokens) if one]


def line(name: str, points: Sequence[tuple[float, float]], written: Callable[[float], str]) -> Line | None:
    highest = max((value for _, value in points), default=0)
    if not highest:
        return None
    first, reached, steps = points[0][1], 0.0, []
    for x, value in points:
        reached = max(reached, value)  # parallel steps end in another order than they began
        steps.append(f"H{x:.1f}V{2 * HEIGHT * (1 - reached / highest):.1f}")
    path = f"M0,{2 * HEIGHT * (1 - first / highest):.1f}{''.join(steps)}H{WIDTH:.0f}"
    return Line(name, path, written(first), written(highest))
