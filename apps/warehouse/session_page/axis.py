"""The time axis of what is shown: as long as its busy times, with the idle gaps between them drawn narrow."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

WIDTH = 1000.0
GAP_WIDTH = 12.0
SMALLEST = timedelta(milliseconds=1)  # nothing shorter is shown
TICKS = 5
LEAST_SHARE = 0.01  # of the busy time: a moment between two gaps still takes some room


@dataclass(frozen=True)
class Window:
    """What is shown of a session."""

    since: datetime
    until: datetime

    @property
    def length(self) -> timedelta:
        return self.until - self.since

    def within(self, whole: "Window") -> "Window":
        """As long as before if there is room, and in any case not beyond the whole."""
        length = min(max(self.length, SMALLEST), whole.length)
        since = max(whole.since, min(self.since, whole.until - length))
        return Window(since, since + length)

    def moved(self, share: float) -> "Window":
        return Window(self.since + self.length * share, self.until + self.length * share)

    def scaled(self, by: float) -> "Window":
        """Shorter or longer around its middle."""
        middle, half = self.since + self.length / 2, self.length * by / 2
        return Window(middle - half, middle + half)


@dataclass(frozen=True)
class Piece:
    """A busy time or an idle gap, and where it is drawn."""

    since: datetime
    until: datetime
    x: float
    width: float
    is_gap: bool

    @property
    def milliseconds(self) -> float:
        return (self.until - self.since) / timedelta(milliseconds=1)


@dataclass(frozen=True)
class Axis:
    window: Window
    gaps: Sequence[tuple[datetime, datetime]]  # within the window, in order

    @cached_property
    def pieces(self) -> list[Piece]:
        spans = [(since, until, is_gap) for since, until, is_gap in self.spans()]
        busy = [until - since for since, until, is_gap in spans if not is_gap]
        least = max(sum(busy, timedelta()) * LEAST_SHARE, SMALLEST)
        weight = sum(busy, timedelta()) + least * len(busy)
        room = WIDTH - GAP_WIDTH * len(self.gaps)
        pieces, x = [], 0.0
        for since, until, is_gap in spans:
            width = GAP_WIDTH if is_gap else room * ((until - since + least) / weight)
            pieces.append(Piece(since, until, x, width, is_gap))
            x += width
        return pieces

    def spans(self):
        """Busy times and gaps in turn, from a busy time to a busy time, which may be but a moment."""
        since = self.window.since
        for idle_since, idle_until in self.gaps:
            yield since, idle_since, False
            yield idle_since, idle_until, True
            since = idle_until
        yield since, self.window.until, False

    def x(self, moment: datetime) -> float:
        """Where it is drawn, from 0 to WIDTH; what is beyond the window at its edge."""
        moment = min(max(moment, self.window.since), self.window.until)
        place = bisect_right(self.pieces, moment, key=lambda piece: piece.since) - 1
        piece = self.pieces[max(place, 0)]
        if piece.is_gap and moment == piece.since:  # what was busy until then, if only for that moment
            piece = self.pieces[place - 1]
        if piece.until == piece.since:
            return piece.x + piece.width / 2
        return piece.x + piece.width * min((moment - piece.since) / (piece.until - piece.since), 1)

    def moment(self, x: float) -> datetime:
        """What is drawn there."""
        place = bisect_right(self.pieces, x, key=lambda piece: piece.x) - 1
        piece = self.pieces[max(place, 0)]
        return piece.since + (piece.until - piece.since) * min((x - piece.x) / piece.width, 1)

    def starts_of_columns(self, count: int) -> list[datetime]:
        return [self.moment(WIDTH * number / count) for number in range(count)]

    @property
    def idle(self) -> list[Piece]:
        return [piece for piece in self.pieces if piece.is_gap]

    @property
    def idle_milliseconds(self) -> float:
        return sum(piece.milliseconds for piece in self.idle)

    @property
    def ticks(self) -> list[datetime]:
        return [self.moment(WIDTH * number / (TICKS - 1)) for number in range(TICKS)]
