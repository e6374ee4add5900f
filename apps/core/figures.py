"""Single numbers for people: with their unit, and beside what they were before."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True)
class Figure:
    """`value` is None where it is not known, `before` also where there is no period before."""

    label: str
    value: float | Decimal | None
    before: float | Decimal | None
    written: Callable[[float], str]
    note: str = ""  # what has to be known of the value

    @property
    def exact(self) -> str:
        return "" if self.value is None else f"{float(self.value):,.6f}".rstrip("0").rstrip(".")

    @property
    def text(self) -> str:
        return "unknown" if self.value is None else self.written(float(self.value))

    @property
    def change(self) -> str:
        """'12 % more than before'; empty where there is nothing to compare."""
        if self.value is None or self.before is None:
            return ""
        now, before = float(self.value), float(self.before)
        if now == before:
            return "as before"
        if not before:
            return "none before"
        percent = round(100 * abs(now - before) / before)
        if percent > 999:
            return f"{now / before:,.0f} times as before"
        return f"{percent or 'under 1'} % {'more' if now > before else 'less'} than before"

    @property
    def was(self) -> str:
        return "" if self.before is None else f"{self.written(float(self.before))} in the period before"


def whole(value: float) -> str:
    return f"{value:,.0f}"


def compact(value: float) -> str:
    """5.64 B, 133.5 M; whole below a million."""
    for size, unit in ((1e9, "B"), (1e6, "M")):
        if abs(value) >= size:
            return f"{value / size:,.2f} {unit}"
    return whole(value)


def dollars(value: float) -> str:
    """Cents, and of small sums as many digits as it takes to see something."""
    if value == 0 or abs(value) >= 1:
        return f"${value:,.2f}"
    return f"${value:.4f}" if abs(value) >= 0.0001 else "under $0.0001"


def share(value: float) -> str:
    return f"{100 * value:.1f} %"


def milliseconds(value: float) -> str:
    return f"{value:,.0f} ms" if value < 10_000 else f"{value / 1000:,.1f} s"


UNITS = ((86_400, "d", 3_600, "h"), (3_600, "h", 60, "min"), (60, "min", 1, "s"))  # in seconds


def duration(value: float) -> str:
    """Of milliseconds, its two largest units: 337 ms, 4.7 s, 1 min 14 s, 3 h 5 min, 2 d 4 h."""
    seconds = value / 1000
    if seconds < 60:
        return f"{value:,.0f} ms" if value < 1000 else f"{seconds:.1f} s"
    size, unit, smaller, lesser = next(units for units in UNITS if seconds >= units[0])
    rest = int(seconds % size / smaller)
    return f"{int(seconds / size):,} {unit}" + (f" {rest} {lesser}" if rest else "")
