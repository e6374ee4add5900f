"""Leave a site alone that is away: one state for all clients of a host, so that not each of them has to find out."""

import logging
import sqlite3
import time
from collections.abc import Callable
from math import ceil

from skills.api_client.store import Store

logger = logging.getLogger(__name__)
THRESHOLD = 5  # failed calls in a row
REST = 30.0  # seconds


class Away(Exception):
    """The site, or something on the way to it, did not do its work; nobody knows what became of the request."""

    def __init__(self, problem: str, error_type: str, retry_after: float | None = None) -> None:
        super().__init__(problem)
        self.error_type, self.retry_after = error_type, retry_after


class Breaker:
    """After `THRESHOLD` failed calls in a row nobody calls for `REST` seconds; then one call tries.

    Where the state cannot be read or written, calls are let through.
    """

    def __init__(self, store: Store, url: str, clock: Callable[[], float] = time.time) -> None:
        self.store, self.url, self.clock = store, url, clock

    def retry_after(self) -> float:
        """Seconds for which no call is let through; 0 when the breaker is closed or lets the next one try."""
        _, left = self.state()
        return max(0.0, left)

    def state(self) -> tuple[int, float]:
        """Failures in a row, and seconds left: above 0 while it is open, 0 or less when one call may try."""
        try:
            row = self.store.row("SELECT failures, open_until FROM breaker WHERE url = ?", [self.url])
        except (sqlite3.Error, OSError) as error:
            logger.warning("the breaker's state cannot be read: %s", error)
            return 0, 0
        if row is None:
            return 0, 0
        failures, open_until = row
        left = open_until - self.clock()
        # A clock that was set back must not keep it open for hours.
        return failures, left if left <= REST else 0

    def admit(self) -> bool:
        """Let a call go ahead; whether it is the one that tries for all. Raises Away with the seconds to stay away."""
        failures, left = self.state()
        if failures < THRESHOLD:
            return False
        if left > 0 or not self.take_turn():
            seconds = left if left > 0 else REST
            raise Away(f"The site is away: stop, and retry after {ceil(seconds)} s", "CircuitOpenError", seconds)
        return True

    def take_turn(self) -> bool:
        """One process gets it; should it die, another one after the next rest."""
        now = self.clock()
        return self.write(
            "UPDATE breaker SET open_until = ? WHERE url = ? AND (open_until <= ? OR open_until > ?)",
            [now + REST, self.url, now, now + REST],
        )

    def failed(self) -> None:
        now = self.clock()
        self.write(
            "INSERT INTO breaker VALUES (?, 1, 0) ON CONFLICT (url) DO UPDATE SET failures = failures + 1,"
            " open_until = CASE WHEN failures + 1 >= ? THEN ? ELSE 0 END",
            [self.url, THRESHOLD, now + REST],
        )

    def succeeded(self) -> None:
        if self.state()[0]:
            self.write("DELETE FROM breaker WHERE url = ?", [self.url])

    def write(self, statement: str, values: list[object]) -> bool:
        """Whether a row was changed."""
        try:
            return self.store.run(statement, values) > 0
        except (sqlite3.Error, OSError) as error:
            logger.warning("the breaker's state cannot be written: %s", error)
            return True
