"""Many open live pages while telemetry arrives: is none behind, does none miss anything, does the site's memory hold?

Each page does as a browser with static/js/live_page.js: a socket that hears the topics, and a question for what has
changed, at most about once a second.
"""

import asyncio
import re
import time
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape
from itertools import cycle, islice
from pathlib import Path
from uuid import uuid4

import httpx

from apps.core.arrivals import HEADER
from apps.warehouse.bench.load import p95
from apps.warehouse.bench.sockets import messages

REST_SECONDS, SHARE = 0.9, 4  # as in live_page.js
TICK_SECONDS = 0.2  # from one batch of rows to the next
MOST_IN_A_BATCH = 10_000
MEMORY_SECONDS = 5
SETTLE_SECONDS = 3  # after the last row: all have heard of it
PATIENCE_SECONDS = 60  # of a site that is asked for more than it can make
LATE_SECONDS = 1.0
# A row of each stream, and the topics that it is told under.
ROWS: tuple[tuple[dict[str, object], set[str]], ...] = (
    ({"kind": "invocation", "skill_name": "bench", "tool_name": "live", "duration_ms": 12}, {"invocations"}),
    ({"kind": "model_usage", "model": "bench", "provider": "bench", "input_tokens": 10}, {"usage"}),
    ({"kind": "activity", "action": "bench", "skill": "bench"}, {"activities"}),
    ({"kind": "session", "agent_id": "bench", "status": "completed"}, {"sessions"}),
)


@dataclass
class Page:
    """`heard` are the moments of the notices by topic."""

    path: str
    topics: set[str]
    since: str
    origin: str
    heard: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    listens: asyncio.Event = field(default_factory=asyncio.Event)
    told: asyncio.Event = field(default_factory=asyncio.Event)
    shown: list[str] = field(default_factory=list)
    server_milliseconds: list[float] = field(default_factory=list)
    failures: int = 0
    asking: bool = False

    async def listen(self, site: str, cookie: str) -> None:
        async for message in messages(self.origin, site, cookie):
            self.listens.set()
            topics = self.topics.intersection(message.get("topics", ()))
            if topics or message.get("resumed"):
                self.told.set()
            for topic in topics:
                self.heard[topic].append(time.monotonic())

    async def follow(self, browser: httpx.AsyncClient) -> None:
        while True:
            await self.told.wait()
            self.told.clear()
            asked, self.asking = time.monotonic(), True
            milliseconds = await self.ask(browser)
            self.asking = False
            rest = max(REST_SECONDS, SHARE * milliseconds / 1000)
            await asyncio.sleep(max(0, asked + rest - time.monotonic()))

    async def ask(self, browser: httpx.AsyncClient) -> float:
        answer = await browser.get(self.path, headers={HEADER: self.since})
        if answer.status_code != 200:
            self.failures += 1
            self.told.set()
            return 0.0
        self.shown = figures_of(answer.text)
        self.server_milliseconds.append(float(answer.headers["X-Response-Time-Ms"]))
        return self.server_milliseconds[-1]

    def lags(self, written: list[tuple[float, set[str]]]) -> Iterator[float]:
        """Seconds from each commit to the page's next notice of it; infinite where none came."""
        for moment, topics in written:
            for topic in topics & self.topics:
                place = bisect_left(self.heard[topic], moment)
                yield self.heard[topic][place] - moment if place < len(self.heard[topic]) else float("inf")


@dataclass(frozen=True)
class Outcome:
    """Lags are from a commit to a page's notice. `behind` are the pages that do not show the last in the end."""

    pages: int
    seconds: float
    rows: int
    rows_a_second: float
    notices: int
    lag_median_ms: float
    lag_p95_ms: float
    lag_max_ms: float
    requests: int
    requests_a_page_and_second: float
    server_p95_ms: float
    failures: int
    behind: list[str]
    memory_mb: dict[str, list[int]]  # by process: a value a minute, and the last

    @property
    def misses(self) -> list[str]:
        bars = {
            f"a page was over {LATE_SECONDS:.0f} s behind": self.lag_max_ms > LATE_SECONDS * 1000,
            "pages do not show the last": bool(self.behind),
            "requests failed": bool(self.failures),
        }
        return [words for words, misses in bars.items() if misses]


