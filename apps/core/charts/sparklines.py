from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from apps.core.charts.axes import Written, number
from apps.core.charts.series import spoken

WIDTH, HEIGHT = 100, 20


@dataclass(frozen=True)
class Sparkline:
    """Bars as small as a word, for a cell of a table. Each stands against its own highest value."""

    label: str
    labels: Sequence[str]
    values: Sequence[float | None]  # None: not known
    written: Written = number

    @property
    def title(self) -> str:
        """What the picture says, in words."""
        if not any(self.values):
            return f"{self.label}: none."
        return f"{self.label}: {spoken(self.values, self.labels, self.written)}"

    @property
    def path(self) -> str:
        """All bars as one path."""
        return "".join(self.bars())

    def bars(self) -> Iterator[str]:
        """What is not nought is at least to be seen."""
        highest = max((value for value in self.values if value), default=0)
        step = min(WIDTH / max(len(self.values), 1), WIDTH / 4)
        for place, value in enumerate(self.values):
            if value:
                top = HEIGHT - max(HEIGHT * value / highest, 1)
                yield f"M{place * step:.1f},{HEIGHT}V{top:.1f}h{step * 0.8:.1f}V{HEIGHT}z"
