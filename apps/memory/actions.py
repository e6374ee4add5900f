"""Every write to the agent's memories. Upserts are one statement each, so that two first writers never collide."""

import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from django.db import connection, transaction
from django.utils import timezone

from apps.core.actors import Actor, acting
from apps.memory.models import Memory, WorkingMemory, WorkingMemoryCheckpoint
from apps.memory.querysets import Weights, WorkingMemoryQuerySet

STORE_MEMORY = """
INSERT INTO memories (id, key, value, category, created_at, updated_at)
VALUES (%s, %s, %s::jsonb, %s, statement_timestamp(), statement_timestamp())
ON CONFLICT (key) DO UPDATE
   SET value = excluded.value, category = excluded.category, updated_at = excluded.updated_at
RETURNING id"""

STORE_ITEM = """
INSERT INTO working_memory AS old
       (id, category, key, value, importance, ttl_hours, source, created_at, updated_at, accessed_at, access_count)
VALUES (%s, %s, %s, %s::jsonb, %s, %s, %s, statement_timestamp(), statement_timestamp(), statement_timestamp(), 0)
ON CONFLICT (category, key) DO UPDATE
   SET value = excluded.value, importance = excluded.importance, ttl_hours = excluded.ttl_hours,
       source = excluded.source, updated_at = excluded.updated_at, accessed_at = excluded.accessed_at,
       access_count = old.access_count + 1
RETURNING id"""

# {ranked} stands for a query of the models' own.
TOUCH = """
WITH ranked AS MATERIALIZED ({ranked}),
     locked AS (
        SELECT id FROM working_memory WHERE id IN (SELECT id FROM ranked) ORDER BY id FOR NO KEY UPDATE),
     touched AS (
        UPDATE working_memory AS item SET access_count = item.access_count + 1, accessed_at = statement_timestamp()
          FROM locked WHERE item.id = locked.id
     RETURNING item.*)
SELECT touched.*, ranked.relevance FROM touched JOIN ranked ON ranked.id = touched.id
 ORDER BY ranked.relevance DESC, touched.id"""

# One statement, so that the snapshot holds exactly what was stamped, whoever writes meanwhile.
CHECKPOINT = """
WITH locked AS ({locked}),
     stamped AS (
        UPDATE working_memory AS item SET checkpoint_id = %s FROM locked WHERE item.id = locked.id
     RETURNING item.*),
     made AS (
        INSERT INTO site_working_memory_checkpoint (checkpoint_id, items_checkpointed, created_at)
        VALUES (%s, (SELECT count(*) FROM stamped), %s))
INSERT INTO site_working_memory_checkpoint_item
       (checkpoint_id, item_id, category, key, value, importance, ttl_hours, source,
        created_at, updated_at, accessed_at, access_count)
SELECT checkpoint_id, id, category, key, value, importance, ttl_hours, source,
       created_at, updated_at, accessed_at, access_count
  FROM stamped"""

# An item comes back under its old id, unless another one has that by now.
RESTORE = """
INSERT INTO working_memory
       (id, category, key, value, importance, ttl_hours, source, checkpoint_id,
        created_at, updated_at, accessed_at, access_count)
SELECT CASE WHEN EXISTS (SELECT FROM working_memory taken WHERE taken.id = item_id)
            THEN gen_random_uuid() ELSE item_id END,
       category, key, value, importance, ttl_hours, source, checkpoint_id,
       created_at, statement_timestamp(), accessed_at, access_count
  FROM site_working_memory_checkpoint_item
 WHERE checkpoint_id = %s
 ORDER BY item_id
ON CONFLICT (category, key) DO UPDATE
   SET value = excluded.value, importance = excluded.importance, ttl_hours = excluded.ttl_hours,
       source = excluded.source, checkpoint_id = excluded.checkpoint_id, updated_at = excluded.updated_at"""


def store_memory(actor: Actor, key: str, value: Any, category: str) -> UUID:
    with acting(actor), connection.cursor() as cursor:
        cursor.execute(STORE_MEMORY, [uuid4(), key, json.dumps(value), category])
        return cursor.fetchone()[0]


def forget_memory(actor: Actor, key: str) -> None:
    with acting(actor):
        Memory.objects.filter(key=key).delete()


def store_item(
    category: str, key: str, value: Any, importance: float, ttl_hours: int | None, source: str | None
) -> UUID:
    """Put something in mind. Writing it anew counts as a use, and its time to live starts again."""
    with connection.cursor() as cursor:
        cursor.execute(STORE_ITEM, [uuid4(), category, key, json.dumps(value), importance, ttl_hours, source])
        return cursor.fetchone()[0]


def recall(weights: Weights, limit: int, category: str = "") -> list[WorkingMemory]:
    """The most relevant items, each noted as used once more: one statement, whose rows are as they are then."""
    if limit == 0:
        return []
    items = WorkingMemory.objects.most_relevant(weights, limit, category)
    ranked, params = items.values("id", "relevance").query.sql_with_params()
    return list(WorkingMemory.objects.raw(TOUCH.format(ranked=ranked), params))


def make_checkpoint() -> WorkingMemoryCheckpoint:
    """Keep all live items as they are now."""
    now = timezone.now()
    name = f"ckpt-{now:%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"
    with alone(), connection.cursor() as cursor:
        locked, params = WorkingMemory.objects.alive().in_order_of_locking().values("id").query.sql_with_params()
        cursor.execute(CHECKPOINT.format(locked=locked), [*params, name, name, now])
    return WorkingMemoryCheckpoint.objects.get(pk=name)


def restore_checkpoint(name: str) -> int:
    """Write the checkpoint's items back, over what they have become since; items made since stay.

    They count as written now, so their time to live starts again. Returns how many items it were.

    Raises:
        WorkingMemoryCheckpoint.DoesNotExist: no checkpoint of that name.
    """
    with alone(), connection.cursor() as cursor:
        WorkingMemoryCheckpoint.objects.get(pk=name)
        cursor.execute(RESTORE, [name])
        return cursor.rowcount


def restore_reversibly(name: str) -> tuple[int, WorkingMemoryCheckpoint]:
    """As `restore_checkpoint`, after what is in mind now has become a checkpoint too, which is returned with it."""
    with alone():
        present = make_checkpoint()
        return restore_checkpoint(name), present


def clean_up(items: WorkingMemoryQuerySet) -> int:
    """Delete some items; returns how many were there."""
    with alone():
        return WorkingMemory.objects.filter(id__in=items.in_order_of_locking().values("id")).delete()[0]


def clean_up_reversibly(items: WorkingMemoryQuerySet) -> tuple[int, WorkingMemoryCheckpoint]:
    """As `clean_up`, after what is in mind now has become a checkpoint, which is returned with it."""
    with alone():
        present = make_checkpoint()
        return clean_up(items), present


def purge_expired() -> int:
    """Delete what expired a day ago or earlier; until then one can still look at it. Returns how many it were."""
    long_expired = WorkingMemory.objects.expired(since=timedelta(days=1))
    return clean_up(long_expired) if long_expired.exists() else 0


@contextmanager
def alone() -> Iterator[None]:
    """One transaction, for which other writers of working memory wait.

    Writers of many items meet them in different orders and would deadlock; writers of one are soon done.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("LOCK TABLE working_memory IN SHARE ROW EXCLUSIVE MODE")
        yield
