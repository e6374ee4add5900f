"""Taking back what was done to the organic graph, by the history, whoever did it.

What was changed in one go goes back in one go, and only where nobody has changed the same since.
"""

import json
from collections import defaultdict
from typing import Any
from uuid import UUID

from django.db import DataError, IntegrityError, connection
from django.db.models import Q

from apps.core.actors import Actor
from apps.core.models import Change
from apps.knowledge.actions import editing, quoted
from apps.knowledge.models import GraphEdit, KnowledgeEntity, KnowledgeRelation

Columns = dict[str, Any] | None  # of a row as JSON; None is no row
ENTITIES, RELATIONS = (model._meta.db_table for model in (KnowledgeEntity, KnowledgeRelation))
# A later change of theirs alone is none that could be lost; and the history tells times in the writer's own zone.
TIMES = ("created_at", "updated_at")

CURRENT = "SELECT id::text, to_jsonb(stored) FROM {table} AS stored WHERE id = ANY(%s::uuid[]) ORDER BY id FOR UPDATE"
# The very row of the history: nothing of it is read and written again on the way.
RESTORE = """
INSERT INTO {table}
SELECT stored.* FROM unnest(%s::bigint[]) AS change (id) JOIN site_change USING (id),
       LATERAL jsonb_populate_record(NULL::{table}, site_change.before) AS stored"""
UPDATE = """
UPDATE {table} AS stored SET {setting}
  FROM jsonb_populate_recordset(NULL::{table}, %s::jsonb) AS wanted WHERE wanted.id = stored.id"""


class CannotUndo(Exception):
    """Why; nothing was changed."""


def undo(actor: Actor, action: UUID) -> GraphEdit:
    """Take back all that the action changed in the graph. That is an action itself, so it can be undone as well.

    Raises:
        Change.DoesNotExist: the history knows of no such action.
        CannotUndo: something of it has been changed since.
    """
    with editing(actor, GraphEdit.Kind.UNDO) as edit:
        changes = list(Change.objects.filter(action=action, table_name__in=(ENTITIES, RELATIONS)).order_by("id"))
        if not changes:
            raise Change.DoesNotExist
        try:
            take_back(changes)
        except (IntegrityError, DataError) as error:
            raise CannotUndo("what was there does not fit to what is there now.") from error
        edit.undoes = action
        edit.entity = entity_of(changes)
        edit.about = note_undone(action) or said_of(changes)
    return edit


def take_back(changes: list[Change]) -> None:
    entities, relations = (Undoing(table, changes) for table in (ENTITIES, RELATIONS))
    entities.restore()
    require_ends(relations)
    relations.restore()
    relations.update()
    entities.update()
    relations.delete()
    require_unconnected(entities)
    entities.delete()


class Undoing:
    """Of one table: each row as it is, and as it shall be."""

    def __init__(self, table: str, changes: list[Change]) -> None:
        self.table = table
        self.of_row: dict[str, list[Change]] = defaultdict(list)
        for change in changes:
            if change.table_name == table:
                self.of_row[change.row_id].append(change)
        self.now = dict(self.execute(CURRENT, [list(self.of_row)])) if self.of_row else {}
        self.wanted = {row: self.before(row) for row in self.of_row}

    def before(self, row: str) -> Columns:
        columns = self.now.get(row)
        for change in reversed(self.of_row[row]):
            columns = taken_back(change, columns)
        return columns

    def restore(self) -> None:
        """As they were deleted; what the same action had changed in them before is for `update`."""
        deletions = [self.of_row[row][-1] for row, wanted in self.wanted.items() if wanted and row not in self.now]
        if deletions:
            self.execute(RESTORE, [[change.pk for change in deletions]])
            self.now |= self.execute(CURRENT, [[change.row_id for change in deletions]])

    def update(self) -> None:
        rows = {row: differing(self.now[row], wanted) for row, wanted in self.wanted.items() if wanted}
        columns = sorted({column for differences in rows.values() for column in differences})
        if columns:
            wanted = [self.wanted[row] for row, differences in rows.items() if differences]
            names = [connection.ops.quote_name(column) for column in columns]
            setting = ", ".join(f"{name} = wanted.{name}" for name in names)
            self.execute(UPDATE, [json.dumps(wanted)], setting=setting)

    def delete(self) -> None:
        self.execute("DELETE FROM {table} WHERE id = ANY(%s::uuid[])", [self.surplus()])

    def surplus(self) -> list[str]:
        return [row for row, wanted in self.wanted.items() if wanted is None and row in self.now]

    def execute(self, statement: str, arguments: list[Any], **names: str) -> list[tuple[str, dict[str, Any]]]:
        with connection.cursor() as cursor:
            cursor.execute(statement.format(table=self.table, **names), arguments)
            return [(id, json.loads(row)) for id, row in cursor.fetchall()] if cursor.description else []


