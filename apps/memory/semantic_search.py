"""Finding texts again by their meaning, by their words, or by both. What is found counts as used and is logged."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from django.db import connection, transaction

from apps.core.actors import Actor
from apps.core.graph_querysets import telling_words
from apps.memory import embeddings
from apps.memory.embeddings import NoEmbedding
from apps.memory.models import SemanticMemory
from apps.memory.semantic_querysets import SemanticMemoryQuerySet

Mode = Literal["vector", "hybrid", "text"]
T = TypeVar("T")

# iterative_scan: without it a filter leaves fewer rows than are there. strict_order: the nearest come first.
SETTINGS = """
SELECT set_config('hnsw.iterative_scan', 'strict_order', true), set_config('hnsw.ef_search', '100', true),
       set_config('hnsw.max_scan_tuples', '20000', true)
"""
# {nearest}, {exactly} and {rows} stand for queries of the models' own. Where the index finds fewer than are
# wanted, because it gave up or because there are no more, all rows under the filter are compared.
NEAR = """
close AS MATERIALIZED ({nearest}),
exact AS MATERIALIZED (SELECT * FROM ({exactly}) e WHERE (SELECT count(*) FROM close) < %s),
near AS (
    SELECT id, row_number() OVER (ORDER BY distance, id) AS place
      FROM (SELECT * FROM exact UNION ALL SELECT * FROM close WHERE NOT EXISTS (SELECT FROM exact)) n)"""
# A word counts the more the fewer memories have it; what more than PER_WORD have is no clue.
ALIKE = """
alike AS (SELECT id, row_number() OVER (ORDER BY sum(weight) DESC, id) AS place FROM ({words}) w GROUP BY id)"""
WORD = "SELECT id, 1.0 / (1 + count(*) OVER ()) AS weight FROM ({rows}) r"
ALL_WORDS = "SELECT id, 1.0 AS weight FROM ({rows}) r"
PER_WORD, MOST_WORDS = 200, 8
# Reciprocal rank fusion, with its customary 60.
FUSION = 60
RANKED = {
    "vector": "SELECT id, place, place AS near, NULL::bigint AS alike FROM near",
    "text": "SELECT id, place, NULL::bigint AS near, place AS alike FROM alike",
    "hybrid": f"""
    SELECT id, row_number() OVER (ORDER BY sum(1.0 / ({FUSION} + place)) DESC, id) AS place,
           min(near) AS near, min(alike) AS alike
      FROM (SELECT id, place, place AS near, NULL::bigint AS alike FROM near
            UNION ALL SELECT id, place, NULL, place FROM alike) both_ways GROUP BY id""",
}
SIMILARITY = {
    "vector": "1 - (embedding <=> %s::vector)",
    "hybrid": "CASE WHEN site_embedding_model = %s THEN 1 - (embedding <=> %s::vector) END",
    "text": "word_similarity(left(%s, 200), left(content, 2000))",
}
# A program may ask for a thousand; at which place the last ones came nobody wants to know.
SEARCH = """
WITH {candidates},
ranked AS MATERIALIZED (SELECT * FROM ({ranked}) r WHERE place <= %s),
locked AS (
    SELECT id FROM semantic_memories WHERE id IN (SELECT id FROM ranked) ORDER BY id FOR NO KEY UPDATE),
touched AS (
    UPDATE semantic_memories AS m SET access_count = m.access_count + 1, accessed_at = statement_timestamp()
      FROM locked WHERE m.id = locked.id
 RETURNING m.*),
shown AS (
    SELECT touched.id, content, summary, category, metadata, importance, source, created_at, accessed_at, access_count,
           place, near, alike, round(({similarity})::numeric, 4)::float8 AS similarity
      FROM touched JOIN ranked ON ranked.id = touched.id),
logged AS (
    INSERT INTO site_memory_retrieval (memory_id, query, mode, place, similarity, actor_kind, actor_name)
    SELECT id, %s, %s, place, similarity, %s, %s FROM shown WHERE place <= 50 ORDER BY place)
