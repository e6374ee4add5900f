"""Making one entity of two. The history keeps what was moved, so a merge is undone like any other action."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import OperationalError, connection
from psycopg.errors import DeadlockDetected

from apps.core.actors import Actor
from apps.core.conflicts import Conflict, fits
from apps.core.models import Change
from apps.knowledge.actions import editing, quoted
from apps.knowledge.models import GraphEdit, KnowledgeEntity
from apps.knowledge.undoing import ENTITIES

MOST_LOOKED_AT = 10_000  # relations, for a preview
TRIES = 3
MOST_HEIRS = 10  # one merged into another, and that into a third

# What becomes of each relation of the one that goes: between the two it would be a loop; what the other one has
# already, or this one twice, would be there doubly, and is joined with the `survivor`.
FATES = """
WITH moved AS (
    SELECT id, relation_type, created_at,
           CASE from_entity WHEN %(gone)s THEN %(kept)s ELSE from_entity END AS start,
           CASE to_entity WHEN %(gone)s THEN %(kept)s ELSE to_entity END AS finish
      FROM knowledge_relations WHERE from_entity = %(gone)s OR to_entity = %(gone)s LIMIT %(most)s
), placed AS (
    SELECT moved.*, coalesce(there.id, first_value(moved.id) OVER same) AS survivor
      FROM moved LEFT JOIN LATERAL (
           SELECT id FROM knowledge_relations AS stored
            WHERE (from_entity, to_entity, relation_type) = (moved.start, moved.finish, moved.relation_type)
            ORDER BY created_at, id LIMIT 1) AS there ON true
    WINDOW same AS (PARTITION BY start, finish, moved.relation_type ORDER BY moved.created_at, moved.id)
)
SELECT id, relation_type, survivor,
       CASE WHEN start = finish THEN 'loop' WHEN survivor <> id THEN 'double' ELSE 'moved' END FROM placed"""
LOCK = "SELECT FROM knowledge_relations WHERE from_entity = %(gone)s OR to_entity = %(gone)s ORDER BY id FOR UPDATE"
JOIN = """
UPDATE knowledge_relations AS stored SET properties = double.properties || stored.properties
  FROM (SELECT double.survivor, jsonb_object_agg(part.key, part.value ORDER BY relation.created_at DESC) AS properties
          FROM unnest(%(doubles)s::uuid[], %(survivors)s::uuid[]) AS double (id, survivor)
          JOIN knowledge_relations AS relation ON relation.id = double.id AND jsonb_typeof(properties) = 'object',
               LATERAL jsonb_each(relation.properties) AS part
         GROUP BY 1) AS double
 WHERE stored.id = double.survivor AND jsonb_typeof(stored.properties) = 'object'
   AND NOT stored.properties ?& ARRAY(SELECT jsonb_object_keys(double.properties))"""
DELETE = "DELETE FROM knowledge_relations WHERE id = ANY(%(surplus)s::uuid[])"
MOVE = """
UPDATE knowledge_relations SET from_entity = CASE from_entity WHEN %(gone)s THEN %(kept)s ELSE from_entity END,
       to_entity = CASE to_entity WHEN %(gone)s THEN %(kept)s ELSE to_entity END
 WHERE from_entity = %(gone)s OR to_entity = %(gone)s"""


@dataclass(frozen=True)
class Fate:
    relation: UUID
    relation_type: str
    survivor: UUID
    what: str  # moved, double, or loop


@dataclass
class Joined:
    """Properties of two. `conflicts`: (name, kept, gone) of what both have and say differently."""

    properties: Any
    added: list[str] = field(default_factory=list)
    conflicts: list[tuple[str, Any, Any]] = field(default_factory=list)


def merge(
    actor: Actor, kept: UUID, gone: UUID, take: Collection[str] = (), revisions: tuple[str, str] | None = None
) -> GraphEdit:
    """Move all relations of `gone` to `kept`, join their properties and delete `gone`.

    Where both have a property, that of `kept` stays, save for those named in `take`; lists are joined.

    Raises:
        KnowledgeEntity.DoesNotExist: one of the two has been deleted, or merged.
        Conflict: `revisions` are given, and one of the two has been changed.
    """
    if kept == gone:
        raise ValueError("an entity cannot be merged with itself")
    for attempt in range(1, TRIES + 1):
        try:
            return merge_once(actor, kept, gone, take, revisions)
        except OperationalError as error:
            # Whoever adds a relation between the two locks them in its own order.
            if attempt == TRIES or not isinstance(error.__cause__, DeadlockDetected):
                raise
    raise AssertionError


def merge_once(actor: Actor, kept: UUID, gone: UUID, take: Collection[str], revisions: Any) -> GraphEdit:
    with editing(actor, GraphEdit.Kind.MERGE) as edit:
        one, other = locked(kept, gone, revisions)
        move_relations(kept, gone)
        properties = joined(one.properties, other.properties, take).properties
        if properties != one.properties:
            one.properties = properties
            one.save(update_fields=["properties"])
        other.delete()
        edit.entity = kept
        edit.about = f"{quoted(other.name)} into {quoted(one.name)}"
    return edit


def locked(kept: UUID, gone: UUID, revisions: tuple[str, str] | None) -> list[KnowledgeEntity]:
    """Nobody adds a relation to them from now on, and those that were being added are there."""
    found = {
        one.pk: one for one in KnowledgeEntity.objects.filter(pk__in=[kept, gone]).order_by("pk").select_for_update()
    }
    if len(found) < 2:
        raise KnowledgeEntity.DoesNotExist
    both = [found[kept], found[gone]]
    for row, revision in zip(both, revisions or (), strict=False):
        if not fits(revision, row.updated_at):
            raise Conflict(row)
    return both


def move_relations(kept: UUID, gone: UUID) -> None:
    ends = {"kept": kept, "gone": gone}
    with connection.cursor() as cursor:
        cursor.execute(LOCK, ends)
        found = fates(kept, gone, most=None)
        doubles = [fate for fate in found if fate.what == "double"]
        ids, survivors = [fate.relation for fate in doubles], [fate.survivor for fate in doubles]
        if doubles:
            cursor.execute(JOIN, {"doubles": ids, "survivors": survivors})
        cursor.execute(DELETE, {"surplus": [fate.relation for fate in found if fate.what != "moved"]})
        cursor.execute(MOVE, ends)


def fates(kept: UUID, gone: UUID, most: int | None = MOST_LOOKED_AT) -> list[Fate]:
    with connection.cursor() as cursor:
        cursor.execute(FATES, {"kept": kept, "gone": gone, "most": most})
        return [Fate(*row) for row in cursor.fetchall()]


def heir_of(gone: UUID) -> UUID | None:
    """What an entity that was merged is part of now, also by way of others."""
    for _ in range(MOST_HEIRS):
        deleted = Change.objects.filter(table_name=ENTITIES, row_id=str(gone), operation="delete")
        last = deleted.order_by("-id").values("action")[:1]
        merged = GraphEdit.objects.filter(action__in=last, kind=GraphEdit.Kind.MERGE, undone=False).first()
        if not merged or not merged.entity:
            return None
        gone = merged.entity
        if KnowledgeEntity.objects.filter(pk=gone).exists():
            return gone
    return None


def counted(found: list[Fate]) -> list[tuple[str, Counter[str]]]:
    """By type the numbers of relations that are moved, doubles and loops, the most common type first."""
    types = Counter(fate.relation_type for fate in found)
    return [
        (name, Counter(fate.what for fate in found if fate.relation_type == name)) for name, _ in types.most_common()
    ]


def joined(kept: Any, gone: Any, take: Collection[str] = ()) -> Joined:
    if not (isinstance(kept, dict) and isinstance(gone, dict)):
        return Joined(kept or gone)
    result = Joined(dict(kept))
    for name, value in gone.items():
        if name not in kept:
            result.added.append(name)
            result.properties[name] = value
        elif isinstance(value, list) and isinstance(kept[name], list):
            known = {repr(part) for part in kept[name]}
            result.properties[name] = kept[name] + [part for part in value if repr(part) not in known]
        elif kept[name] != value:
            result.conflicts.append((name, kept[name], value))
            result.properties[name] = value if name in take else kept[name]
    return result
