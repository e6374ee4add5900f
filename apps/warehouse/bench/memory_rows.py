"""Large memories for measuring: texts that lie around topics, as real ones do, and a mind full of items."""

import uuid
from collections.abc import Iterator
from datetime import timedelta

import numpy as np
from django.db import connection, transaction
from django.utils import timezone

from apps.memory.models import EMBEDDING_DIMENSIONS, SemanticMemory, WorkingMemory
from apps.memory.vectors import copy_missing

SEMANTIC = ITEMS = 100_000
MODEL = "bench"
CATEGORIES = 100  # of semantic memories, so that each is one per cent of them
INDEX = "site_semantic_embedding"
BATCH = 2000

MAKE_ITEMS = """
INSERT INTO working_memory
       (id, category, key, value, importance, ttl_hours, source, created_at, updated_at, accessed_at, access_count)
SELECT gen_random_uuid(), 'category ' || number %% 50, 'item ' || number,
       jsonb_build_object('note', repeat('What item ' || number || ' is about. ', 5), 'step', number %% 9),
       random(), CASE number %% 3 WHEN 0 THEN (random() * 2000)::int END, 'bench', written - interval '1 day', written,
       written, floor(20 * random() ^ 8)
  FROM (SELECT number, now() - random() * interval '60 days' AS written
          FROM generate_series(1, %s) AS number) AS made"""


class Meanings:
    """Vectors of texts about some topics: as near to one another as those of a model, in as few real dimensions."""

    DIMENSIONS, REAL, TOPICS = 384, 40, 400

    def __init__(self) -> None:
        random = np.random.default_rng(1)
        self.axes = random.normal(size=(self.REAL, self.DIMENSIONS))
        self.topics = random.normal(size=(self.TOPICS, self.REAL))

    def drawn(self, count: int, seed: int) -> np.ndarray:
        random = np.random.default_rng(seed)
        topics = self.topics[random.integers(self.TOPICS, size=count)]
        vectors = (topics + 0.6 * random.normal(size=topics.shape)) @ self.axes
        vectors += random.normal(size=vectors.shape)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        return np.pad(vectors, ((0, 0), (0, EMBEDDING_DIMENSIONS - self.DIMENSIONS)))


class Words:
    """Texts of words of which few are frequent and most are rare, and which share as few trigrams as real ones."""

    COUNT = 6000

    def __init__(self) -> None:
        letters = np.random.default_rng(2)
        pattern = ["bcdfghjklmnprstvwz", "aeiou", "bcdfghklmnprstvxz", "bdfgklmnprstvz", "aeiouy", "dgklmnprst"]
        self.words = ["".join(letters.choice(list(choice)) for choice in pattern) for _ in range(self.COUNT)]
        likely = 1 / np.arange(20, 20 + self.COUNT)
        self.shares = likely / likely.sum()

    def drawn(self, count: int, length: int, seed: int) -> list[str]:
        numbers = np.random.default_rng(seed).choice(self.COUNT, size=(count, length), p=self.shares)
        return [" ".join(self.words[number] for number in row) for row in numbers]


def there_are_rows() -> bool:
    return SemanticMemory.objects.exists() or WorkingMemory.objects.exists()


def fill(semantic: int = SEMANTIC, items: int = ITEMS) -> None:
    """Adds to what there is, in one transaction; the history is not told of it."""
    tables = ("semantic_memories", "working_memory")
    with transaction.atomic(), connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(MAKE_ITEMS, [items])
        # Row by row the index of the vectors would take most of an hour.
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE indexname = %s", [INDEX])
        [definition] = cursor.fetchone()
        cursor.execute(f"DROP INDEX {INDEX}")
        copy_memories(semantic)
        cursor.execute("SET LOCAL maintenance_work_mem = '1GB'")
        cursor.execute(definition)
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
        copy_missing()
    with connection.cursor() as cursor:
        cursor.execute(f"VACUUM ANALYZE {', '.join(tables)}, site_memory_vector")


def copy_memories(count: int) -> None:
    words, meanings = Words(), Meanings()
    columns = "id, content, summary, category, embedding, importance, source, created_at, site_embedding_model"
    with connection.cursor() as cursor:
        copying = cursor.copy(f"COPY semantic_memories ({columns}) FROM STDIN (FORMAT binary)")
        with copying as rows:
            rows.set_types(["uuid", "text", "text", "varchar", "bytea", "float8", "varchar", "timestamptz", "varchar"])
            for start in range(0, count, BATCH):
                number = min(BATCH, count - start)
                texts, vectors = words.drawn(number, 24, seed=start), meanings.drawn(number, seed=start)
                for row in memories(start, texts, vectors):
                    rows.write_row(row)


def memories(first: int, texts: list[str], vectors: np.ndarray) -> Iterator[tuple[object, ...]]:
    now = timezone.now()
    for number, (text, vector) in enumerate(zip(texts, vectors, strict=True), first):
        created = now - timedelta(minutes=number)
        category, importance = f"category {number % CATEGORIES}", number % 97 / 97
        yield uuid.uuid4(), text, text[:80], category, as_binary(vector), importance, "bench", created, MODEL


def as_binary(vector: np.ndarray) -> bytes:
    """As pgvector sends and receives it."""
    return len(vector).to_bytes(2, "big") + bytes(2) + vector.astype(">f4").tobytes()
