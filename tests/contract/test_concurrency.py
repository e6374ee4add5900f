"""Many callers of one endpoint at once, each on a thread and a connection of its own.

The apps' own tests do the same to their actions; here is what only shows from outside, and what they lack.
"""

from decimal import Decimal

import pytest
from django.apps import apps
from django.db.models import Sum

from apps.improvement.models import LessonLearned
from apps.memory.models import WorkingMemory, WorkingMemoryCheckpoint
from apps.operations.models import PendingComplexTask
from apps.social.models import SocialPost
from apps.telemetry.models import AgentSession, ModelUsage
from tests.conftest import ApiClient
from tests.contract.calls import example_of
from tests.factories import make_token
from tests.goals.test_concurrency import at_once

pytestmark = pytest.mark.django_db(transaction=True)
ONCE = {
    "/activities": "telemetry.ActivityLog",
    "/heartbeat": "operations.HeartbeatLog",
    "/model-usage": "telemetry.ModelUsage",
    "/security-events": "security.SecurityEvent",
    "/sessions": "telemetry.AgentSession",
    "/skills/invocations": "telemetry.SkillInvocation",
    "/thoughts": "memory.Thought",
}


def posted(path, bodies, headers=None):
    """The answers to `bodies`, all sent at once."""
    secret = make_token()
    return at_once(lambda body: ApiClient(secret).post(f"/api{path}", body, headers=headers or {}), bodies, 8)


def statuses(answers):
    return sorted(answer.status_code for answer in answers)


@pytest.mark.parametrize("path", ONCE)
def test_tries_of_one_report_store_it_once(path):
    answers = posted(path, [example_of(path, "post")] * 8, {"Idempotency-Key": "try"})
    assert statuses(answers) == [200] * 8
    assert len({answer.content for answer in answers}) == 1
    assert apps.get_model(ONCE[path]).objects.count() == 1


def test_of_many_tasks_of_one_id_one_is_made():
    body = example_of("/tasks", "post") | {"task_id": "same"}
    assert statuses(posted("/tasks", [body] * 8)) == [200] + [409] * 7
    assert PendingComplexTask.objects.count() == 1


def test_of_many_posts_of_one_id_one_is_kept():
    assert statuses(posted("/social", [{"content": "x", "post_id": "same"}] * 8)) == [200] + [409] * 7
    assert SocialPost.objects.count() == 1


def test_seeds_are_sown_once():
    answers = posted("/lessons/seed", [None] * 8)
    assert sum(answer.json()["seeded"] for answer in answers) == LessonLearned.objects.count() == 5


def test_counts_of_a_lesson_are_not_lost():
    body = example_of("/lessons", "post")
    answers = posted("/lessons", [body] * 24)
    assert sorted(answer.json().get("occurrences", 1) for answer in answers) == list(range(1, 25))


def test_checkpoints_restores_rewrites_and_cleaning_get_along():
    for number in range(12):
        WorkingMemory.objects.create(category="c", key=f"k{number}", value=number, ttl_hours=number % 3)
    secret = make_token()
    ApiClient(secret).post("/api/working-memory/checkpoint")

    def work(number):
        path, body = [
            ("", {"category": "c", "key": f"k{number % 12}", "value": number}),
            ("/checkpoint", None),
            ("/checkpoint/restore", {}),
            ("/cleanup", {"category": "c", "delete_expired": True}),
        ][number % 4]
        return ApiClient(secret).post(f"/api/working-memory{path}", body).status_code

    assert at_once(work, range(64), 8) == [200] * 64
    assert WorkingMemoryCheckpoint.objects.count() == 17
    for checkpoint in WorkingMemoryCheckpoint.objects.all():
        assert checkpoint.items.count() == checkpoint.items_checkpointed


def test_calls_reported_while_their_session_is_deleted_are_kept_or_refused():
    secret = make_token()
    sessions = [AgentSession.objects.create(agent_id="main").pk for _ in range(6)]

    def work(number):
        client, session = ApiClient(secret), sessions[number % 6]
        if number >= 30 and number < 36:
            return client.delete(f"/api/sessions/{session}").status_code, 0
        body = {"model": "m", "cost_usd": 0.25, "session_id": str(session)}
        return client.post("/api/model-usage", body).status_code, 1

    answers = at_once(work, range(72), 8)
    stored = sum(reports for status, reports in answers if status == 200)
    assert {status for status, _ in answers} <= {200, 404} and not AgentSession.objects.exists()
    assert ModelUsage.objects.count() == stored
    assert ModelUsage.objects.aggregate(cost=Sum("cost_usd"))["cost"] == Decimal("0.25") * stored
