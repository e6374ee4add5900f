"""Entities that may be the same: found little by little in the background, so that the queue is only read."""

import time
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from apps.core.actors import Actor
from apps.core.statements import execute
from apps.knowledge.models import KnowledgeEntity, MergeCandidate

LOOKING_SECONDS = 60  # between two turns of the duty
LOOK_SECONDS = 5.0  # of each
A_TURN = 25  # entities; a look at one takes up to 50 ms, where very many have the same words in their names
SHOWN = 50
ALIKE = 0.4  # share of trigrams from which names are looked at
LIKELY = 0.62  # likeness of the names that is enough
NEIGHBOURS = 200  # of each, looked at

# Names that differ in their numbers alone (kimi 2, kimi 3; session 41, session 42) are of different things.
LIKE = """
SELECT entity.id AS one, other.id AS other, similarity(upper(entity.name), upper(other.name)) AS likeness
  FROM knowledge_entities AS entity, LATERAL (
       SELECT id, name FROM knowledge_entities AS stored
        WHERE upper(stored.name) %% upper(entity.name) AND stored.id <> entity.id
          AND btrim(regexp_replace(stored.name, '\\D+', ' ', 'g'))
            = btrim(regexp_replace(entity.name, '\\D+', ' ', 'g'))
        ORDER BY similarity(upper(stored.name), upper(entity.name)) DESC, id LIMIT 20) AS other
 WHERE entity.id = ANY(%(entities)s::uuid[])"""
NEIGHBOUR = """(SELECT to_entity FROM (SELECT to_entity FROM knowledge_relations WHERE from_entity = {end}
                LIMIT {most}) AS leaving
 UNION SELECT from_entity FROM (SELECT from_entity FROM knowledge_relations WHERE to_entity = {end}
                LIMIT {most}) AS arriving)"""
PAIRS = f"""
WITH pair AS MATERIALIZED ({LIKE}), counted AS (
    SELECT pair.*, (SELECT count(*) FROM ({NEIGHBOUR.format(end="pair.one", most=NEIGHBOURS)}
                    INTERSECT {NEIGHBOUR.format(end="pair.other", most=NEIGHBOURS)}) AS both_know (id)
                     WHERE id NOT IN (pair.one, pair.other)) AS shared,
           (SELECT count(*) FROM {NEIGHBOUR.format(end="pair.one", most=NEIGHBOURS)} AS of_one) AS of_one,
           (SELECT count(*) FROM {NEIGHBOUR.format(end="pair.other", most=NEIGHBOURS)} AS of_other) AS of_other
      FROM pair
)
SELECT one, other, likeness, shared,
       0.7 * likeness + 0.3 * shared / greatest(least(of_one, of_other), 1) AS score
  FROM counted
 WHERE likeness >= {LIKELY} OR (shared >= 2 AND shared * 2 >= least(of_one, of_other))
 ORDER BY score DESC, one, other"""
UNSEEN = """
SELECT id FROM knowledge_entities AS entity WHERE NOT EXISTS (
       SELECT FROM site_duplicates_checked AS checked
        WHERE checked.entity = entity.id AND checked.name = hashtext(entity.name))
 ORDER BY created_at DESC, id LIMIT %s"""
CHECKED = """
INSERT INTO site_duplicates_checked (entity, name)
SELECT id, hashtext(name) FROM knowledge_entities WHERE id = ANY(%s::uuid[])
    ON CONFLICT (entity) DO UPDATE SET name = excluded.name"""
NOTE = """
INSERT INTO site_merge_candidate (one, other, likeness, shared, score)
SELECT * FROM unnest(%s::uuid[], %s::uuid[], %s::float[], %s::int[], %s::float[])
    ON CONFLICT (one, other) DO UPDATE SET
       likeness = excluded.likeness, shared = excluded.shared, score = excluded.score"""
# What was merged or deleted; if it comes back it is looked at anew.
CLEAR = """
WITH gone AS (
    DELETE FROM site_duplicates_checked AS checked
     WHERE NOT EXISTS (SELECT FROM knowledge_entities WHERE id = checked.entity) RETURNING entity)
DELETE FROM site_merge_candidate
 WHERE dismissed_at IS NULL AND (one IN (SELECT * FROM gone) OR other IN (SELECT * FROM gone))"""
# One that was renamed is no longer like those that it was like.
OUTDATED = """
DELETE FROM site_merge_candidate
 WHERE dismissed_at IS NULL AND (one = ANY(%(ids)s::uuid[]) OR other = ANY(%(ids)s::uuid[]))"""


@dataclass(frozen=True)
class Pair:
    one: KnowledgeEntity
    other: KnowledgeEntity
    likeness: float
    shared: int  # neighbours

    @property
    def percent(self) -> int:
        return round(self.likeness * 100)


def look_for_duplicates(seconds: float = LOOK_SECONDS) -> int:
    """Look through entities that are new or renamed, for so long; returns how many."""
    deadline, looked_at = time.monotonic() + seconds, 0
    execute(CLEAR)
    while batch := [id for (id,) in execute(UNSEEN, [A_TURN])]:
        with transaction.atomic():
            execute(OUTDATED, {"ids": batch})
            found = sorted({(*sorted((one, other)), *rest) for one, other, *rest in pairs(batch)})
            if found:
                execute(NOTE, [list(column) for column in zip(*found, strict=True)])
            execute(CHECKED, [batch])
        looked_at += len(batch)
        if time.monotonic() > deadline:
            break
    return looked_at


def pairs(entities: list[UUID]) -> list[tuple[UUID, UUID, float, int, float]]:
    """(one of these, another that is like it, likeness of names, shared neighbours, score), the likeliest first."""
    with transaction.atomic():
        execute(f"SET LOCAL pg_trgm.similarity_threshold = {ALIKE}")
        return execute(PAIRS, {"entities": entities})


def likely() -> list[Pair]:
    """The likeliest pairs of the queue."""
    queue = MergeCandidate.objects.waiting()[:SHOWN]
    return with_entities([(one.one, one.other, one.likeness, one.shared) for one in queue])


def like(entity: UUID) -> list[Pair]:
    """What is like this one, now; without those that somebody knows to be another."""
    apart = MergeCandidate.objects.known_apart(entity)
    return with_entities([(one, other, *rest[:2]) for one, other, *rest in pairs([entity]) if other not in apart])


def with_entities(found: list[Any]) -> list[Pair]:
    ids = {end for one, other, *_ in found for end in (one, other)}
    there = KnowledgeEntity.objects.in_bulk(ids)
    return [
        Pair(there[one], there[other], likeness, shared)
        for one, other, likeness, shared in found
        if one in there and other in there
    ]


def keep_apart(actor: Actor, one: UUID, other: UUID) -> None:
    """They are not the same: never offer them again."""
    first, second = sorted((one, other))
    MergeCandidate.objects.update_or_create(
        one=first, other=second, defaults={"dismissed_at": timezone.now(), "dismissed_by": actor.name}
    )


def offer_again(one: UUID, other: UUID) -> None:
    MergeCandidate.objects.of(one, other).update(dismissed_at=None, dismissed_by="")


def progress() -> tuple[int, int]:
    """How many entities were looked through, of how many."""
    [(looked_through, every)] = execute(
        "SELECT (SELECT count(*) FROM site_duplicates_checked), (SELECT count(*) FROM knowledge_entities)"
    )
    return min(looked_through, every), every
