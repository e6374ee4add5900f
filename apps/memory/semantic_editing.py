"""What people do to semantic memories: change, bury, weigh, delete, and bring back."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import F, FloatField, Func, Value
from django.db.models.functions import Greatest, Least

from apps.core.actors import Actor, acting
from apps.core.conflicts import Conflict
from apps.core.models import Change
from apps.memory.embeddings import PATIENCE, NoEmbedding
from apps.memory.history import deleted
from apps.memory.models import EMBEDDING_DIMENSIONS, SemanticMemory
from apps.memory.semantic_actions import OUTDATED, reembed
from apps.memory.semantic_querysets import EDITED

# The history knows no vector and no uses, of which the log knows the latest. A vector without a direction is never
# compared; the next `embed_what_waits` makes a real one.
BRING_BACK = """
INSERT INTO semantic_memories
SELECT was.* FROM site_change,
       jsonb_populate_record(NULL::semantic_memories, before || jsonb_build_object(
           'embedding', array_fill(0, ARRAY[%s])::vector::text, 'site_embedding_model', %s::text,
           'access_count', (SELECT count(*) FROM site_memory_retrieval WHERE memory_id = row_id::uuid),
           'accessed_at', (SELECT max(found_at) FROM site_memory_retrieval WHERE memory_id = row_id::uuid),
           'site_buried', coalesce(before -> 'site_buried', 'false'))) AS was
 WHERE site_change.id = ANY(%s)
ON CONFLICT DO NOTHING
RETURNING id"""


class Rounded(Func):
    template, output_field = "round((%(expressions)s)::numeric, 4)::float8", FloatField()


def change(actor: Actor, pk: UUID, revision: str, **fields: Any) -> str:
    """Let a memory say something else; a new text is found by its words at once, and by its meaning with a new vector.

    Returns why it has to wait for that; empty: it has it, or needs none.

    Raises:
        SemanticMemory.DoesNotExist: it is gone.
        Conflict: it is not as it was at `revision`.
    """
    with acting(actor):
        memory = locked(pk, revision)
        if fields["content"] != memory.content:
            fields["embedding_model"] = OUTDATED
        SemanticMemory.objects.filter(pk=pk).update(**fields)
    try:
        return next(reembed(SemanticMemory.objects.of_model(OUTDATED).filter(pk=pk), PATIENCE), "")
    except NoEmbedding as problem:
        return str(problem)


def revert(actor: Actor, pk: UUID, to: Change, revision: str) -> str:
    """Let it say what it said after a change of it; returns and raises what `change` does."""
    memory = SemanticMemory.objects.written().get(pk=pk)
    state = {name: getattr(memory, name) for name in EDITED}
    # The newest first, so that the earliest of the later ones has the last word on what was there before it.
    for later in Change.objects.of(memory).filter(pk__gt=to.pk):
        state |= {name: value for name, value in (later.before or {}).items() if name in EDITED}
    return change(actor, pk, revision, **state)


def locked(pk: UUID, revision: str) -> SemanticMemory:
    SemanticMemory.objects.select_for_update(no_key=True).only("pk").get(pk=pk)
    memory = SemanticMemory.objects.written().get(pk=pk)
    if memory.revision != revision:
        raise Conflict(memory)
    return memory


def bury(actor: Actor, pk: UUID, *, buried: bool) -> bool:
    """Keep it, but let no search find it; or the other way round. False: it is gone."""
    with acting(actor):
        return SemanticMemory.objects.filter(pk=pk).update(buried=buried) == 1


def weigh(actor: Actor, pk: UUID, step: float) -> float:
    """Make it more or less important by a step, from 0 to 1 or as far as it was beyond; returns what it is then.

    Raises:
        SemanticMemory.DoesNotExist: it is gone.
    """
    now = F("importance")
    raised = Least(now + step, Greatest(now, Value(1.0)))
    lowered = Greatest(now + step, Least(now, Value(0.0)))
    with acting(actor):
        memory = SemanticMemory.objects.filter(pk=pk)
        memory.update(importance=Rounded(raised if step > 0 else lowered))
        return memory.values_list("importance", flat=True).get()


def delete(actor: Actor, pk: UUID) -> UUID | None:
    """Returns the action, for an undo; None: it was gone."""
    with acting(actor) as action:
        return action if SemanticMemory.objects.filter(pk=pk).delete()[0] else None


def bring_back(actor: Actor, changes: Sequence[int]) -> list[UUID]:
    """Undo deletions; returns what is there again."""
    with acting(actor), connection.cursor() as cursor:
        gone = deleted(SemanticMemory).filter(pk__in=changes).values_list("pk", flat=True)
        cursor.execute(BRING_BACK, [EMBEDDING_DIMENSIONS, OUTDATED, list(gone)])
        return [pk for (pk,) in cursor.fetchall()]
