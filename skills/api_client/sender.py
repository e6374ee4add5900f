"""Brings the outbox to the site, from a thread of its own."""

import atexit
import logging
import sqlite3
import threading
from http import HTTPStatus

import httpx

from skills.api_client.answers import judged, problem_of, unanswered
from skills.api_client.breaker import Away, Breaker
from skills.api_client.outbox import Item, Outbox

logger = logging.getLogger(__name__)
GATHER = 0.25  # seconds in which more may come
SHORTEST, LONGEST = 1.0, 30.0  # seconds between tries
TIMEOUT = 30.0
# Items of a request: few at first, for a process that lives too shortly for many would never get any of them settled.
FIRST, MOST = 50, 1000
# The site works, but not on these items.
INDIGESTIBLE = {HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNPROCESSABLE_ENTITY}


class Indigestible(Exception):
    """Something among the items keeps the site from taking them; `by_fault` where it may as well be the site."""

    def __init__(self, problem: str, by_fault: bool) -> None:
        super().__init__(problem)
        self.by_fault = by_fault


class Sender:
    """Sends what any process of the host has put, and removes it when the site has answered for it.

    Whatever happens in between, it is sent again, under the same ids, which the site stores once.
    """

    def __init__(self, outbox: Outbox, breaker: Breaker, url: str, headers: dict[str, str]) -> None:
        self.outbox, self.breaker = outbox, breaker
        self.address, self.headers = f"{url.rstrip('/')}/telemetry/batch", headers
        self.most = FIRST
        self.news, self.stopping = threading.Event(), threading.Event()
        self.thread: threading.Thread | None = None
        self.starting = threading.Lock()
        self.trouble = ""

    def wake(self) -> None:
        """Something is in the outbox."""
        if not self.news.is_set():
            self.news.set()
        # After a fork the thread is the parent's.
        if self.thread is None or not self.thread.is_alive():
            self.start()

    def start(self) -> None:
        with self.starting:
            if self.thread is None or not self.thread.is_alive():
                self.stopping.clear()
                self.thread = threading.Thread(target=self.work, name="aria-outbox", daemon=True)
                self.thread.start()
                atexit.register(self.close)

    def close(self, seconds: float = 3.0) -> None:
        """A last try. What cannot be sent stays on disk for the next process."""
        atexit.unregister(self.close)
        self.stopping.set()
        self.news.set()
        if self.thread is not None:
            self.thread.join(seconds)

    def work(self) -> None:
        pause, last = GATHER, False
        with self.connected() as http:
            while not last:
                self.news.wait()
                self.stopping.wait(pause)
                self.news.clear()
                last = self.stopping.is_set()
                pause = self.attempt(http, pause)

    def connected(self) -> httpx.Client:
        return httpx.Client(headers=self.headers, timeout=TIMEOUT)

    def attempt(self, http: httpx.Client, pause: float) -> float:
        """Seconds to wait before the next."""
        try:
            emptied = self.deliver(http)
        except Away as away:
            self.tell(away.error_type, str(away))
            self.news.set()
            return max(away.retry_after or 0, min(max(SHORTEST, 2 * pause), LONGEST))
        except (sqlite3.Error, OSError) as error:
            self.tell("OutboxError", f"the outbox cannot be read: {error}")
            self.news.set()
            return LONGEST
        self.tell("", "")
        if not emptied:
            self.news.set()
        return GATHER if emptied else SHORTEST

    def tell(self, kind: str, problem: str) -> None:
        """Each kind of trouble once, until it is over."""
        if kind and kind != self.trouble:
            logger.warning("telemetry is kept for later: %s", problem)
        elif self.trouble and not kind:
            logger.warning("telemetry flows again")
        self.trouble = kind

    def flush(self) -> bool:
        """Send everything now. Whether nothing is left; another process may be at it. Raises Away."""
        with self.connected() as http:
            return self.deliver(http)

    def deliver(self, http: httpx.Client) -> bool:
        with self.outbox.store.turn() as mine:
            if not mine:
                return self.outbox.count() == 0
            self.outbox.drop_old()
            self.outbox.warn()
            while items := self.outbox.first(self.most):
                self.deliver_some(http, items)
        return True

    def deliver_some(self, http: httpx.Client, items: list[Item]) -> None:
        try:
            refused = self.send(http, items)
        except Indigestible as problem:
            if len(items) > 1:
                self.most = len(items) // 2
                return
            if problem.by_fault:
                self.try_another(http, problem)
            refused = {items[0][0]: str(problem)}
        self.outbox.settle(items, refused)
        self.most = min(2 * self.most, MOST)

    def try_another(self, http: httpx.Client, problem: Indigestible) -> None:
        """The first item alone is met with an error: only where the next one is not, the item is to blame."""
        witness = self.outbox.first(2)[1:]
        try:
            if witness:
                self.send(http, witness)
                return
        except Indigestible:
            pass
        self.breaker.failed()
        raise Away(str(problem), "HTTPStatusError")

    def send(self, http: httpx.Client, items: list[Item]) -> dict[int, str]:
        """What the site refused, by place in the queue. Raises Away or Indigestible."""
        self.breaker.admit()
        body = "\n".join(body for _, body in items)
        try:
            response = http.post(self.address, content=body, headers={"Content-Type": "application/x-ndjson"})
        except httpx.HTTPError as error:
            self.breaker.failed()
            raise unanswered(error) from error
        if response.status_code in INDIGESTIBLE or response.status_code == HTTPStatus.INTERNAL_SERVER_ERROR:
            raise Indigestible(problem_of(response), response.status_code not in INDIGESTIBLE)
        answer = judged(response, self.breaker).json()
        if response.is_error or answer["received"] != len(items):
            raise Away(problem_of(response), "HTTPStatusError", LONGEST)
        return {items[told["index"]][0]: told["detail"] for told in answer["invalid"]}
