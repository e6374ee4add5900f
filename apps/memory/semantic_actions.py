"""Storing texts with their embeddings, also those that had to wait for one."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.db import transaction

from apps.core.actors import Actor, acting
from apps.core.duties import stopping
from apps.memory import embeddings
from apps.memory.embeddings import LONG_PATIENCE, NoEmbedding, RefusedText
from apps.memory.models import SemanticMemory, WaitingText
from apps.memory.semantic_querysets import SemanticMemoryQuerySet

# The demo's vectors are drawn, not computed, and the vector of a text that was changed says what it was before; see
# `embed_what_waits`.
DEMO_MODEL, OUTDATED = "demo", "outdated"
BATCH = 50


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


def embed_what_waits() -> int:
    """Give waiting texts their embeddings, and changed and the demo's ones real ones; returns how many got one.

    Any number of processes may do this at once. It ends early where no embedding can be had.
    """
    done = 0
    try:
        while not stopping.is_set() and (one := embed_next()) is not None:
            done += one
        for model in (OUTDATED, DEMO_MODEL):
            for problem in reembed(SemanticMemory.objects.of_model(model)):
                done += not problem
                if stopping.is_set():
                    return done
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


def reembed(memories: SemanticMemoryQuerySet, seconds: float = LONG_PATIENCE) -> Iterator[str]:
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
                vector = model.embed(content, "passage", seconds)
            except RefusedText as problem:
                yield str(problem)
                continue
            same = SemanticMemory.objects.filter(id=last, content=content, embedding_model=old)
            yield "" if same.update(embedding=vector, embedding_model=model.name) else "changed meanwhile"