def taken_back(change: Change, columns: Columns) -> Columns:
    """The row without this change, which is the last one that `columns` has in it."""
    if change.operation == "delete":
        if columns is not None:
            raise CannotUndo(f"{called(columns)} is there again already.")
        return change.before
    if columns is None:
        raise CannotUndo(f"{called(change.after or {})} has been deleted since.")
    before, after = change.before or {}, change.after or {}
    wanted = dict(columns)
    for name in after.keys() - set(TIMES):
        wanted[name] = value_before(columns, name, before.get(name), after[name])
    return wanted if change.operation == "update" else None


def value_before(columns: dict[str, Any], name: str, before: Any, after: Any) -> Any:
    now = columns.get(name)
    if now == after:
        return before
    if not (isinstance(now, dict) and isinstance(before, dict) and isinstance(after, dict)):
        raise CannotUndo(f"{name} of {called(columns)} has been changed since.")
    # Other properties may have been changed since; these go back alone.
    altered = {key for key in before.keys() | after.keys() if before.get(key, NONE) != after.get(key, NONE)}
    if any(now.get(key, NONE) != after.get(key, NONE) for key in altered):
        raise CannotUndo(f"{name} of {called(columns)} have been changed since.")
    kept = {key: value for key, value in now.items() if key not in altered}
    return kept | {key: before[key] for key in altered & before.keys()}


NONE = object()  # for a property that is not there, which is not one that is null


def differing(now: dict[str, Any], wanted: dict[str, Any]) -> set[str]:
    return {name for name, value in wanted.items() if now.get(name) != value} - set(TIMES)


def called(columns: dict[str, Any]) -> str:
    if "relation_type" in columns:
        return f"the relation {quoted(columns['relation_type'])}"
    return quoted(columns["name"]) if columns.get("name") else "an entity without a name"


def require_ends(relations: Undoing) -> None:
    """What a restored relation leads to may be gone meanwhile."""
    wanted = {columns[end] for columns in relations.wanted.values() if columns for end in ("from_entity", "to_entity")}
    there = set(map(str, KnowledgeEntity.objects.filter(pk__in=wanted).values_list("pk", flat=True)))
    if gone := sorted(wanted - there):
        last = Change.objects.filter(table_name=ENTITIES, row_id=gone[0], operation="delete").order_by("-id").first()
        name = called(last.before or {}) if last else "an entity"
        raise CannotUndo(f"{name}, which it was connected with, has been deleted since; restore that first.")


def require_unconnected(entities: Undoing) -> None:
    """What others have connected an entity with since would go with it."""
    surplus = entities.surplus()
    if surplus and KnowledgeRelation.objects.filter(Q(from_entity__in=surplus) | Q(to_entity__in=surplus)).exists():
        raise CannotUndo("what it made has been connected with something else since.")


def note_undone(action: UUID) -> str:
    """Mark the edit; undoing an undo makes the first one stand again. Says what it was about, if it is known."""
    edit = GraphEdit.objects.filter(action=action).first()
    if edit is None:
        return ""
    GraphEdit.objects.filter(action=action).update(undone=True)
    if edit.undoes:
        GraphEdit.objects.filter(action=edit.undoes).update(undone=False)
    return f"{edit.get_kind_display().lower()} {edit.about}"


def said_of(changes: list[Change]) -> str:
    named = next((change for change in changes if change.table_name == ENTITIES), changes[0])
    model = KnowledgeEntity if named.table_name == ENTITIES else KnowledgeRelation
    row: Any = model.objects.filter(pk=named.row_id).values().first()
    return f"a change of {called(row or named.before or named.after or {})}"


def entity_of(changes: list[Change]) -> UUID | None:
    return next((UUID(change.row_id) for change in changes if change.table_name == ENTITIES), None)
