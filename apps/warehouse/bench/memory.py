"""What searches of large memories find and cost beyond the embedding, and what the context costs, beside their bars."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from statistics import fmean, median
from typing import Any

from django.test import Client

from apps.core.actors import Actor
from apps.core.models import User
from apps.core.static_files import collect_if_changed
from apps.memory.models import SemanticMemory, WorkingMemory
from apps.memory.semantic_search import Mode, found
from apps.warehouse.bench.load import p95
from apps.warehouse.bench.memory_rows import CATEGORIES, MODEL, Meanings, Words

SEARCH_MS, CONTEXT_MS, PAGE_MS = 25, 30, 150
BENCH = Actor("command", "bench memory")
RECALL = 0.95
MODES: tuple[Mode, ...] = ("vector", "hybrid", "text")
FOUND = 10
QUERY_SEED = 10_000_019  # unlike those of the rows


@dataclass(frozen=True)
class Measured:
    """`recall` is the share of the ten nearest that a search by vector finds; None of what is none."""

    name: str
    times: int
    median_ms: float
    p95_ms: float
    bar_ms: int
    recall: float | None
    met: bool

    def as_dict(self) -> dict[str, object]:
        return asdict(self)


class NoMemories(Exception):
    """There is nothing to measure; the text says what to do."""


def measured(host: str, times: int) -> Iterator[Measured]:
    """In this process. The searches and contexts are noted as uses, like all."""
    if not SemanticMemory.objects.of_model(MODEL).exists() or not WorkingMemory.objects.exists():
        raise NoMemories("This database has no memories for measuring; --fill makes them.")
    for share in (1, 2, 10, 100):
        yield from searches(share, times)
    yield from requests(host, times)


def searches(share: int, times: int) -> Iterator[Measured]:
    """Under a filter that lets so many per cent of the memories through."""
    texts, vectors = Words().drawn(times, 3, QUERY_SEED), Meanings().drawn(times, QUERY_SEED).tolist()
    calls = [(filters_of(share, number), *query) for number, query in enumerate(zip(texts, vectors, strict=True))]
    name = f", {share} % filter" if share < 100 else ""
    for mode in MODES:
        recall = fmean(recall_of(*call) for call in calls) if mode == "vector" else None
        spent = timed(partial(search, mode), calls)
        yield judged(f"search by {mode}{name}", spent, SEARCH_MS, recall)


def filters_of(share: int, number: int) -> dict[str, Any]:
    if share == 100:
        return {}
    if share == 1:
        return {"category": f"category {number % CATEGORIES}"}
    # Importance has 97 values, each a little more than a hundredth above the one before.
    return {"min_importance": 0.99 - share / 100}


def search(mode: Mode, filters: dict[str, Any], text: str, vector: list[float]) -> list[SemanticMemory]:
    return found(BENCH, filters, text, vector, MODEL, mode, FOUND)


def recall_of(filters: dict[str, Any], text: str, vector: list[float]) -> float:
    memories = SemanticMemory.objects.narrowed(**filters).of_model(MODEL)
    exact = {row["id"] for row in memories.exactly_nearest(vector, FOUND)}
    by_search = {memory.pk for memory in search("vector", filters, text, vector)}
    return len(exact & by_search) / len(exact) if exact else 1.0


def requests(host: str, times: int) -> Iterator[Measured]:
    """With all that a request passes through but the network."""
    collect_if_changed()  # pages name static files by their hash
    person, _ = User.objects.get_or_create(username="bench memory")
    client = Client(headers={"Host": host})
    client.force_login(person)
    context = "/api/working-memory/context"
    wanted = (
        ("context", context, CONTEXT_MS),
        ("context that counts as no use", f"{context}?touch_access=false", CONTEXT_MS),
        ("context of a category", f"{context}?category=category+7", CONTEXT_MS),
        ("page of working memory", "/working-memory", PAGE_MS),
    )
    try:
        for name, path, bar in wanted:
            yield judged(name, timed(partial(ask, client), [(path,)] * times), bar)
    finally:
        client.logout()
        person.delete()


def ask(client: Client, path: str) -> None:
    answer = client.get(path)
    if answer.status_code != 200:
        raise RuntimeError(f"{path} answers {answer.status_code}")


def timed(call: Callable[..., object], arguments: Sequence[tuple[Any, ...]]) -> list[float]:
    """In milliseconds, of each; the first call warms caches up and counts for nothing."""
    call(*arguments[0])
    spent = []
    for one in arguments:
        began = time.perf_counter()
        call(*one)
        spent.append((time.perf_counter() - began) * 1000)
    return spent


def judged(name: str, spent: list[float], bar: int, recall: float | None = None) -> Measured:
    slow = p95(spent)
    met = slow <= bar and (recall is None or recall >= RECALL)
    return Measured(name, len(spent), round(median(spent), 1), slow, bar, recall and round(recall, 3), met)
