"""What people do to lessons: edit them, merge duplicates, and take that back."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils import timezone

from apps.core.actors import Actor, acting
from apps.core.conflicts import Conflict
from apps.improvement.models import LessonLearned, LessonMerge

# All columns, those of an adopted warehouse's own included.
REMOVE = "DELETE FROM lessons_learned AS l WHERE id = %s RETURNING to_jsonb(l)::text"
ADD_UP = """
UPDATE lessons_learned SET occurrences = occurrences + (%(removed)s::jsonb ->> 'occurrences')::int,
       last_occurred = greatest(last_occurred, (%(removed)s::jsonb ->> 'last_occurred')::timestamptz)
 WHERE id = %(kept)s"""
NOTE = """
INSERT INTO site_lesson_merge (kept_id, removed_id, pattern, removed, merged_at, merged_by)
VALUES (%s, %s, %s, %s::jsonb, %s, %s) RETURNING id"""
SUBTRACT = "UPDATE lessons_learned SET occurrences = greatest(occurrences - %s, 0) WHERE id = %s"
# Meanwhile somebody may have noted the same pattern anew: then that lesson gets the occurrences back.
RESTORE = """
INSERT INTO lessons_learned AS l
SELECT * FROM jsonb_populate_record(NULL::lessons_learned, (SELECT removed FROM site_lesson_merge WHERE id = %s))
    ON CONFLICT (error_pattern) DO UPDATE SET occurrences = l.occurrences + excluded.occurrences
RETURNING id"""


class NotPossible(Exception):
    """The lessons are not, or no longer, what the merge or its undoing needs; the words say why."""


def edit_lesson(
    actor: Actor, lesson_id: UUID, changes: dict[str, Any], collide: Callable[[LessonLearned], bool]
) -> None:
    """Change some columns, unless they `collide` with what somebody else has made of the lesson meanwhile.

    Raises:
        LessonLearned.DoesNotExist: no lesson of that id.
        Conflict: they collide.
    """
    with acting(actor):
        lesson = LessonLearned.objects.select_for_update().get(pk=lesson_id)
        if collide(lesson):
            raise Conflict(lesson)
        for name, value in changes.items():
            setattr(lesson, name, value)
        if changes:
            lesson.save(update_fields=[*changes])


def merge_lessons(actor: Actor, kept_id: UUID, removed_id: UUID) -> LessonMerge:
    """Make one lesson part of another: its occurrences are added up, and what comes of its pattern counts there.

    Raises:
        NotPossible: they are one and the same, or one of them is gone.
    """
    if kept_id == removed_id:
        raise NotPossible("A lesson cannot be merged into itself.")
    with acting(actor), merging(), connection.cursor() as cursor:
        both = LessonLearned.objects.filter(pk__in=[kept_id, removed_id]).order_by("pk").select_for_update()
        patterns = dict(both.values_list("pk", "error_pattern"))
        if len(patterns) < 2:
            raise NotPossible("One of the two lessons is gone: it was deleted, or merged by somebody else.")
        cursor.execute(REMOVE, [removed_id])
        [removed] = cursor.fetchone()
        cursor.execute(ADD_UP, {"removed": removed, "kept": kept_id})
        note = [kept_id, removed_id, patterns[removed_id], removed, timezone.now(), actor.name]
        cursor.execute(NOTE, note)
        return LessonMerge.objects.get(pk=cursor.fetchone()[0])


def undo_merge(actor: Actor, merge_id: int) -> UUID:
    """Put the removed lesson back as it was, and take its occurrences from the other; returns its id.

    What came of its pattern while they were one stays with the other.

    Raises:
        LessonMerge.DoesNotExist: no merge of that id.
        NotPossible: it is undone, or the lesson that was kept is gone.
    """
    with acting(actor), merging(), connection.cursor() as cursor:
        merge = LessonMerge.objects.select_for_update().get(pk=merge_id)
        if merge.undone_at:
            raise NotPossible("This merge has been undone already.")
        cursor.execute(SUBTRACT, [merge.removed["occurrences"], merge.kept_id])
        if not cursor.rowcount:
            raise NotPossible("The lesson that was kept is gone; if it was merged on, undo that first.")
        merge.undone_at = timezone.now()
        merge.save(update_fields=["undone_at"])
        cursor.execute(RESTORE, [merge_id])
        return cursor.fetchone()[0]


@contextmanager
def merging() -> Iterator[None]:
    """Within a transaction: what changes hands here has not occurred again, and is not counted."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('aria.merging', 'on', true)")
        yield
        cursor.execute("SELECT set_config('aria.merging', '', true)")
