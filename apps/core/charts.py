"""Charts as SVG that the server draws: no script, both themes, and a table with the same numbers beside each.

The plot is stretched to the width that there is, so it holds shapes only; all text is HTML around it.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

Kind = Literal["bars", "lines", "area"]
WIDTH, HEIGHT = 1000, 200
MOST_SERIES = 5
TICKS = 4
LABELS = 6
ROOM_FOR_ALL = 8  # labels, each under its own bar


@dataclass(frozen=True)
class Series:
    label: str
    values: Sequence[float | None]  # None: not known, which is not nought


@dataclass(frozen=True)
class Shape:
    """A bar, or a line's or area's path; `number` is its series', from 1, which gives it its colour."""

    number: int
    title: str
    path: str = ""
    x: str = ""
    y: str = ""
    width: str = ""
    height: str = ""


def number(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) else f"{value:,.2f}"


@dataclass(frozen=True)
class Chart:
    """One value of each series a label. Bars of several series are stacked.

    Raises:
        ValueError: more series than can be told apart, or of different lengths.
    """

    title: str
    kind: Kind
    labels: Sequence[str]
    series: Sequence[Series]
    written: Callable[[float], str] = number  # of a value, with its unit

    def __post_init__(self) -> None:
        if len(self.series) > MOST_SERIES:
            raise ValueError(f"{len(self.series)} series: at most {MOST_SERIES} can be told apart")
        if any(len(one.values) != len(self.labels) for one in self.series):
            raise ValueError("a series has more or fewer values than there are labels")

    @property
    def is_empty(self) -> bool:
        return not any(value for one in self.series for value in one.values)

    @property
    def top(self) -> float:
        """Of the axis: the first nice number that no bar or line exceeds."""
        columns = zip(*(one.values for one in self.series), strict=True)
        together = sum if self.kind == "bars" else max
        highest = max((together([value or 0 for value in column]) for column in columns), default=0)
        return nice(highest / TICKS) * TICKS

    @property
    def ticks(self) -> list[str]:
        """From the top down."""
        return [self.written(self.top * step / TICKS) for step in range(TICKS, -1, -1)]

    @property
    def grid(self) -> list[float]:
        return [HEIGHT * step / TICKS for step in range(TICKS + 1)]

    @property
    def has_room(self) -> bool:
        return self.kind == "bars" and len(self.labels) <= ROOM_FOR_ALL

    @property
    def shown_labels(self) -> list[str]:
        """All, or some of them, evenly spread from the first to the last."""
        last = len(self.labels) - 1
        if self.has_room or last < LABELS:
            return list(self.labels)
        return [self.labels[round(last * place / (LABELS - 1))] for place in range(LABELS)]

    @property
    def summary(self) -> str:
        """For those who hear the chart."""
        if self.is_empty:
            return "No values."
        return " ".join(f"{one.label}: {spoken(one.values, self.labels, self.written)}" for one in self.series)

    @property
    def shapes(self) -> list[Shape]:
        return list(self.bars() if self.kind == "bars" else self.paths())

    def bars(self) -> Iterator[Shape]:
        step = WIDTH / max(len(self.labels), 1)
        heights = [0.0] * len(self.labels)
        for index, one in enumerate(self.series, 1):
            for place, value in enumerate(one.values):
                if value:
                    height = HEIGHT * value / self.top
                    heights[place] += height
                    title = f"{self.labels[place]}, {one.label}: {self.written(value)}"
                    box = (place * step + step * 0.1, HEIGHT - heights[place], step * 0.8, height)
                    yield Shape(index, title, "", *(f"{part:.1f}" for part in box))

    def paths(self) -> Iterator[Shape]:
        for index, one in enumerate(self.series, 1):
            title = f"{one.label}: {spoken(one.values, self.labels, self.written)}"
            for points in runs(one.values):
                yield Shape(index, title, self.path(points))

    def path(self, points: Sequence[tuple[int, float]]) -> str:
        """A point alone is a short line, so that it can be seen."""
        step = WIDTH / max(len(self.labels) - 1, 1)
        places = [(place * step, HEIGHT - HEIGHT * value / self.top) for place, value in points]
        if len(places) == 1:
            (x, y), half = places[0], min(step, WIDTH / 50) / 2
            places = [(max(x - half, 0), y), (min(x + half, WIDTH), y)]
        line = "M" + "L".join(f"{x:.1f},{y:.1f}" for x, y in places)
        return f"{line}V{HEIGHT}H{places[0][0]:.1f}Z" if self.kind == "area" else line

    @property
    def rows(self) -> Iterator[tuple[str, list[str]]]:
        """The table twin: each label with what the series say there."""
        columns = zip(*(one.values for one in self.series), strict=True) if self.series else [()] * len(self.labels)
        for label, values in zip(self.labels, columns, strict=True):
            yield label, ["unknown" if value is None else self.written(value) for value in values]


def nice(value: float) -> float:
    """The first of 1, 2, 2.5 or 5 times a power of ten that is not smaller; 1 for nought."""
    if value <= 0:
        return 1
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (1, 2, 2.5, 5, 10) if step * power >= value * (1 - 1e-9))


def runs(values: Sequence[float | None]) -> Iterator[list[tuple[int, float]]]:
    """Neighbouring known values: a line must not lead over what is unknown."""
    run: list[tuple[int, float]] = []
    for place, value in enumerate([*values, None]):
        if value is not None:
            run.append((place, value))
        elif run:
            yield run
            run = []


def spoken(values: Sequence[float | None], labels: Sequence[str], written: Callable[[float], str]) -> str:
    known = [(value, label) for value, label in zip(values, labels, strict=True) if value is not None]
    if not known:
        return "unknown."
    highest, when = max(known, key=lambda pair: pair[0])
    return f"at most {written(highest)} ({when}), {written(known[-1][0])} at the end."
