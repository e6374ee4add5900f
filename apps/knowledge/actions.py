"""Every write to the organic graph that is not the undoing of another. Pages and API both come through here."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar
from uuid import UUID

from django.db import connection

from apps.core.actors import Actor, acting
from apps.core.conflicts import Conflict, fits
from apps.knowledge.models import GraphEdit, KnowledgeEntity, KnowledgeRelation

# What changes many rows takes turns; the number only has to be the site's own.
GRAPH_LOCK = 7_201_003
LONGEST = 100  # characters of a name, where it is told what was done
Row = TypeVar("Row", KnowledgeEntity, KnowledgeRelation)


def create_entity(actor: Actor, **fields: Any) -> KnowledgeEntity:
    with acting(actor):
        return KnowledgeEntity.objects.create(**fields)


def create_relation(actor: Actor, *, from_entity: UUID, to_entity: UUID, **fields: Any) -> KnowledgeRelation:
    """Raises: IntegrityError: one of the two is not there."""
    with acting(actor):
        return KnowledgeRelation.objects.create(from_entity_id=from_entity, to_entity_id=to_entity, **fields)


def update_entity(actor: Actor, pk: UUID, changes: dict[str, Any], seen: dict[str, Any]) -> KnowledgeEntity:
    """Change some columns; `seen` is what the writer took them to be.

    Raises:
        KnowledgeEntity.DoesNotExist: it has been deleted.
        Conflict: one of these columns is not what the writer has seen.
    """
    with acting(actor):
        return changed(KnowledgeEntity.objects.select_for_update().get(pk=pk), changes, seen)


def update_relation(actor: Actor, pk: UUID, changes: dict[str, Any], seen: dict[str, Any]) -> KnowledgeRelation:
    """As `update_entity`."""
    with acting(actor):
        return changed(KnowledgeRelation.objects.select_for_update().get(pk=pk), changes, seen)


def changed(row: Row, changes: dict[str, Any], seen: dict[str, Any]) -> Row:
    if any(getattr(row, name) != seen[name] for name in changes):
        raise Conflict(row)
    for name, value in changes.items():
        setattr(row, name, value)
    # No other column: what an agent wrote into one must come out as it went in.
    row.save(update_fields=list(changes))
    return row


def delete_entity(actor: Actor, pk: UUID, revision: str | None = None) -> GraphEdit:
    """With all its relations.

    Raises:
        KnowledgeEntity.DoesNotExist: it has been deleted already.
        Conflict: `revision` is given and is not the entity's.
    """
    with editing(actor, GraphEdit.Kind.DELETE) as edit:
        entity = KnowledgeEntity.objects.select_for_update().get(pk=pk)
        if revision and not fits(revision, entity.updated_at):
            raise Conflict(entity)
        edit.about = f"{quoted(entity.name)} ({entity.type[:LONGEST]})"
        edit.entity = entity.pk
        entity.delete()
    return edit


def delete_relation(actor: Actor, pk: UUID) -> GraphEdit:
    """Raises: KnowledgeRelation.DoesNotExist: it has been deleted already."""
    with editing(actor, GraphEdit.Kind.DELETE) as edit:
        relation = KnowledgeRelation.objects.select_for_update(of=["self"]).with_ends().get(pk=pk)
        edit.about = f"{quoted(relation.from_name)} {relation.relation_type[:LONGEST]} {quoted(relation.to_name)}"
        edit.entity = relation.from_entity_id
        relation.delete()
    return edit


def quoted(name: str) -> str:
    return f"“{name[:LONGEST]}{'…' if len(name) > LONGEST else ''}”"


@contextmanager
def editing(actor: Actor, kind: GraphEdit.Kind) -> Iterator[GraphEdit]:
    """One action that can be undone; say in `about` what it did, if it did anything. Such actions take turns."""
    with acting(actor) as action:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [GRAPH_LOCK])
        edit = GraphEdit(action=action, kind=kind, actor_kind=actor.kind, actor_name=actor.name)
        yield edit
        if edit.about:
            edit.save(force_insert=True)
