"""What a site does by itself every so often: each duty in one process only, however many serve.

A duty is registered in AppConfig.ready() and runs on a thread of the server process. Whoever holds its advisory
lock does it; the others ask again for the lock, and so take over when that process ends. A duty that fails is
logged and tried again, and so is a database that is away.
"""

import atexit
import logging
import threading
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass

import psycopg
from django.db import connections

from apps.core.live import connection_arguments

logger = logging.getLogger(__name__)
LONGEST_REST = 30  # seconds between two tries to reach a database
PATIENCE_SECONDS = 2  # how long the end of the process waits for duties that are at work
LOCKS = 7_202_002  # the first half of the advisory locks; the second is made of the duty's name


@dataclass(frozen=True)
class Duty:
    name: str
    seconds: float
    function: Callable[[], object]

    def run(self, stopping: threading.Event) -> None:
        away = False
        while not stopping.is_set():
            try:
                self.do_while_ours(stopping)
                away = False
            except psycopg.Error as error:
                if not away:
                    logger.warning("%s: no database (%s); trying again", self.name, error)
                away = True
            stopping.wait(min(self.seconds, LONGEST_REST))

    def do_while_ours(self, stopping: threading.Event) -> None:
        """Not at all while another process holds the lock. Its connection does nothing else, so no work can lose it."""
        key = key_of(self.name)
        with psycopg.connect(**connection_arguments() | {"application_name": f"aria-site {self.name}"}) as guard:
            # Asking for a lock that is ours already says that the connection still stands.
            while guard.execute("SELECT pg_try_advisory_lock(%s, %s)", key).fetchone() == (True,):
                self.do()
                if stopping.wait(self.seconds):
                    return

    def do(self) -> None:
        try:
            self.function()
        except Exception:
            logger.exception("%s failed; trying again in %s s", self.name, self.seconds)
        finally:
            connections.close_all()


def key_of(name: str) -> list[int]:
    """Of the advisory lock."""
    return [LOCKS, zlib.crc32(name.encode()) - 2**31]


duties: dict[str, Duty] = {}
threads: list[threading.Thread] = []
stopping = threading.Event()  # a duty that takes long may look at it


def every(seconds: float, name: str, function: Callable[[], object]) -> None:
    """Call `function` every `seconds` while the site serves; 0 means never."""
    if seconds > 0:
        duties[name] = Duty(name, seconds, function)


def start() -> None:
    """Once, in the process that serves: commands and tests do no duties."""
    for duty in duties.values():
        threads.append(threading.Thread(target=duty.run, args=[stopping], name=duty.name, daemon=True))
        threads[-1].start()
    atexit.register(stop)


def stop() -> None:
    stopping.set()
    deadline = time.monotonic() + PATIENCE_SECONDS
    for thread in threads:
        thread.join(max(0, deadline - time.monotonic()))