class Soak:
    def __init__(self, site: str, cookie: str, token: str, pid: int | None) -> None:
        self.site, self.cookie, self.token, self.pid = site.rstrip("/"), cookie, token, pid
        self.written: list[tuple[float, set[str]]] = []
        self.rows = 0
        self.memory: dict[str, list[int]] = defaultdict(list)

    async def run(self, paths: list[str], pages: int, rows_a_second: int, seconds: float) -> Outcome:
        limits = httpx.Limits(max_connections=pages + 1)
        async with httpx.AsyncClient(base_url=self.site, timeout=60, limits=limits) as browser:
            browser.headers["Cookie"] = self.cookie
            opened = [await open_page(browser, self.site, path) for path in islice(cycle(paths), pages)]
            tasks = [asyncio.create_task(page.listen(self.site, self.cookie)) for page in opened]
            tasks += [asyncio.create_task(page.follow(browser)) for page in opened]
            tasks.append(asyncio.create_task(self.watch_memory()))
            writing = asyncio.create_task(self.write(opened, rows_a_second, seconds))
            await asyncio.wait([writing, *tasks], return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                if task.done():
                    await task  # raises what has ended it
            took = await writing
            await settled(opened)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            behind = [page.path for page in opened if page.shown != await figures_now(browser, page)]
        return self.outcome(opened, took, behind)

    async def write(self, pages: list[Page], rows_a_second: int, seconds: float) -> float:
        """What is due in batches, five a second; where the site is slower than that, larger ones, as an outbox does.

        It begins when all pages listen, and returns the seconds that it took.
        """
        for page in pages:
            await page.listens.wait()
        headers = {"Authorization": f"Bearer {self.token}"}
        rows = cycle(ROWS)
        async with httpx.AsyncClient(base_url=self.site, headers=headers, timeout=60) as skill:
            began = time.monotonic()
            while (now := time.monotonic()) < began + seconds:
                due = min(round(rows_a_second * (now + TICK_SECONDS - began)) - self.rows, MOST_IN_A_BATCH)
                batch = list(islice(rows, due))
                items = [row | {"id": str(uuid4())} for row, _ in batch]
                (await skill.post("/api/telemetry/batch", json=items)).raise_for_status()
                self.written.append((time.monotonic(), set().union(*(topics for _, topics in batch))))
                self.rows += len(items)
                await asyncio.sleep(max(0, now + TICK_SECONDS - time.monotonic()))
        return time.monotonic() - began

    async def watch_memory(self) -> None:
        while True:
            for name, megabytes in memory_of(self.pid):
                self.memory[name].append(megabytes)
            await asyncio.sleep(MEMORY_SECONDS)

    def outcome(self, pages: list[Page], seconds: float, behind: list[str]) -> Outcome:
        lags = sorted(1000 * lag for page in pages for lag in page.lags(self.written))
        times = [one for page in pages for one in page.server_milliseconds]
        each_minute = round(60 / MEMORY_SECONDS)
        return Outcome(
            pages=len(pages),
            seconds=round(seconds, 1),
            rows=self.rows,
            rows_a_second=round(self.rows / seconds, 1),
            notices=sum(len(moments) for page in pages for moments in page.heard.values()),
            lag_median_ms=round(lags[len(lags) // 2], 1),
            lag_p95_ms=p95(lags),
            lag_max_ms=round(lags[-1], 1),
            requests=len(times),
            requests_a_page_and_second=round(len(times) / len(pages) / seconds, 2),
            server_p95_ms=p95(times),
            failures=sum(page.failures for page in pages),
            behind=behind,
            memory_mb={name: [*found[::each_minute], found[-1]] for name, found in self.memory.items()},
        )


async def open_page(browser: httpx.AsyncClient, site: str, path: str) -> Page:
    text = (await browser.get(path)).text
    topics, since = attribute("data-live", text), attribute("data-since", text)
    origin = re.search(r'<meta name="socket-origin" content="([^"]*)"', text)
    return Page(path, set(topics.split()), since, origin[1] if origin else re.sub("^http", "ws", site))


async def settled(pages: list[Page]) -> None:
    await asyncio.sleep(SETTLE_SECONDS)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while any(page.told.is_set() or page.asking for page in pages) and time.monotonic() < deadline:
        await asyncio.sleep(0.1)


def attribute(name: str, text: str) -> str:
    found = re.search(rf'{name}="([^"]*)"', text)
    return unescape(found[1]) if found else ""


async def figures_now(browser: httpx.AsyncClient, page: Page) -> list[str]:
    return figures_of((await browser.get(page.path, headers={HEADER: page.since})).text)


def figures_of(text: str) -> list[str]:
    """The exact values of the counters."""
    return re.findall(r'<strong title="([^"]*)"', text)


def memory_of(pid: int | None) -> list[tuple[str, int]]:
    """(name, MB) of a process and its children, as far as they are of the site and not of PostgreSQL."""
    found, waiting = [], [pid] if pid else []
    while waiting:
        process = Path("/proc", str(waiting.pop()))
        try:
            status = dict(re.findall(r"^(\w+):\s*(\S+)", (process / "status").read_text(), re.MULTILINE))
            children = [child for of in process.glob("task/*/children") for child in of.read_text().split()]
        except OSError:  # it has just ended, or this is no Linux
            continue
        if status["Name"] != "postgres":
            found.append((f"{status['Name']} {process.name}", int(status.get("VmRSS", 0)) // 1024))
            waiting += map(int, children)
    return found
