"""The file that all clients of a host share: the outbox and the state of the breaker."""

import logging
import os
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from weakref import WeakSet

logger = logging.getLogger(__name__)
NAME = "skills.db"
PATIENCE = 5  # seconds to wait for another process that is writing
TABLES = """
    CREATE TABLE IF NOT EXISTS outbox (
        seq INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, body TEXT NOT NULL, put_at REAL NOT NULL
    );
    CREATE INDEX IF NOT EXISTS outbox_in_order ON outbox (seq) WHERE kind <> 'invocation';
    CREATE TABLE IF NOT EXISTS refused (
        seq INTEGER PRIMARY KEY, kind TEXT NOT NULL, body TEXT NOT NULL, put_at REAL NOT NULL, reason TEXT NOT NULL
    );
    CREATE TABLE IF NOT EXISTS counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
    CREATE TABLE IF NOT EXISTS breaker (url TEXT PRIMARY KEY, failures INTEGER NOT NULL, open_until REAL NOT NULL);
"""


class Store:
    """A SQLite file. What `run` returned from is there after a `kill -9`; a power cut may cost the last moment."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / NAME
        self.lock = threading.RLock()
        self.connection: sqlite3.Connection | None = None
        self.abandoned: list[sqlite3.Connection | None] = []
        stores.add(self)

    def after_fork(self) -> None:
        """The connection is the parent's and must not even be closed here; one of its threads may hold the lock."""
        self.abandoned.append(self.connection)
        self.connection, self.lock = None, threading.RLock()

    def run(self, statement: str, values: Sequence[Any] = ()) -> int:
        """The number of rows changed. Raises sqlite3.Error or OSError, as all of these."""
        with self.lock:
            return self.opened().execute(statement, values).rowcount

    def rows(self, statement: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        with self.lock:
            return self.opened().execute(statement, values).fetchall()

    def row(self, statement: str, values: Sequence[Any] = ()) -> tuple[Any, ...] | None:
        with self.lock:
            found: tuple[Any, ...] | None = self.opened().execute(statement, values).fetchone()
            return found

    @contextmanager
    def transaction(self) -> Iterator[None]:
        with self.lock:
            self.run("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self.run("ROLLBACK")
                raise
            self.run("COMMIT")

    def opened(self) -> sqlite3.Connection:
        if self.connection is None:
            self.connection = self.open()
        return self.connection

    def open(self) -> sqlite3.Connection:
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # What agents think and do is nobody else's business; SQLite gives its other files the same mode.
        os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))
        try:
            return self.connected()
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):
                raise
            broken = self.path.with_name(f"{NAME}.broken-{time.time():.0f}")
            logger.error("%s is damaged (%s); it is now %s, and a new one is begun", self.path, error, broken.name)
            self.path.rename(broken)
            return self.connected()

    def connected(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, PATIENCE, isolation_level=None, check_same_thread=False)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            # Without an fsync a write is safe from the death of the process, and costs microseconds.
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.executescript(TABLES)
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    def close(self) -> None:
        with self.lock:
            if self.connection is not None:
                self.connection.close()
            self.connection = None

    @contextmanager
    def turn(self) -> Iterator[bool]:
        """Whether this is now the only sender of the host. Whoever dies gives the turn back with its file locks."""
        gate = sqlite3.connect(self.path.with_name("skills-sender.db"), 0, isolation_level=None)
        try:
            gate.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError:
            gate.close()
            yield False
            return
        try:
            yield True
        finally:
            gate.close()


stores: WeakSet[Store] = WeakSet()


def after_fork() -> None:
    for store in stores:
        store.after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=after_fork)
