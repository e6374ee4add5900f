import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from html import escape

from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe

from apps.core.charts.axes import Place, Written, number

LEVELS = 5
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
HOURS = tuple(f"{hour:02}:00" for hour in range(24))
HOURS_APART = 6  # of those that are named


@dataclass(frozen=True)
class Cell:
    """`level` is 0 for nought and None where nothing is known, else 1 to LEVELS."""

    x: int
    y: int
    level: int | None
    title: str

    @property
    def svg(self) -> str:
        level = "" if self.level is None else self.level
        box = f'x="{self.x}" y="{self.y}" width="1" height="1"'
        return f'<rect class="h{level}" {box}><title>{escape(self.title)}</title></rect>'


@dataclass(frozen=True)
class HeatMap:
    """A value for each hour of each day of a week; None where it is not known.

    Raises:
        ValueError: other than 7 rows of 24 values.
    """

    title: str
    values: Sequence[Sequence[float | None]]
    written: Written = number
    heading = "Hour"

    def __post_init__(self) -> None:
        if [len(row) for row in self.values] != [len(HOURS)] * len(DAYS):
            raise ValueError("a week has 7 days of 24 hours")

    @property
    def is_empty(self) -> bool:
        return not self.highest

    @cached_property
    def highest(self) -> float:
        return max((value for row in self.values for value in row if value), default=0)

    @property
    def headings(self) -> list[str]:
        return [day[:3] for day in DAYS]

    @property
    def places(self) -> list[Place]:
        """The hours under the plot."""
        return [Place("" if hour % HOURS_APART else name, minor=False) for hour, name in enumerate(HOURS)]

    @property
    def cells(self) -> Iterator[Cell]:
        for y, row in enumerate(self.values):
            for x, value in enumerate(row):
                yield Cell(x, y, self.level(value), f"{DAYS[y]} {HOURS[x]}: {self.said(value)}")

    @property
    def drawing(self) -> SafeString:
        return mark_safe("\n".join(cell.svg for cell in self.cells))

    def level(self, value: float | None) -> int | None:
        return value if value is None else math.ceil(LEVELS * value / self.highest) if value else 0

    def said(self, value: float | None) -> str:
        return "unknown" if value is None else self.written(value)

    @property
    def legend(self) -> list[tuple[int, str]]:
        """Each level with what it stands for."""
        bounds = [self.highest * level / LEVELS for level in range(LEVELS + 1)]
        above = [(level, f"up to {self.written(bound)}") for level, bound in enumerate(bounds)]
        return [(0, self.written(0)), *above[1:]]

    @property
    def summary(self) -> str:
        if self.is_empty:
            return "No values."
        known = [(value, y, x) for y, row in enumerate(self.values) for x, value in enumerate(row) if value is not None]
        value, y, x = max(known, key=lambda cell: cell[0])
        return f"At most {self.written(value)}, on {DAYS[y]}s at {HOURS[x]}."

    @property
    def rows(self) -> Iterator[tuple[str, list[str]]]:
        """The table twin: an hour a row, for phones."""
        for x, hour in enumerate(HOURS):
            yield hour, [self.said(row[x]) for row in self.values]


def hours_of_week(values: Iterable[tuple[datetime, float]]) -> list[list[float]]:
    """Sums by the hour, added up by weekday and hour of the person's zone."""
    sums: dict[tuple[int, int], float] = defaultdict(float)
    for moment, value in values:
        local = timezone.localtime(moment)
        sums[local.weekday(), local.hour] += value
    return [[sums[day, hour] for hour in range(len(HOURS))] for day in range(len(DAYS))]
