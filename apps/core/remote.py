"""How the site asks other systems: shortly, seldom, and at the addresses of the settings only.

One event loop a process, on a thread of its own, does all the asking. So a deadline holds for the whole of an
answer (httpx's own counts anew with each byte), many callers share one question under way, and no system waits
for another.
"""

import asyncio
import threading
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

import httpx
import orjson
from django.utils import timezone

NOT_CONFIGURED = "not configured"
MOST_FAILURES = 200


@dataclass(frozen=True)
class Question:
    """A GET, or with a `body` a POST of that JSON. Equal questions share one answer."""

    url: str  # empty: not configured
    token: str = field(default="", repr=False)  # sent as a bearer token
    seconds: float = 3  # for all of it, from the look-up of the name to the last byte
    fresh_seconds: float = 10  # for which an answer, a failure too, serves everybody who asks
    largest: int = 1_000_000  # bytes of the answer
    status_only: bool = False  # whether it answers at all: the body is not read, and up to 4xx will do
    body: bytes = field(default=b"", repr=False)
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)  # of its own, beside the usual ones


@dataclass(frozen=True)
class Answer:
    """What a system said, or why nothing could be learnt from it."""

    code: int | None = None  # HTTP status, where one came
    said: Any = None  # the JSON; shared by all who ask, so not to be changed
    reason: str = ""  # of a failure, in a few words
    since: datetime | None = None  # of the first failure in a row

    @property
    def ok(self) -> bool:
        return not self.reason

    @property
    def state(self) -> str:
        """`ok`, `not configured` or `unavailable`."""
        return "unavailable" if self.since else self.reason or "ok"

    @property
    def problem(self) -> str:
        """For people to read; empty where all is well."""
        return f"unavailable since {self.since:%Y-%m-%d %H:%M:%S} UTC: {self.reason}" if self.since else self.reason


class Failed(Exception):
    """The system answered, but not with what was asked for."""

    def __init__(self, reason: str, code: int | None = None) -> None:
        super().__init__(reason)
        self.code = code


class Asker:
    """What is known of the other systems. Everything but its start happens on its own loop and needs no locks."""

    def __init__(self) -> None:
        self.starting = threading.Lock()
        self.known: dict[Question, tuple[float, Answer]] = {}  # until when it serves
        self.under_way: dict[Question, asyncio.Task[Answer]] = {}

    @cached_property
    def loop(self) -> asyncio.AbstractEventLoop:
        loop = asyncio.new_event_loop()
        # Names are looked up on threads; a name server that hangs must not keep the others waiting.
        loop.set_default_executor(ThreadPoolExecutor(32, "look-up"))
        threading.Thread(target=loop.run_forever, name="remote", daemon=True).start()
        return loop

    @cached_property
    def client(self) -> httpx.AsyncClient:
        # Other systems are near; a proxy of the environment is for the world outside. Questions are seconds
        # apart, so a connection kept open would mostly be found closed.
        return httpx.AsyncClient(
            trust_env=False,
            timeout=None,
            headers={"User-Agent": "aria-site", "Accept-Encoding": "identity"},
            limits=httpx.Limits(max_keepalive_connections=0),
        )

    def ask_all(self, questions: list[Question]) -> list[Answer]:
        return asyncio.run_coroutine_threadsafe(self.answers_to(questions), self.running_loop()).result()

    def ask_once(self, question: Question) -> Answer:
        return asyncio.run_coroutine_threadsafe(self.fetch(question), self.running_loop()).result()

    def running_loop(self) -> asyncio.AbstractEventLoop:
        with self.starting:
            return self.loop

    async def answers_to(self, questions: list[Question]) -> list[Answer]:
        return await asyncio.gather(*map(self.answer_to, questions))

    async def answer_to(self, question: Question) -> Answer:
        if not question.url:
            return Answer(reason=NOT_CONFIGURED)
        until, answer = self.known.get(question, (0.0, Answer()))
        if time.monotonic() < until:
            return answer
        if question not in self.under_way:
            self.under_way[question] = asyncio.create_task(self.ask_anew(question, answer))
        return await self.under_way[question]

    async def ask_anew(self, question: Question, before: Answer) -> Answer:
        try:
            answer = await self.fetch(question)
        except Failed as failure:
            answer = Answer(failure.code, reason=str(failure), since=before.since or timezone.now())
        finally:
            del self.under_way[question]
        self.known[question] = time.monotonic() + question.fresh_seconds, answer
        self.forget()
        return answer

    def forget(self) -> None:
        """Old answers, which may be large. Old failures say since when, unless they are too many: some questions have
        a token of the caller's choice."""
        now, few = time.monotonic(), len(self.known) <= MOST_FAILURES
        self.known = {
            question: (until, answer)
            for question, (until, answer) in self.known.items()
            if until > now or (answer.since and few)
        }

    async def fetch(self, question: Question) -> Answer:
        headers = dict(question.headers)
        if question.token:
            headers["Authorization"] = f"Bearer {question.token}"
        if question.body:
            headers["Content-Type"] = "application/json"
        method = "POST" if question.body else "GET"
        try:
            async with asyncio.timeout(question.seconds):
                async with self.client.stream(
                    method, question.url, headers=headers, content=question.body or None
                ) as response:
                    return await read(response, question)
        except TimeoutError:
            raise Failed("no answer in time") from None
        except (httpx.LocalProtocolError, httpx.InvalidURL, ValueError):  # their texts quote address and token
            raise Failed("its address or token is not usable") from None
        except httpx.HTTPError as error:
            raise Failed((str(error) or type(error).__name__)[:50]) from error


async def read(response: httpx.Response, question: Question) -> Answer:
    code = response.status_code
    if code >= 500 or not (question.status_only or 200 <= code < 300):
        raise Failed(f"HTTP {code}", code)
    return Answer(code, None if question.status_only else await read_json(response, question.largest))


async def read_json(response: httpx.Response, largest: int) -> Any:
    body = bytearray()
    async for chunk in response.aiter_raw():  # not unpacked: some bytes may hold gigabytes
        body += chunk
        if len(body) > largest:
            raise Failed(f"an answer of more than {largest} bytes", response.status_code)
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        raise Failed("an answer that is no JSON", response.status_code) from None


asker = Asker()


def ask(question: Question) -> Answer:
    """From any thread without an event loop of its own. Takes the question's `seconds` at most; raises nothing."""
    return asker.ask_all([question])[0]


def ask_once(question: Question) -> Answer:
    """Ask for this caller alone: the answer is neither kept nor shared, as befits a body of many kinds.

    Raises:
        Failed: no usable answer.
    """
    if not question.url:
        raise Failed(NOT_CONFIGURED)
    return asker.ask_once(question)


def ask_all(questions: Iterable[Question]) -> list[Answer]:
    """All at once, in the order of the questions."""
    return asker.ask_all(list(questions))
