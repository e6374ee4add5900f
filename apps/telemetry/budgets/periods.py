"""The time that a limit is for, and where the pace within it leads."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

EARLY = 0.05  # of the period: before that one call more or less would turn a forecast round


@dataclass(frozen=True)
class Window:
    start: datetime
    end: datetime

    def elapsed(self, now: datetime) -> float:
        """The share of it that is over, from 0 to 1."""
        return (now - self.start) / (self.end - self.start)

    def forecast(self, spent: Decimal, now: datetime) -> Decimal | None:
        """What will be spent at its end if it goes on like this; None where it is too early to say."""
        elapsed = self.elapsed(now)
        return None if elapsed < EARLY else (spent / Decimal(elapsed)).quantize(Decimal("0.000001"))

    def reaches(self, limit: Decimal, spent: Decimal, now: datetime) -> datetime | None:
        """When the limit is reached at this pace, if that is still to come and within the period."""
        forecast = self.forecast(spent, now)
        if forecast is None or spent >= limit or forecast < limit:
            return None
        return self.start + (now - self.start) * float(limit / spent)

    def seconds_left(self, now: datetime) -> int:
        return -((now - self.end) // timedelta(seconds=1))
