"""What the pages of semantic memory explain: near-duplicates, what made up a score, and how much the index misses."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, transaction

from apps.memory import embeddings
from apps.memory.alike import SAME
from apps.memory.models import Retrieval, SemanticMemory
from apps.memory.semantic_search import FUSION, SETTINGS, Found, nearest, timed

MOST_SHOWN = 20
NEIGHBOURS = 10

CLOSE_PAIRS = """
WITH shown AS MATERIALIZED (
    SELECT id, site_embedding_model AS model, embedding FROM semantic_memories WHERE id = ANY(%s))
SELECT a.id, b.id FROM shown a JOIN shown b ON a.id <> b.id AND a.model = b.model
 WHERE (a.embedding <=> b.embedding) < %s"""


@dataclass
class Shown:
    """A found memory with what of its score came from which place, and those below it that say nearly the same."""

    memory: Any
    parts: list[tuple[str, int, float]]  # (way, place, what it adds)
    alike: list["Shown"] = field(default_factory=list)

    @property
    def score(self) -> float:
        return sum(value for _, _, value in self.parts)


def shown(found: Found) -> list[Shown]:
    """The found ones in their order, near-duplicates with the best of them."""
    close = close_pairs([memory.pk for memory in found.memories])
    firsts: list[Shown] = []
    for memory in found.memories:
        one = Shown(memory, parts_of(memory))
        twin = next((first for first in firsts if (first.memory.pk, memory.pk) in close), None)
        (twin.alike if twin else firsts).append(one)
    return firsts


def parts_of(memory: Any) -> list[tuple[str, int, float]]:
    places = (("meaning", memory.near), ("words", memory.alike))
    return [(way, place, 1 / (FUSION + place)) for way, place in places if place]


def close_pairs(ids: Sequence[Any]) -> set[tuple[Any, Any]]:
    """Few ids, as each is compared with each."""
    with connection.cursor() as cursor:
        cursor.execute(CLOSE_PAIRS, [list(ids), SAME])
        return set(cursor.fetchall())


@dataclass(frozen=True)
class Recall:
    """Of the exactly nearest `wanted`, how many a search finds; and how long both took."""

    found: int
    wanted: int
    search_ms: float
    exact_ms: float

    @property
    def share(self) -> float:
        return self.found / self.wanted if self.wanted else 1.0


def recall_of(text: str, limit: int, filters: dict[str, Any]) -> Recall:
    """Nothing of it is logged, or counts as a use.

    Raises:
        NoEmbedding: the text has no vector.
    """
    model = embeddings.current()
    vector = model.embed(text.replace("\0", " "), "query")
    near, search_ms = timed(lambda: nearest(filters, vector, model.name, limit))
    memories = SemanticMemory.objects.narrowed(**filters).of_model(model.name)
    exact, exact_ms = timed(lambda: list(memories.exactly_nearest(vector, limit)))
    # Of equally distant ones any will do.
    farthest = exact[-1]["distance"] + 1e-9 if exact else 0
    return Recall(sum(distance <= farthest for distance in near), len(exact), search_ms, exact_ms)


def near_duplicates(memory: SemanticMemory) -> list[SemanticMemory]:
    """The nearest first, each with its `similarity`; buried ones too."""
    vector = SemanticMemory.objects.values_list("embedding", flat=True).get(pk=memory.pk)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(SETTINGS)
        same_model = SemanticMemory.objects.of_model(memory.embedding_model)
        near = {row["id"]: row["distance"] for row in same_model.nearest(list(vector), NEIGHBOURS)}
    close = [pk for pk, distance in near.items() if distance < SAME and pk != memory.pk]
    rows = SemanticMemory.objects.listed().in_bulk(close)
    for pk, row in rows.items():
        row.similarity = 1 - near[pk]
    return [rows[pk] for pk in close if pk in rows]


def most_retrieved(limit: int) -> list[SemanticMemory]:
    """By the log, each with how often it was found (`found_count`) and when last (`found_last`)."""
    counted = {row["memory_id"]: row for row in Retrieval.objects.most_retrieved(limit)}
    rows = SemanticMemory.objects.listed().in_bulk(list(counted))
    for pk, row in rows.items():
        row.found_count, row.found_last = counted[pk]["count"], counted[pk]["last"]
    return [rows[pk] for pk in counted if pk in rows]
