"""Telemetry that waits on disk for the site: in order, bounded, each item once."""

import json
import logging
import sqlite3
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from skills.api_client.store import Store

logger = logging.getLogger(__name__)
MOST = 100_000  # items
LARGEST = 1_000_000  # bytes of one
OLDEST = 7 * 24 * 3600.0  # seconds
NEARLY = 0.8  # of either bound: time for a warning
BATCH_BYTES = 4_000_000
MOST_REFUSED = 1000

Item = tuple[int, str]  # its place in the queue, and its JSON


class NotKept(Exception):
    """The outbox is full or cannot be written, or the item is none for it."""


class Outbox:
    """Full, it takes no more, so that nothing is lost that was taken; only age removes what could not be sent.

    What is turned away and what grows too old is counted. Items that the site refuses are kept aside with its reason.
    """

    def __init__(self, store: Store, clock: Callable[[], float] = time.time) -> None:
        self.store, self.clock = store, clock
        self.warned = ""

    def put(self, kind: str, item: dict[str, Any]) -> str:
        """The item's id, its own or a new one; on return it is on disk. Raises NotKept."""
        now = self.clock()
        own = str(item.get("id") or uuid4())
        moment = datetime.fromtimestamp(now, UTC).isoformat()
        try:
            body = json.dumps({"created_at": moment, **item, "id": own, "kind": kind}, default=str, allow_nan=False)
        except (TypeError, ValueError) as error:
            raise NotKept(f"this cannot be kept: {error}") from error
        if len(body) > LARGEST:
            raise NotKept(f"an item may have {LARGEST} bytes, this has {len(body)}")
        try:
            if self.count() >= MOST:
                self.add_to("turned away", 1)
                raise NotKept(f"the outbox is full ({MOST} items); the site was away for too long")
            self.store.run("INSERT INTO outbox (kind, body, put_at) VALUES (?, ?, ?)", [kind, body, now])
        except (sqlite3.Error, OSError) as error:
            raise NotKept(f"the outbox cannot be written: {error}") from error
        return own

    def count(self) -> int:
        """At most these: whole numbers are given in a row, and sent items leave from the front."""
        # Two walks down the tree, where a count would read everything.
        ends = "SELECT (SELECT max(seq) FROM outbox), (SELECT min(seq) FROM outbox)"
        ((last, first),) = self.store.rows(ends)
        return last - first + 1 if last else 0

    def waits(self) -> bool:
        return self.has("SELECT 1 FROM outbox LIMIT 1")

    def is_behind(self) -> bool:
        """Whether something waits whose order matters: whatever comes now has to queue. A call's record never does."""
        return self.has("SELECT 1 FROM outbox WHERE kind <> 'invocation' LIMIT 1")

    def has(self, statement: str) -> bool:
        try:
            return self.store.row(statement) is not None
        except (sqlite3.Error, OSError):
            return False

    def first(self, most: int) -> list[Item]:
        """The oldest, as far as they fit into one request."""
        items: list[Item] = []
        size = 0
        for seq, body in self.store.rows("SELECT seq, body FROM outbox ORDER BY seq LIMIT ?", [most]):
            size += len(body)
            if items and size > BATCH_BYTES:
                break
            items.append((seq, body))
        return items

    def settle(self, items: list[Item], refused: dict[int, str]) -> None:
        """The site has answered for these, the first ones: they leave, the refused (seq: reason) to be looked at."""
        with self.store.transaction():
            for seq, reason in refused.items():
                self.store.run(
                    "INSERT OR IGNORE INTO refused SELECT seq, kind, body, put_at, ? FROM outbox WHERE seq = ?",
                    [reason, seq],
                )
            self.store.run("DELETE FROM outbox WHERE seq <= ?", [items[-1][0]])
            self.store.run(
                "DELETE FROM refused WHERE seq <= (SELECT seq FROM refused ORDER BY seq DESC LIMIT 1 OFFSET ?)",
                [MOST_REFUSED],
            )
            self.add_to("refused", len(refused))
        for reason in sorted(set(refused.values())):
            logger.warning("the site refused telemetry: %s", reason)

    def drop_old(self) -> int:
        dropped = self.store.run("DELETE FROM outbox WHERE put_at < ?", [self.clock() - OLDEST])
        if dropped:
            self.add_to("grown too old", dropped)
            logger.error("%s items of telemetry were dropped: the site was away for too long", dropped)
        return dropped

    def warn(self) -> None:
        """Once, before items get lost."""
        count, age = self.count(), self.age()
        trouble = "full" if count > NEARLY * MOST else "too old" if age > NEARLY * OLDEST else ""
        if trouble and trouble != self.warned:
            message = "the outbox is soon %s: %s items, the oldest waits for %.1f h; is the site away?"
            logger.warning(message, trouble, count, age / 3600)
        self.warned = trouble

    def age(self) -> float:
        """Seconds for which the oldest item has waited."""
        row = self.store.row("SELECT put_at FROM outbox ORDER BY seq LIMIT 1")
        return max(0.0, self.clock() - row[0]) if row else 0.0

    def add_to(self, counter: str, number: int) -> None:
        if number:
            self.store.run(
                "INSERT INTO counter VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = value + excluded.value",
                [counter, number],
            )

    def requeue_refused(self) -> int:
        """Put what was refused at the end of the queue again."""
        with self.store.transaction():
            again = "INSERT INTO outbox (kind, body, put_at) SELECT kind, body, put_at FROM refused ORDER BY seq"
            count = self.store.run(again)
            self.store.run("DELETE FROM refused")
        return count

    def summary(self) -> dict[str, Any]:
        """Waiting by kind, the oldest's age in seconds, the refused with reasons, and what was ever lost."""
        by_kind = self.store.rows("SELECT kind, count(*) FROM outbox GROUP BY kind ORDER BY kind")
        reasons = self.store.rows("SELECT kind, reason, count(*) FROM refused GROUP BY kind, reason ORDER BY 3 DESC")
        return {
            "waiting": dict(by_kind),
            "oldest_seconds": round(self.age(), 1),
            "most": MOST,
            "refused": [{"kind": kind, "reason": reason, "count": count} for kind, reason, count in reasons],
            "ever": dict(self.store.rows("SELECT name, value FROM counter ORDER BY name")),
        }
