"""Finding texts again by their meaning, by their words, or by both. What is found counts as used and is logged."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from django.db import connection, transaction
from django.db.models import QuerySet

from apps.core.actors import Actor
from apps.core.graph_querysets import telling_words
from apps.core.statements import execute
from apps.core.texts import pattern_of
from apps.memory import embeddings
from apps.memory.common_words import shares_of
from apps.memory.embeddings import NoEmbedding
from apps.memory.models import SemanticMemory
from apps.memory.semantic_querysets import SemanticMemoryQuerySet, reach
from apps.memory.vectors import MemoryVector

Mode = Literal["vector", "hybrid", "text"]
T = TypeVar("T")

# iterative_scan: without it a filter leaves fewer rows than are there. relaxed_order: what comes late though it is
# nearer is not dropped. In a statement of their own, because the planner, too, looks at how far the index will search.
SETTINGS = """
SELECT set_config('hnsw.iterative_scan', 'relaxed_order', true), set_config('hnsw.ef_search', '100', true),
       set_config('hnsw.max_scan_tuples', '20000', true)
"""
# That a memory was found may be forgotten in a crash, which is no reason to wait for the disk.
UNHURRIED = "SET LOCAL synchronous_commit = off"
# Where few are allowed their copies are compared, which is quicker than the index and misses none.
FEW = 3000
NEAR_OF_FEW = """
query AS MATERIALIZED (SELECT %(vector)s::vector AS vector),
close AS (
    SELECT memory FROM ({copies}) AS copies
     ORDER BY vector <#> (SELECT l2_normalize(vector)::halfvec(768) FROM query) LIMIT %(near)s),
near AS (
    SELECT id, row_number() OVER (ORDER BY embedding <=> (SELECT vector FROM query), id) AS place
      FROM semantic_memories WHERE id IN (SELECT memory FROM close))"""
# Where the index finds fewer than are wanted, because it gave up or because there are no more, all that are allowed are
# compared: plus nought, the distance is none that the index knows.
NEAR_OF_MANY = """
query AS MATERIALIZED (SELECT %(vector)s::vector AS vector),
comparable AS NOT MATERIALIZED (
    SELECT id, embedding <=> (SELECT vector FROM query) AS distance
      FROM allowed WHERE site_embedding_model = %(model)s),
close AS MATERIALIZED (SELECT * FROM comparable ORDER BY distance LIMIT %(near)s),
exact AS MATERIALIZED (
    SELECT * FROM (SELECT * FROM comparable ORDER BY distance + 0.0, id LIMIT %(near)s) e
     WHERE (SELECT count(*) FROM close) < %(near)s),
near AS (
    SELECT id, row_number() OVER (ORDER BY distance, id) AS place
      FROM (SELECT * FROM exact UNION ALL SELECT * FROM close WHERE NOT EXISTS (SELECT FROM exact)) n)"""
# A word counts the more the fewer memories have it; what more than PER_WORD have is no clue. Those that have every word
# come first. They are in the list of each word, unless it was cut; where all were, and of all memories, they are looked
# for by themselves. Words that are common are not listed at all if there are enough memories without: the index has to
# read of each memory with such a word, and which of them come is chance.
ALIKE = """
every AS MATERIALIZED (SELECT id FROM allowed WHERE {every} LIMIT %(per_word)s),
held AS MATERIALIZED (
    SELECT pattern, id, content FROM unnest(%(patterns)s::text[], %(common)s::bool[]) AS given (pattern, is_common)
     CROSS JOIN LATERAL (SELECT id, content FROM allowed WHERE content ILIKE pattern LIMIT %(per_word)s) AS found
     WHERE {wanting}),
weighed AS (SELECT pattern, 1.0 / (1 + count(*)) AS weight, count(*) >= %(per_word)s AS cut FROM held GROUP BY pattern),
alike AS (
    SELECT id, row_number() OVER (ORDER BY bool_or(has_every) DESC, sum(weight) DESC, id) AS place
      FROM (SELECT id, NOT cut AND {every} AS has_every, weight FROM held JOIN weighed USING (pattern)
            UNION ALL SELECT id, true, 0 FROM every WHERE NOT EXISTS (SELECT FROM weighed WHERE NOT cut)) w
     GROUP BY id)"""
# Without a filter so many may have every word that lists of one word each, which take longer, say nothing more.
WANTING = "(SELECT count(*) FROM every) < %(near)s"
TELLING = "(NOT is_common OR (SELECT count(*) FROM near) < %(near)s)"
PER_WORD, MOST_WORDS = 200, 8
COMMON = 2  # times PER_WORD: so many are expected to have a word that is common
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
    "vector": "1 - (embedding <=> (SELECT vector FROM query))",
    "hybrid": "CASE WHEN site_embedding_model = %(model)s THEN 1 - (embedding <=> (SELECT vector FROM query)) END",
    "text": "word_similarity(left(%(text)s, 200), left(content, 2000))",
}
# A program may ask for a thousand; at which place the last ones came nobody wants to know.
# To be found is no edit, and the history need not look at it as one.
SEARCH = """
WITH allowed AS NOT MATERIALIZED ({allowed}), {candidates},
ranked AS MATERIALIZED (SELECT * FROM ({ranked}) r WHERE place <= %(limit)s),
counting AS MATERIALIZED (SELECT set_config('aria.counting_uses', statement_timestamp()::text, true)),
locked AS (
    SELECT m.id FROM counting, semantic_memories AS m
     WHERE m.id IN (SELECT id FROM ranked) ORDER BY m.id FOR NO KEY UPDATE OF m),
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
    SELECT id, %(logged)s, %(mode)s, place, similarity, %(actor_kind)s, %(actor_name)s
      FROM shown WHERE place <= 50 ORDER BY place)
