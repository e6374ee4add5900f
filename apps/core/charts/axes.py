"""Axes from nought: where their ticks are and how they are written, all in one unit and with as many digits."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.utils.text import Truncator

from apps.core import figures

Written = Callable[[float], str]
TICKS = 4  # at most, beside nought
LABELS = 5
ROOM_FOR_ALL = 8  # labels, each under its own bar
LONGEST = 15  # of a label that stands for its neighbours too


def number(value: float) -> str:
    if value == int(value):
        return f"{value:,.0f}"
    return f"{value:,.2f}" if abs(value) >= 0.01 else f"{value:.2g}"


@dataclass(frozen=True)
class Unit:
    """How one kind of number stands at an axis: from which top on by what it is divided, and what follows it."""

    sizes: tuple[tuple[float, float, str], ...] = ((1e9, 1e9, " B"), (1e6, 1e6, " M"), (0, 1, ""))
    prefix: str = ""
    digits: int = 0  # after the point, where there are any

    def ticks(self, steps: Sequence[float]) -> list[str]:
        divisor, suffix = next((size, suffix) for least, size, suffix in self.sizes if max(steps) >= least)
        digits = max((decimals(step / divisor) for step in steps), default=0)
        digits = max(digits, self.digits) if digits else 0
        return [f"{self.prefix}{step / divisor:,.{digits}f}{suffix}" for step in steps]


PLAIN = Unit()
UNITS: dict[Written, Unit] = {
    number: PLAIN,
    figures.whole: PLAIN,
    figures.compact: PLAIN,
    figures.dollars: Unit(prefix="$", digits=2),
    figures.milliseconds: Unit(((10_000, 1000, " s"), (0, 1, " ms"))),
    figures.share: Unit(((0, 0.01, " %"),)),
}


def decimals(value: float) -> int:
    """How many digits after the point it takes."""
    return next((digits for digits in range(16) if math.isclose(round(value, digits), value, rel_tol=1e-9)), 16)


@dataclass(frozen=True)
class Axis:
    """From nought to the first nice number that is not below `highest`."""

    step: float
    steps: int

    @classmethod
    def up_to(cls, highest: float, *, whole: bool) -> "Axis":
        """Counts are `whole`: there are no halves of them."""
        step = nice(highest / TICKS, whole=whole)
        return cls(step, max(1, math.ceil(highest / step * (1 - 1e-9))))

    @property
    def top(self) -> float:
        return self.step * self.steps

    def ticks(self, written: Written) -> list[str]:
        """From the top down."""
        steps = [self.step * place for place in range(self.steps, -1, -1)]
        unit = UNITS.get(written)
        return unit.ticks(steps) if unit else [written(step) for step in steps]


def nice(value: float, *, whole: bool = False) -> float:
    """The first of 1, 2, 2.5 or 5 times a power of ten that is not smaller; 1 for nought, and no less if `whole`."""
    if value <= 0 or (whole and value <= 1):
        return 1
    power = 10.0 ** math.floor(math.log10(value))
    steps = (1, 2, 5, 10) if whole and power < 10 else (1, 2, 2.5, 5, 10)
    return next(step * power for step in steps if step * power >= value * (1 - 1e-9))


@dataclass(frozen=True)
class Place:
    """Under the plot, as wide as a bar; `text` is empty where there is no room for it."""

    text: str
    minor: bool  # the first to go where the window is narrow


def places(labels: Sequence[str]) -> list[Place]:
    """All labels, or some of them, evenly spread; none so near to the end that it would be cut."""
    if len(labels) <= ROOM_FOR_ALL:
        crowded = len(labels) > LABELS
        return [Place(label, minor=crowded and bool(index % 2)) for index, label in enumerate(labels)]
    apart = -(-len(labels) // LABELS)
    room = [min(apart, len(labels) - index) for index in range(len(labels))]
    return [
        Place("", minor=False)
        if index % apart or room[index] <= apart / 2
        else Place(Truncator(label).chars(LONGEST), minor=bool(index // apart % 2) or room[index] < apart)
        for index, label in enumerate(labels)
    ]
