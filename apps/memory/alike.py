"""Memories that say nearly the same: found little by little in the background, so that their list is only read."""

import time
from dataclasses import dataclass

from django.db import transaction

from apps.core.statements import execute
from apps.memory.models import SemanticMemory
from apps.memory.semantic_actions import OUTDATED
from apps.memory.semantic_search import SETTINGS

SAME = 0.04  # distance from which on two texts hardly say the same; with the bundled model others lie at 0.1 and more
LOOKING_SECONDS = 60  # between two turns of the duty
LOOK_SECONDS = 5.0  # of each
A_TURN = 50  # memories
SHOWN = 50

# What searches find, and by the vector of what it says: an edited text may yet have to wait for its own.
FOUND = "NOT site_buried AND site_embedding_model <> %(outdated)s"
UNSEEN = f"""
SELECT id FROM semantic_memories AS memory WHERE {FOUND} AND NOT EXISTS (
       SELECT FROM site_memory_alike_checked AS checked
        WHERE checked.memory = memory.id AND checked.text = hashtext(memory.content)
          AND checked.model = memory.site_embedding_model)
 ORDER BY created_at DESC, id LIMIT %(most)s"""
# Of very many that say the same each has the nearest few, and so they still hang together.
NOTE = """
INSERT INTO site_memory_alike (one, other, distance)
SELECT least(memory.id, near.id), greatest(memory.id, near.id), min(near.distance)
  FROM semantic_memories AS memory, LATERAL (
       SELECT id, other.embedding <=> memory.embedding AS distance FROM semantic_memories AS other
        WHERE other.site_embedding_model = memory.site_embedding_model AND NOT other.site_buried
        ORDER BY other.embedding <=> memory.embedding LIMIT 6) AS near
 WHERE memory.id = ANY(%s) AND near.id <> memory.id AND near.distance < %s
 GROUP BY 1, 2
    ON CONFLICT (one, other) DO UPDATE SET distance = excluded.distance"""
CHECKED = """
INSERT INTO site_memory_alike_checked (memory, text, model)
SELECT id, hashtext(content), site_embedding_model FROM semantic_memories WHERE id = ANY(%s)
    ON CONFLICT (memory) DO UPDATE SET text = excluded.text, model = excluded.model"""
FORGET = "DELETE FROM site_memory_alike WHERE one = ANY(%(ids)s) OR other = ANY(%(ids)s)"
# What was deleted, buried or edited; if it comes back it is looked at anew.
CLEAR = f"""
WITH gone AS (
    DELETE FROM site_memory_alike_checked AS checked
     WHERE NOT EXISTS (SELECT FROM semantic_memories WHERE id = checked.memory AND {FOUND}))
DELETE FROM site_memory_alike AS pair
 WHERE NOT EXISTS (SELECT FROM semantic_memories WHERE id = pair.one AND {FOUND})
    OR NOT EXISTS (SELECT FROM semantic_memories WHERE id = pair.other AND {FOUND})"""
NEAREST = f"""
SELECT one, other, distance FROM site_memory_alike AS pair
 WHERE EXISTS (SELECT FROM semantic_memories WHERE id = pair.one AND {FOUND})
   AND EXISTS (SELECT FROM semantic_memories WHERE id = pair.other AND {FOUND})
 ORDER BY distance, one, other LIMIT %(most)s"""
PROGRESS = f"""
SELECT (SELECT count(*) FROM site_memory_alike_checked),
       (SELECT count(*) FROM semantic_memories WHERE {FOUND})"""


@dataclass(frozen=True)
class Alike:
    """`older` and `newer` were stored in this order."""

    older: SemanticMemory
    newer: SemanticMemory
    similarity: float

    @property
    def both(self) -> tuple[SemanticMemory, SemanticMemory]:
        return self.older, self.newer


def look_for_alike(seconds: float = LOOK_SECONDS) -> int:
    """Look through memories that are new or say something else now, for so long; returns how many."""
    deadline, looked_at = time.monotonic() + seconds, 0
    execute(CLEAR, {"outdated": OUTDATED})
    while batch := [id for (id,) in execute(UNSEEN, {"outdated": OUTDATED, "most": A_TURN})]:
        with transaction.atomic():
            execute(SETTINGS)
            execute(FORGET, {"ids": batch})
            execute(CHECKED, [batch])  # first: what is changed meanwhile is looked at again
            execute(NOTE, [batch, SAME])
        looked_at += len(batch)
        if time.monotonic() > deadline:
            break
    return looked_at


def most_alike() -> list[Alike]:
    """The nearest pairs of what searches find, each with the beginning of its text."""
    found = execute(NEAREST, {"outdated": OUTDATED, "most": SHOWN})
    there = SemanticMemory.objects.listed().in_bulk({id for one, other, _ in found for id in (one, other)})
    return [
        in_order(there[one], there[other], 1 - distance)
        for one, other, distance in found
        if one in there and other in there
    ]


def in_order(one: SemanticMemory, other: SemanticMemory, similarity: float) -> Alike:
    older, newer = sorted((one, other), key=lambda memory: memory.created_at)
    return Alike(older, newer, similarity)


def progress() -> tuple[int, int]:
    """How many memories were looked through, of how many."""
    [(looked_through, every)] = execute(PROGRESS, {"outdated": OUTDATED})
    return min(looked_through, every), every
