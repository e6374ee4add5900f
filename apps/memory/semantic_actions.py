"""Storing texts with their embeddings, and finding them again by meaning or by their words."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import UUID

from django.db import connection, transaction

from apps.core.actors import Actor, acting
from apps.core.duties import stopping
from apps.core.graph_querysets import telling_words
from apps.memory import embeddings
from apps.memory.embeddings import LONG_PATIENCE, NoEmbedding, RefusedText
from apps.memory.models import SemanticMemory, WaitingText
from apps.memory.semantic_querysets import SemanticMemoryQuerySet

Mode = Literal["vector", "hybrid", "text"]
# The demo's vectors are drawn, not computed; see `embed_what_waits`.
DEMO_MODEL = "demo"
BATCH = 50

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
RANKED = {
    "vector": "SELECT id, place FROM near",
    "text": "SELECT id, place FROM alike",
    "hybrid": """
    SELECT id, row_number() OVER (ORDER BY sum(1.0 / (60 + place)) DESC, id) AS place
      FROM (SELECT * FROM near UNION ALL SELECT * FROM alike) both_ways GROUP BY id""",
}
SIMILARITY = {
    "vector": "1 - (embedding <=> %s::vector)",
    "hybrid": "CASE WHEN site_embedding_model = %s THEN 1 - (embedding <=> %s::vector) END",
    "text": "word_similarity(left(%s, 200), left(content, 2000))",
}
SEARCH = """
WITH {candidates},
ranked AS MATERIALIZED (SELECT id, place FROM ({ranked}) r WHERE place <= %s),
locked AS (
    SELECT id FROM semantic_memories WHERE id IN (SELECT id FROM ranked) ORDER BY id FOR NO KEY UPDATE),
touched AS (
    UPDATE semantic_memories AS m SET access_count = m.access_count + 1, accessed_at = statement_timestamp()
      FROM locked WHERE m.id = locked.id
 RETURNING m.*)
