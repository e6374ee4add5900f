"""What people do to memories under a key: change one that is as they saw it, delete, and bring back."""

from collections.abc import Sequence
from uuid import UUID, uuid4

from django.db import connection

from apps.core.actors import Actor, acting
from apps.core.conflicts import Conflict
from apps.core.models import Change
from apps.memory.history import deleted
from apps.memory.models import Memory

ADD = """
INSERT INTO memories (id, key, value, category, created_at, updated_at)
VALUES (%s, %s, %s::jsonb, %s, statement_timestamp(), statement_timestamp())
ON CONFLICT (key) DO NOTHING"""

CHANGE = """
UPDATE memories SET value = %s::jsonb, category = %s, updated_at = clock_timestamp() WHERE id = %s"""

# As it was, also in columns that an adopted warehouse has on top. A key that is taken by now keeps its memory.
BRING_BACK = """
INSERT INTO memories
SELECT was.* FROM site_change, jsonb_populate_record(NULL::memories, before) AS was WHERE site_change.id = ANY(%s)
ON CONFLICT DO NOTHING
RETURNING key"""

# What a later change of the row says of the time before it, the earliest first; else it is as it is now.
REVERT = """
WITH later AS (
    SELECT id, before FROM site_change WHERE table_name = 'memories' AND row_id = %s AND id > %s)
UPDATE memories SET
    value = coalesce((SELECT before -> 'value' FROM later WHERE before ? 'value' ORDER BY id LIMIT 1), value),
    category = coalesce(
        (SELECT before ->> 'category' FROM later WHERE before ? 'category' ORDER BY id LIMIT 1), category),
    updated_at = clock_timestamp()
 WHERE id = %s"""


def add_memory(actor: Actor, key: str, value: str, category: str) -> bool:
    """`value` is JSON. False: there is one under the key, which stays as it is."""
    with acting(actor), connection.cursor() as cursor:
        cursor.execute(ADD, [uuid4(), key, value, category])
        return cursor.rowcount == 1


def change_memory(actor: Actor, pk: UUID, value: str, category: str, revision: str) -> None:
    """`value` is JSON.

    Raises:
        Memory.DoesNotExist: it is gone.
        Conflict: it is not as it was at `revision`.
    """
    with acting(actor), connection.cursor() as cursor:
        locked(pk, revision)
        cursor.execute(CHANGE, [value, category, pk])


def revert_memory(actor: Actor, pk: UUID, to: Change, revision: str) -> None:
    """Let it be as it was after a change of it.

    Raises:
        Memory.DoesNotExist: it is gone.
        Conflict: it is not as it was at `revision`.
    """
    with acting(actor), connection.cursor() as cursor:
        locked(pk, revision)
        cursor.execute(REVERT, [str(pk), to.pk, pk])


def locked(pk: UUID, revision: str) -> None:
    Memory.objects.select_for_update(no_key=True).only("pk").get(pk=pk)
    memory = Memory.objects.written().get(pk=pk)
    if memory.revision != revision:
        raise Conflict(memory)


def delete_memories(actor: Actor, pks: Sequence[UUID]) -> UUID | None:
    """Returns the action, for an undo; None: there was nothing."""
    with acting(actor) as action:
        found = list(Memory.objects.filter(pk__in=pks).select_for_update().order_by("pk").values_list("pk", flat=True))
        return action if Memory.objects.filter(pk__in=found).delete()[0] else None


def bring_back(actor: Actor, changes: Sequence[int]) -> list[str]:
    """Undo deletions; returns the keys of what is there again."""
    with acting(actor), connection.cursor() as cursor:
        cursor.execute(BRING_BACK, [list(deleted(Memory).filter(pk__in=changes).values_list("pk", flat=True))])
        return [key for (key,) in cursor.fetchall()]
