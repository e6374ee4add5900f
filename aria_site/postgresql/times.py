"""Times beyond Python's years 1 to 9999, which other programs may have written.

PostgreSQL knows `infinity`, and years from 4714 BC to 294276; one such value in one row must not break every list
that holds it. It reads as the last or first moment that Python has: still later or earlier than any other, where
"none" would say that a goal is unfinished or a token never expires. The row itself keeps what was written.

Python's own parser reads what PostgreSQL writes, several times as fast as psycopg's expressions.
"""

import re
from datetime import UTC, date, datetime, tzinfo
from functools import lru_cache
from typing import TypeVar

from psycopg.abc import Buffer
from psycopg.adapt import AdaptersMap, Loader

Time = TypeVar("Time", datetime, date)
TOO_EARLY = re.compile(rb"-infinity|.* BC")
TOO_LATE = re.compile(rb"infinity|\d{5,}-.*")


@lru_cache
def with_bounded_times(adapters: AdaptersMap, zone: tzinfo) -> AdaptersMap:
    class ZonedMoment(BoundedMoment):
        timezone = zone

    bounded = AdaptersMap(adapters)
    bounded.register_loader("timestamptz", ZonedMoment)
    bounded.register_loader("timestamp", BoundedTimestamp)
    bounded.register_loader("date", BoundedDate)
    return bounded


class BoundedMoment(Loader):
    timezone: tzinfo = UTC  # Django compares it with its own

    def load(self, data: Buffer) -> datetime:
        try:
            return datetime.fromisoformat(str(data, "ascii")).astimezone(self.timezone)
        except (ValueError, OverflowError):
            return nearest(data, datetime.min, datetime.max).replace(tzinfo=self.timezone)


class BoundedTimestamp(Loader):
    def load(self, data: Buffer) -> datetime:
        try:
            return datetime.fromisoformat(str(data, "ascii"))
        except ValueError:
            return nearest(data, datetime.min, datetime.max)


class BoundedDate(Loader):
    def load(self, data: Buffer) -> date:
        try:
            return date.fromisoformat(str(data, "ascii"))
        except ValueError:
            return nearest(data, date.min, date.max)


def nearest(data: Buffer, earliest: Time, latest: Time) -> Time:
    """Within an `except` block, whose error it raises anew where the text is no such time."""
    text = bytes(data)
    if TOO_EARLY.fullmatch(text):
        return earliest
    if TOO_LATE.fullmatch(text):
        return latest
    raise