SELECT touched.id, content, summary, category, metadata, importance, source, created_at, accessed_at, access_count,
       round(({similarity})::numeric, 4)::float8 AS similarity
  FROM touched JOIN ranked ON ranked.id = touched.id
 ORDER BY ranked.place"""


@dataclass(frozen=True)
class Found:
    mode: Mode  # the way it was done, which is not the one that was asked for where there is no embedding
    memories: list[SemanticMemory] = field(default_factory=list)  # each with its `similarity`
    note: str = ""


def store(actor: Actor, memory_id: UUID, **fields: Any) -> str:
    """Store a text under an id that the caller made; where that id is there already, nothing happens.

    Returns why it has to wait for its embedding; empty: it has one.
    """
    model = embeddings.current()
    try:
        vector = model.embed(fields["content"], "passage")
    except NoEmbedding as problem:
        return let_wait(actor, memory_id, str(problem), fields)
    with acting(actor):
        insert(memory_id, vector, model.name, fields)
    return ""


def insert(memory_id: UUID, vector: list[float], model: str, fields: dict[str, Any]) -> None:
    memory = SemanticMemory(id=memory_id, embedding=vector, embedding_model=model, **fields)
    SemanticMemory.objects.bulk_create([memory], ignore_conflicts=True)


def let_wait(actor: Actor, memory_id: UUID, problem: str, fields: dict[str, Any]) -> str:
    """A retry of a text that has its embedding by now need not wait."""
    if SemanticMemory.objects.filter(pk=memory_id).exists():
        return ""
    waiting = WaitingText(id=memory_id, problem=problem, actor_kind=actor.kind, actor_name=actor.name[:200], **fields)
    WaitingText.objects.bulk_create([waiting], ignore_conflicts=True)
    return problem


def search(text: str, limit: int, mode: Mode | None = None, **filters: Any) -> Found:
    """The memories that fit `text` best, each noted as used once more.

    `filters` are those of `SemanticMemoryQuerySet.narrowed`. Without a mode it is by vector, or by words where
    there is no embedding.

    Raises:
        NoEmbedding: `vector` was asked for.
    """
    text = text.replace("\0", " ")
    memories = SemanticMemory.objects.narrowed(**filters)
    model = embeddings.current()
    vector: list[float] = []
    note = ""
    if mode != "text":
        try:
            vector = model.embed(text, "query")
        except NoEmbedding as problem:
            if mode == "vector":
                raise
            note = f"Found by their words, because there is no embedding: {problem}."
        else:
            note = note_on_other_models(memories, model.name)
    done: Mode = (mode or "vector") if vector else "text"
    return Found(done, found(memories, text, vector, model.name, done, limit) if limit else [], note)


def note_on_other_models(memories: SemanticMemoryQuerySet, model: str) -> str:
    if not memories.of_other_models(model).exists():
        return ""
    return (
        "Some memories have vectors of another model and can be found by their words only (mode=text or hybrid); "
        "'manage.py reembed' brings them over."
    )


def found(
    memories: SemanticMemoryQuerySet, text: str, vector: list[float], model: str, mode: Mode, limit: int
) -> list[SemanticMemory]:
    candidates, params = candidates_of(memories, text, vector, model, mode, limit)
    sql = SEARCH.format(candidates=candidates, ranked=RANKED[mode], similarity=SIMILARITY[mode])
    compared = {"vector": [str(vector)], "hybrid": [model, str(vector)], "text": [text]}[mode]
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(SETTINGS)
        return list(SemanticMemory.objects.raw(sql, [*params, limit, *compared]))


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


def embed_what_waits() -> int:
    """Give waiting texts their embeddings, and the demo's memories real ones; returns how many got one.

    Any number of processes may do this at once. It ends early where no embedding can be had.
    """
    done = 0
    try:
        while not stopping.is_set() and (one := embed_next()) is not None:
            done += one
        for problem in reembed(SemanticMemory.objects.of_model(DEMO_MODEL)):
            done += not problem
            if stopping.is_set():
                break
    except NoEmbedding:
        pass
    return done


def embed_next() -> bool | None:
    """Turn the next waiting text into a memory. False: the model refused it; None: none is waiting.

    A process that dies meanwhile leaves the text where it was.

    Raises:
        NoEmbedding: none can be had now.
    """
    if not embeddings.current().name:
        raise NoEmbedding("embeddings are switched off")
    with transaction.atomic():
        text = WaitingText.objects.next_free()
        if text is None:
            return None
        model = embeddings.current()
        try:
            vector = model.embed(text.content, "passage", LONG_PATIENCE)
        except NoEmbedding as problem:
            failure = problem
        else:
            let_become_memory(text, vector, model.name)
            return True
        # Also where the model seems to be down: perhaps it is this text that brings it down, and others wait too.
        text.postpone(failure, is_refused=isinstance(failure, RefusedText))
    if isinstance(failure, RefusedText):
        return False
    raise failure


def let_become_memory(text: WaitingText, vector: list[float], model: str) -> None:
    fields = ("content", "summary", "category", "metadata", "importance", "source", "created_at")
    with acting(text.actor):
        insert(text.id, vector, model, {name: getattr(text, name) for name in fields})
    text.delete()


def reembed(memories: SemanticMemoryQuerySet) -> Iterator[str]:
    """Give each of `memories` a vector of the current model: yields for each why it kept its old one, or nothing.

    No lock is held while the model computes; a row whose text changes meanwhile keeps its vector.

    Raises:
        NoEmbedding: none can be had now; what is done stays done.
    """
    model = embeddings.current()
    last = None
    while rows := memories.in_order_of_id(last).values_list("id", "content", "embedding_model")[:BATCH]:
        for last, content, old in rows:
            try:
                vector = model.embed(content, "passage", LONG_PATIENCE)
            except RefusedText as problem:
                yield str(problem)
                continue
            same = SemanticMemory.objects.filter(id=last, content=content, embedding_model=old)
            yield "" if same.update(embedding=vector, embedding_model=model.name) else "changed meanwhile"
