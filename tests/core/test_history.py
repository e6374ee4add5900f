"""Who changed what: the triggers see every writer."""

import pytest
from django.db import connection
from django.db.models import Sum

from apps.core.actors import Actor, acting
from apps.core.models import Change
from apps.goals.actions import move_goal
from apps.goals.models import Goal
from apps.goals.querysets import Column
from apps.improvement.models import ImprovementProposal, LessonLearned
from apps.knowledge.models import KnowledgeEntity
from apps.memory.models import Memory, SemanticMemory
from apps.operations.models import ScheduledJob
from apps.telemetry.models import ActivityLog
from apps.telemetry.sums import SessionSum
from tests.factories import make_goal

pytestmark = pytest.mark.django_db


def test_a_token_a_command_and_an_unknown_writer_are_told_apart(api):
    goal = make_goal()
    api.patch(f"/api/goals/{goal.goal_id}", {"title": "by a skill"})
    with acting(Actor("command", "tidy", "admin")):
        Goal.objects.filter(pk=goal.pk).update(title="by a command")
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('aria.actor_kind', '', true), set_config('aria.actor_name', '', true)")
        cursor.execute("SET LOCAL application_name = 'psql'")
        cursor.execute("UPDATE goals SET title = 'by hand' WHERE id = %s", [goal.pk])
    unknown, command, token, made = Change.objects.of(goal)
    assert (token.actor_kind, token.actor_name) == ("token", "skill")
    assert (command.actor_kind, command.actor_name) == ("command", "tidy")
    assert unknown.actor_kind == "unknown" and unknown.actor_name.endswith(" in psql")
    assert (unknown.before["title"], unknown.after["title"]) == ("by a command", "by hand")
    assert made.operation == "insert" and made.after["title"] == goal.title


def test_an_update_keeps_only_what_differs():
    goal = make_goal(priority=2)
    Goal.objects.filter(pk=goal.pk).update(priority=1)
    change = Change.objects.of(goal).first()
    assert change.before.keys() == change.after.keys() == {"priority", "updated_at"}
    assert change.differences[0] == ("priority", 2, 1)


def test_an_update_that_changes_nothing_is_none():
    goal = make_goal()
    before = Goal.objects.get(pk=goal.pk).updated_at
    Goal.objects.filter(pk=goal.pk).update(title=goal.title)
    assert Change.objects.of(goal).count() == 1
    assert Goal.objects.get(pk=goal.pk).updated_at == before


def test_a_statement_over_many_rows_is_recorded_row_by_row():
    entities = [KnowledgeEntity.objects.create(name=name, type="t") for name in "abc"]
    KnowledgeEntity.objects.filter(name__lte="b").update(name="b")
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO knowledge_entities (id, name, type) VALUES (%s, 'c', 'u'), (gen_random_uuid(), 'd', 't')"
            " ON CONFLICT (id) DO UPDATE SET type = excluded.type",
            [entities[2].pk],
        )
    first, second, third = ([change.differences for change in Change.objects.of(one)][:-1] for one in entities)
    assert [[named[0] for named in changes] for changes in (first, second, third)] == [
        [("name", "a", "b")],
        [],
        [("type", "t", "u")],
    ]
    KnowledgeEntity.objects.all().delete()
    assert Change.objects.filter(operation="delete").count() == 4


def test_cards_that_merely_shift_have_no_history():
    goals = [make_goal(position=place) for place in range(3)]
    move_goal(Actor("token", "skill"), goals[2].goal_id, Column.BACKLOG, position=0)
    assert Change.objects.of(goals[0]).count() == 1


def test_the_revision_moves_with_every_change():
    goal = make_goal()
    seen = set()
    for title in "abc":
        Goal.objects.filter(pk=goal.pk).update(title=title)
        seen.add(Goal.objects.get(pk=goal.pk).updated_at)
    assert len(seen) == 3


def test_everything_that_people_edit_is_followed_and_telemetry_is_not():
    Memory.objects.create(key="k", value=1)
    KnowledgeEntity.objects.create(name="n", type="t")
    LessonLearned.objects.create(error_pattern="p", error_type="t", resolution="r")
    ImprovementProposal.objects.create(title="t", description="d")
    ScheduledJob.objects.create(id="j", name="n", schedule_expr="* * * * *")
    SemanticMemory.objects.create(content="c", embedding=[0.0] * 768)
    ActivityLog.objects.create(action="a")
    followed = set(Change.objects.values_list("table_name", flat=True))
    assert followed == {
        "memories", "knowledge_entities", "lessons_learned", "improvement_proposals", "scheduled_jobs",
        "semantic_memories",
    }  # fmt: skip
    assert "embedding" not in Change.objects.get(table_name="semantic_memories").after


def test_counters_are_no_edits():
    memory = SemanticMemory.objects.create(content="c", embedding=[0.0] * 768)
    SemanticMemory.objects.update(access_count=5)
    assert Change.objects.of(memory).count() == 1


def test_a_program_with_rights_to_the_warehouse_only_can_write_to_it():
    with connection.cursor() as cursor:
        cursor.execute("CREATE ROLE older_program")
        cursor.execute("GRANT SELECT, INSERT ON goals, agent_sessions, model_usage TO older_program")
        cursor.execute("SET LOCAL ROLE older_program")
        cursor.execute("SET LOCAL search_path = pg_catalog")
        cursor.execute("INSERT INTO public.goals (goal_id, title) VALUES ('tea', 'Make tea')")
        cursor.execute("INSERT INTO public.agent_sessions (agent_id) VALUES ('a') RETURNING id")
        cursor.execute("INSERT INTO public.model_usage (model, session_id) VALUES ('m', %s)", cursor.fetchone())
        cursor.execute("RESET ROLE; RESET search_path")
    assert Change.objects.filter(table_name="goals").count() == 1
    assert SessionSum.objects.between(None).aggregate(n=Sum("calls")) == {"n": 1}
