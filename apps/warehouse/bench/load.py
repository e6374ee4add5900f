"""One request again and again over kept-alive connections, and the figures of it."""

import gzip
import http.client
import re
import statistics
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Request:
    name: str
    method: str
    path: str  # with its query
    body: Callable[[int], bytes] | None = None  # of the request's number: writes that are retried count once


@dataclass
class Sample:
    milliseconds: list[float] = field(default_factory=list)
    server_milliseconds: list[float] = field(default_factory=list)
    statuses: set[int] = field(default_factory=set)
    size: int = 0
    sent: int = 0
    queries: int | None = None


@dataclass(frozen=True)
class Figures:
    """Times in milliseconds as the client sees them; `server_p95_ms` and `queries` are what the site says.

    `size` is of the last answer, in bytes, and `sent` of what came of it over the wire.
    """

    name: str
    concurrency: int
    requests: int
    median_ms: float
    p95_ms: float
    per_second: float
    size: int
    queries: int | None
    statuses: list[int]
    server_p95_ms: float
    sent: int

    def as_dict(self) -> dict[str, object]:
        return asdict(self)


class Client:
    def __init__(self, base: str, headers: dict[str, str], seconds: float) -> None:
        self.address, self.headers, self.seconds = urlsplit(base), headers, seconds

    def measure(self, request: Request, concurrency: int, most: int) -> Figures:
        """`most` requests at the most, and no longer than some seconds; one beforehand warms caches up."""
        self.run(request, 1, 1)
        began = time.perf_counter()
        samples = self.run(request, concurrency, most)
        seconds = time.perf_counter() - began
        times = [one for sample in samples for one in sample.milliseconds]
        return Figures(
            name=request.name,
            concurrency=concurrency,
            requests=len(times),
            median_ms=round(statistics.median(times), 1),
            p95_ms=p95(times),
            per_second=round(len(times) / seconds, 1),
            size=samples[0].size,
            queries=samples[0].queries,
            statuses=sorted(set().union(*(sample.statuses for sample in samples))),
            server_p95_ms=p95([one for sample in samples for one in sample.server_milliseconds]),
            sent=samples[0].sent,
        )

    def run(self, request: Request, concurrency: int, most: int) -> list[Sample]:
        samples = [Sample() for _ in range(concurrency)]
        share, deadline = -(-most // concurrency), time.perf_counter() + self.seconds
        threads = [
            threading.Thread(target=self.repeat, args=(request, sample, number * share, share, deadline))
            for number, sample in enumerate(samples)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return samples

    def repeat(self, request: Request, sample: Sample, first: int, most: int, deadline: float) -> None:
        connection = self.connection()
        path = self.address.path.rstrip("/") + request.path
        for number in range(first, first + most):
            body = request.body(number) if request.body else None
            began = time.perf_counter()
            connection.request(request.method, path, body, self.headers)
            answer = connection.getresponse()
            content = answer.read()
            sample.milliseconds.append((time.perf_counter() - began) * 1000)
            sample.statuses.add(answer.status)
            sample.server_milliseconds.append(float(answer.headers.get("X-Response-Time-Ms", 0)))
            sample.sent, sample.size = len(content), len(decoded(answer, content))
            sample.queries = queries_of(answer.headers.get("Server-Timing", ""))
            if time.perf_counter() > deadline:
                break
        connection.close()

    def read(self, path: str) -> bytes:
        return self.get(path)[1]

    def get(self, path: str) -> tuple[http.client.HTTPResponse, bytes]:
        connection = self.connection()
        connection.request("GET", self.address.path.rstrip("/") + path, headers=self.headers)
        answer = connection.getresponse()
        content = decoded(answer, answer.read())
        connection.close()
        return answer, content

    def connection(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(self.address.hostname or "", self.address.port, timeout=60)


def decoded(answer: http.client.HTTPResponse, content: bytes) -> bytes:
    return gzip.decompress(content) if answer.headers.get("Content-Encoding") == "gzip" else content


def p95(times: list[float]) -> float:
    return round(sorted(times)[max(0, -(-len(times) * 95 // 100) - 1)], 1)


def queries_of(server_timing: str) -> int | None:
    """`db;desc="4 queries";dur=12.3`"""
    found = re.search(r'desc="(\d+) quer', server_timing)
    return int(found[1]) if found else None