SELECT * FROM shown ORDER BY place"""
LONGEST_LOGGED = 500  # letters of a query


@dataclass(frozen=True)
class Found:
    mode: Mode  # the way it was done, which is not the one that was asked for where there is no embedding
    # Each with its `place`, its places by meaning (`near`) and by words (`alike`), if any, and its `similarity`
    memories: list[SemanticMemory] = field(default_factory=list)
    note: str = ""
    model: str = ""  # that made the vector of the query, if there is one
    embedding_ms: float = 0.0
    search_ms: float = 0.0


def search(actor: Actor, text: str, limit: int, mode: Mode | None = None, **filters: Any) -> Found:
    """The memories that fit `text` best, each noted as used once more, by whom and for what.

    `filters` are those of `SemanticMemoryQuerySet.narrowed`. Without a mode it is by vector, or by words where
    there is no embedding.

    Raises:
        NoEmbedding: `vector` was asked for.
    """
    text = text.replace("\0", " ")
    memories = SemanticMemory.objects.narrowed(**filters)
    model = embeddings.current()
    vector: list[float] = []
    note, embedding_ms = "", 0.0
    if mode != "text":
        try:
            vector, embedding_ms = timed(lambda: model.embed(text, "query"))
        except NoEmbedding as problem:
            if mode == "vector":
                raise
            note = f"Found by their words, because there is no embedding: {problem}."
        else:
            note = note_on_other_models(memories, model.name)
    done: Mode = (mode or "vector") if vector else "text"
    rows, search_ms = timed(lambda: found(actor, memories, text, vector, model.name, done, limit) if limit else [])
    return Found(done, rows, note, model.name if vector else "", embedding_ms, search_ms)


def timed(function: Callable[[], T]) -> tuple[T, float]:
    """With the milliseconds that it took."""
    start = time.perf_counter()
    return function(), (time.perf_counter() - start) * 1000


def note_on_other_models(memories: SemanticMemoryQuerySet, model: str) -> str:
    if not memories.of_other_models(model).exists():
        return ""
    return (
        "Some memories have vectors of another model and can be found by their words only (mode=text or hybrid); "
        "'manage.py reembed' brings them over."
    )


def found(
    actor: Actor,
    memories: SemanticMemoryQuerySet,
    text: str,
    vector: list[float],
    model: str,
    mode: Mode,
    limit: int,
) -> list[SemanticMemory]:
    candidates, params = candidates_of(memories, text, vector, model, mode, limit)
    sql = SEARCH.format(candidates=candidates, ranked=RANKED[mode], similarity=SIMILARITY[mode])
    compared = {"vector": [str(vector)], "hybrid": [model, str(vector)], "text": [text]}[mode]
    logged = [text[:LONGEST_LOGGED], mode, actor.kind, actor.name]
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(SETTINGS)
        return list(SemanticMemory.objects.raw(sql, [*params, limit, *compared, *logged]))


def candidates_of(
    memories: SemanticMemoryQuerySet, text: str, vector: list[float], model: str, mode: Mode, limit: int
) -> tuple[str, list[Any]]:
    """The WITH queries `near` and `alike`, as far as the mode needs them."""
    parts, params = [], []
    if mode != "text":
        wanted = limit if mode == "vector" else max(4 * limit, 40)
        comparable = memories.of_model(model)
        nearest, some = comparable.nearest(vector, wanted).query.sql_with_params()
        exactly, all_of_it = comparable.exactly_nearest(vector, wanted).query.sql_with_params()
        parts.append(NEAR.format(nearest=nearest, exactly=exactly))
        params += [*some, *all_of_it, wanted]
    if mode != "vector":
        words, some = with_the_words_of(text, memories, max(limit, PER_WORD))
        parts.append(ALIKE.format(words=words))
        params += some
    return ",".join(parts), params


def with_the_words_of(text: str, memories: SemanticMemoryQuerySet, limit: int) -> tuple[str, list[Any]]:
    """A query of (id, weight) for the memories that have some of the text's words."""
    words = telling_words(text)[:MOST_WORDS]
    if not words:
        return "SELECT NULL::uuid AS id, 0 AS weight WHERE false", []
    parts, params = [], []
    for template, wanted in [(ALL_WORDS, words), *((WORD, [word]) for word in words)]:
        rows, some = memories.with_words(wanted).values("id")[:limit].query.sql_with_params()
        parts.append(template.format(rows=rows))
        params += some
    return " UNION ALL ".join(parts), params