SELECT * FROM shown ORDER BY place"""
LONGEST_LOGGED = 500  # letters of a query
NEAREST = """
WITH allowed AS NOT MATERIALIZED ({allowed}), {near}
SELECT embedding <=> (SELECT vector FROM query) FROM near JOIN semantic_memories USING (id)
 ORDER BY place LIMIT %(limit)s"""


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
            note = note_on_other_models(SemanticMemory.objects.narrowed(**filters), model.name)
    done: Mode = (mode or "vector") if vector else "text"
    rows, search_ms = timed(lambda: found(actor, filters, text, vector, model.name, done, limit) if limit else [])
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
    filters: dict[str, Any],
    text: str,
    vector: list[float],
    model: str,
    mode: Mode,
    limit: int,
) -> list[SemanticMemory]:
    logged = {"logged": text[:LONGEST_LOGGED], "mode": mode, "actor_kind": actor.kind, "actor_name": actor.name}
    with transaction.atomic():
        sql, params = statement(begin(filters), text, vector, model, mode, limit)
        return list(SemanticMemory.objects.raw(sql, params | logged))


def nearest(filters: dict[str, Any], vector: list[float], model: str, limit: int) -> list[float]:
    """How far from the vector those are that a search by it finds. Nothing of it is logged, or counts as a use."""
    params = {"vector": str(vector), "model": model, "near": reach(limit), "limit": limit}
    with transaction.atomic():
        allowed = begin(filters)
        near, of_near = near_among(allowed, model)
        rows = execute(NEAREST.format(allowed=allowed.sql, near=near), params | allowed.params | of_near)
    return [distance for (distance,) in rows]


@dataclass(frozen=True)
class Allowed:
    """What the filters of a search let through."""

    filters: dict[str, Any]
    sql: str
    params: dict[str, Any]
    expected: int  # rows, as the planner thinks


def begin(filters: dict[str, Any]) -> Allowed:
    """Prepare the transaction for a search."""
    sql, params = named("allowed", SemanticMemory.objects.narrowed(**filters))
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (FORMAT json) {sql}; {SETTINGS}; {UNHURRIED}", params)
        [([explained],)] = cursor.fetchall()
    return Allowed(filters, sql, params, explained["Plan"]["Plan Rows"])


def statement(
    allowed: Allowed, text: str, vector: list[float], model: str, mode: Mode, limit: int
) -> tuple[str, dict[str, Any]]:
    """SEARCH with the parts and the parameters that the mode needs."""
    near, of_near = near_among(allowed, model) if mode != "text" else ("", {})
    words = telling_words(text)[:MOST_WORDS] if mode != "vector" else []
    by_name = {f"pattern_{number}": pattern_of(word) for number, word in enumerate(words)}
    # In a subquery, for the planner would try a pattern on its statistics, which takes as long as to search.
    every = " AND ".join(f"content ILIKE (SELECT %({name})s::text)" for name in by_name) or "false"
    wanting = [WANTING] * (not allowed.params) + [TELLING] * (mode == "hybrid")
    parts = {"vector": [near], "text": [ALIKE], "hybrid": [near, ALIKE]}[mode]
    sql = SEARCH.format(
        allowed=allowed.sql,
        candidates=",".join(parts).format(every=every, wanting=" AND ".join(wanting) or "true"),
        ranked=RANKED[mode],
        similarity=SIMILARITY[mode],
    )
    per_word = max(limit, PER_WORD)
    params = {
        "vector": str(vector),
        "model": model,
        "near": reach(limit),
        "patterns": [*by_name.values()],
        "common": [share * allowed.expected > COMMON * per_word for share in shares_of(words)],
        "per_word": per_word,
        "text": text,
        "limit": limit,
    }
    return sql, params | allowed.params | of_near | by_name


def near_among(allowed: Allowed, model: str) -> tuple[str, dict[str, Any]]:
    """The part that finds the nearest of these, with parameters of its own."""
    if allowed.expected > FEW:
        return NEAR_OF_MANY, {}
    copies = MemoryVector.objects.narrowed(**allowed.filters).of_model(model).values("memory", "vector")
    sql, params = named("copies", copies)
    return NEAR_OF_FEW.format(copies=sql), params


def named(name: str, rows: QuerySet) -> tuple[str, dict[str, Any]]:
    """The SQL that asks for them, with parameters of this name."""
    sql, params = rows.query.sql_with_params()
    by_name = {f"{name}_{number}": value for number, value in enumerate(params)}
    return sql % tuple(f"%({key})s" for key in by_name), by_name
