"""What the pages and endpoints of a large organic graph cost, each beside the bar that it must stay below."""

import statistics
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from urllib.parse import urlencode

from django.test import Client

from apps.core.models import User
from apps.core.static_files import collect_if_changed
from apps.knowledge.models import KnowledgeEntity
from apps.warehouse.bench.graph_rows import HUB, HUBS
from apps.warehouse.bench.load import p95

PAGE_MS, SEARCH_MS, TRAVERSE_MS, PATH_MS = 50, 60, 100, 300
PAGE_BYTES, UNBOUNDED = 200_000, 10_000_000
NEAR = {"graph": "knowledge", "direction": "both"}


@dataclass(frozen=True)
class Bar:
    """A kind of request in several variants, of which p95 and the largest answer are measured."""

    name: str
    paths: list[str]
    milliseconds: int
    size: int = UNBOUNDED


@dataclass(frozen=True)
class Measured:
    name: str
    requests: int
    median_ms: float
    p95_ms: float
    bar_ms: int
    bytes: int
    met: bool

    def as_dict(self) -> dict[str, object]:
        return asdict(self)


class NoGraph(Exception):
    """There is nothing to measure; the text says what to do."""


def bars() -> list[Bar]:
    names = [HUB.format(number) for number in range(1, HUBS + 1)]
    hubs = [str(pk) for pk in KnowledgeEntity.objects.filter(name__in=names).values_list("pk", flat=True)]
    if len(hubs) < HUBS:
        raise NoGraph("This database has no graph for measuring; --fill makes one.")
    others = [str(pk) for pk in KnowledgeEntity.objects.order_by("id").values_list("pk", flat=True)[:20]]
    texts = ("budget", "memory market", "hub 3", "signal 99", "sesion revew", "seen in 12", "al")
    pairs = list(zip(others, others[1:], strict=False))
    return [
        Bar("page of a hub", [f"/knowledge/{node}" for node in hubs], PAGE_MS, PAGE_BYTES),
        Bar(
            "page of a hub, one type of node", [f"/knowledge/{node}?type=person" for node in hubs], PAGE_MS, PAGE_BYTES
        ),
        Bar("page of any node", [f"/knowledge/{node}" for node in others], PAGE_MS, PAGE_BYTES),
        Bar("page of any node, 300 nodes", [f"/knowledge/{node}?depth=3" for node in others], 3 * PAGE_MS, UNBOUNDED),
        Bar("neighbourhood as JSON", [f"/knowledge/{node}?format=json" for node in hubs + others], PAGE_MS, PAGE_BYTES),
        Bar("search", [f"/knowledge?{urlencode({'q': text})}" for text in texts], SEARCH_MS),
        Bar("search through the API", [asking("search", q=text, graph="knowledge") for text in texts[:4]], SEARCH_MS),
        Bar(
            "traverse, depth 1",
            [asking("traverse", start=node, max_depth=1, **NEAR) for node in others],
            PAGE_MS,
            PAGE_BYTES,
        ),
        Bar(
            "traverse, depth 3",
            [asking("traverse", start=node, max_depth=3, **NEAR) for node in hubs + others],
            TRAVERSE_MS,
        ),
        Bar("paths", [f"/knowledge/paths?{urlencode({'from': one, 'to': other})}" for one, other in pairs], PATH_MS),
        Bar("paths between hubs", [f"/knowledge/paths?from={hubs[0]}&to={node}" for node in hubs[1:]], PATH_MS),
    ]


def asking(what: str, **query: object) -> str:
    return f"/api/knowledge-graph/{what}?{urlencode(query)}"


def measured(host: str, rounds: int) -> Iterator[Measured]:
    """In this process, with all that a request passes through but the network."""
    collect_if_changed()  # pages name static files by their hash
    person, _ = User.objects.get_or_create(username="bench graph")
    client = Client(headers={"Host": host})
    client.force_login(person)
    try:
        for bar in bars():
            yield measure(client, bar, rounds)
    finally:
        client.logout()
        person.delete()


def measure(client: Client, bar: Bar, rounds: int) -> Measured:
    times, largest = [], 0
    for number in range(rounds + 1):  # the first warms caches up
        for path in bar.paths:
            began = time.perf_counter()
            answer = client.get(path)
            milliseconds = (time.perf_counter() - began) * 1000
            if answer.status_code != 200:
                raise RuntimeError(f"{path} answers {answer.status_code}")
            if number:
                times.append(milliseconds)
            largest = max(largest, len(answer.content))
    slow = p95(times)
    met = slow <= bar.milliseconds and largest <= bar.size
    return Measured(bar.name, len(times), round(statistics.median(times), 1), slow, bar.milliseconds, largest, met)
