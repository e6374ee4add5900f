"""Bars, lines and areas over a row of labels, mostly of times."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from html import escape
from typing import Literal

from django.utils.safestring import SafeString, mark_safe

from apps.core.charts.axes import ROOM_FOR_ALL, Axis, Place, Written, number, places

Kind = Literal["bars", "histogram", "lines", "area"]
WIDTH, HEIGHT = 1000, 200
MOST_SERIES = 5
WIDEST_BAR = 120
SHARE = {"bars": 0.8, "histogram": 0.96}  # of its place that a bar takes


@dataclass(frozen=True)
class Series:
    label: str
    values: Sequence[float | None]  # None: not known, which is not nought


@dataclass(frozen=True)
class Shape:
    """A `block`, a path (`line`, `fill`, or `dot` of a single point), or the `band` over all series of a label.

    `number` is its series', from 1, which gives it its colour.
    """

    number: int
    look: Literal["block", "line", "fill", "dot", "band"]
    title: str = ""
    path: str = ""
    x: str = ""
    y: str = ""
    width: str = ""
    height: str = ""

    @property
    def svg(self) -> str:
        if self.path:
            return f'<path class="{self.look} c{self.number}" d="{self.path}"/>'
        box = f'x="{self.x}" y="{self.y}" width="{self.width}" height="{self.height}"'
        return f'<rect class="{self.look} c{self.number}" {box}><title>{escape(self.title)}</title></rect>'


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
    written: Written = number  # of a value, with its unit
    heading: str = "Time"  # of the labels, in the table
    below: Sequence[str] = ()  # under the plot in the place of the labels

    def __post_init__(self) -> None:
        if len(self.series) > MOST_SERIES:
            raise ValueError(f"{len(self.series)} series: at most {MOST_SERIES} can be told apart")
        if any(len(one.values) != len(self.labels) for one in self.series):
            raise ValueError("a series has more or fewer values than there are labels")

    @property
    def stands(self) -> bool:
        return self.kind in SHARE

    @property
    def is_empty(self) -> bool:
        """Bars of nought cannot be seen; a line at nought can, and says something."""
        values = [value for one in self.series for value in one.values]
        return not any(values) if self.stands else all(value is None for value in values)

    @cached_property
    def columns(self) -> list[tuple[float | None, ...]]:
        """The values a label."""
        return list(zip(*(one.values for one in self.series), strict=True)) or [()] * len(self.labels)

    @cached_property
    def axis(self) -> Axis:
        """No bar or line exceeds its top."""
        known = [[value for value in column if value is not None] for column in self.columns]
        together = sum if self.stands else max
        highest = max((together(column) for column in known if column), default=0)
        return Axis.up_to(highest, whole=all(value == int(value) for column in known for value in column))

    @property
    def ticks(self) -> list[str]:
        return self.axis.ticks(self.written)

    @property
    def grid(self) -> list[str]:
        return [f"{HEIGHT * step / self.axis.steps:.1f}" for step in range(self.axis.steps + 1)]

    @property
    def places(self) -> list[Place]:
        return places(self.below or self.labels)

    @property
    def has_room(self) -> bool:
        return not self.below and len(self.labels) <= ROOM_FOR_ALL

    @property
    def summary(self) -> str:
        """For those who hear the chart."""
        if self.is_empty:
            return "No values."
        return " ".join(f"{one.label}: {spoken(one.values, self.labels, self.written)}" for one in self.series)

    @property
    def shapes(self) -> Iterator[Shape]:
        if self.stands:
            return self.bars()
        return self.paths()

    @property
    def drawing(self) -> SafeString:
        """Written here, for a template takes longer for hundreds of shapes than for the rest of its page."""
        return mark_safe("\n".join(shape.svg for shape in self.shapes))

    @property
    def step(self) -> float:
        """From a label to the next."""
        return WIDTH / max(len(self.labels), 1)

    def bars(self) -> Iterator[Shape]:
        width = min(self.step * SHARE[self.kind], WIDEST_BAR if self.kind == "bars" else WIDTH)
        for place, column in enumerate(self.columns):
            height, left = 0.0, (place + 0.5) * self.step - width / 2
            for index, value in enumerate(column):
                if value:
                    own = HEIGHT * value / self.axis.top
                    height += own
                    title = f"{self.labels[place]}, {self.series[index].label}: {self.written(value)}"
                    box = (left, HEIGHT - height, width, own)
                    yield Shape(index + 1, "block", title, "", *(f"{part:.1f}" for part in box))

    def paths(self) -> Iterator[Shape]:
        for index, one in enumerate(self.series, 1):
            for points in runs(one.values):
                yield from self.run(index, [self.point(*point) for point in points])
        for place, column in enumerate(self.columns):
            if any(value is not None for value in column):
                x, width = place * self.step, self.step
                yield Shape(0, "band", self.told(place, column), "", f"{x:.1f}", "0", f"{width:.1f}", f"{HEIGHT}")

    def run(self, index: int, points: Sequence[tuple[float, float]]) -> Iterator[Shape]:
        if len(points) == 1:
            yield Shape(index, "dot", path="M{:.1f},{:.1f}h0".format(*points[0]))
            return
        line = "M" + "L".join(f"{x:.1f},{y:.1f}" for x, y in points)
        if self.kind == "area":
            yield Shape(index, "fill", path=f"{line}V{HEIGHT}H{points[0][0]:.1f}Z")
        yield Shape(index, "line", path=line)

    def point(self, place: int, value: float) -> tuple[float, float]:
        return (place + 0.5) * self.step, HEIGHT - HEIGHT * value / self.axis.top

    def told(self, place: int, column: Sequence[float | None]) -> str:
        """All that is said at a label."""
        values = [f"{one.label} {self.said(value)}" for one, value in zip(self.series, column, strict=True)]
        return f"{self.labels[place]}: {', '.join(values)}"

    def said(self, value: float | None) -> str:
        return "unknown" if value is None else self.written(value)

    @property
    def headings(self) -> list[str]:
        return [one.label for one in self.series]

    @property
    def rows(self) -> Iterator[tuple[str, list[str]]]:
        """The table twin: each label with what the series say there."""
        for label, column in zip(self.labels, self.columns, strict=True):
            yield label, [self.said(value) for value in column]


def runs(values: Sequence[float | None]) -> Iterator[list[tuple[int, float]]]:
    """Neighbouring known values: a line must not lead over what is unknown."""
    run: list[tuple[int, float]] = []
    for place, value in enumerate([*values, None]):
        if value is not None:
            run.append((place, value))
        elif run:
            yield run
            run = []


def spoken(values: Sequence[float | None], labels: Sequence[str], written: Written) -> str:
    known = [(value, label) for value, label in zip(values, labels, strict=True) if value is not None]
    if not known:
        return "unknown."
    highest, when = max(known, key=lambda pair: pair[0])
    return f"at most {written(highest)} ({when}), {written(known[-1][0])} at the end."
