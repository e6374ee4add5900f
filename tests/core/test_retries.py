"""A write that is sent again with its Idempotency-Key."""

import pytest

from apps.core.models import IdempotencyKey
from apps.goals.models import Goal
from apps.knowledge.models import KnowledgeEntity
from tests.conftest import ApiClient
from tests.factories import make_goal, make_token
from tests.goals.test_concurrency import at_once

pytestmark = pytest.mark.django_db


def keyed(key="k1"):
    return {"headers": {"Idempotency-Key": key}}


def test_is_done_once_and_answered_alike(api):
    first, second = (api.post("/api/goals", {"title": "Make tea"}, **keyed()) for _ in range(2))
    assert (first.status_code, second.status_code) == (200, 200) and first.json() == second.json()
    assert second["Content-Type"] == "application/json"
    assert Goal.objects.count() == 1
    assert api.post("/api/goals", {"title": "Make tea"}, **keyed("k2")).json() != first.json()
    assert Goal.objects.count() == 2


def test_the_key_of_another_write_is_refused(api):
    api.post("/api/goals", {"title": "Make tea"}, **keyed())
    response = api.post("/api/goals", {"title": "Make coffee"}, **keyed())
    assert (response.status_code, response.json()) == (
        422,
        {"detail": "This Idempotency-Key was used for another request"},
    )
    assert list(Goal.objects.values_list("title", flat=True)) == ["Make tea"]


def test_without_a_key_it_is_another_write(api):
    for _ in range(2):
        api.post("/api/knowledge-graph/entities", {"name": "Tea", "type": "drink"})
    assert KnowledgeEntity.objects.count() == 2 and not IdempotencyKey.objects.exists()


def test_a_deletion_and_a_change_too(api):
    goal = make_goal(goal_id="tea")
    for _ in range(2):
        assert api.patch("/api/goals/tea", {"priority": 1}, **keyed()).json() == {"updated": True}
    for _ in range(2):
        assert api.delete("/api/goals/tea", **keyed()).json() == {"deleted": True}
    assert not Goal.objects.filter(pk=goal.pk).exists()
    assert api.delete("/api/goals/tea", **keyed("k2")).status_code == 404


def test_what_failed_is_tried_anew(api):
    assert api.delete("/api/goals/tea", **keyed()).status_code == 404
    assert api.post("/api/goals", {"title": ""}, **keyed()).status_code == 422
    make_goal(goal_id="tea")
    assert api.post("/api/goals", {"title": "Tea", "goal_id": "tea"}, **keyed()).status_code == 409
    assert not IdempotencyKey.objects.exists()
    assert api.delete("/api/goals/tea", **keyed()).status_code == 200
    assert api.post("/api/goals", {"title": "Tea"}, **keyed()).status_code == 200


def test_only_its_sender_gets_the_answer(api, reader, stranger):
    api.post("/api/goals", {"title": "Make tea"}, **keyed())
    assert stranger.post("/api/goals", {"title": "Make tea"}, **keyed()).status_code == 401
    assert reader.post("/api/goals", {"title": "Make tea"}, **keyed()).status_code == 403
    other = ApiClient(make_token(name="other"))
    assert other.post("/api/goals", {"title": "Make tea"}, **keyed()).status_code == 200
    assert Goal.objects.count() == 2


def test_the_endpoint_counts_too(api):
    assert "goal_id" in api.post("/api/goals", {"title": "Make tea"}, **keyed()).json()
    assert "goal_id" not in api.post("/api/lessons/seed", **keyed()).json()


def test_reads_take_no_notice(api):
    make_goal()
    for total in (1, 2):
        assert api.get("/api/goals", **keyed()).json()["total"] == total
        make_goal()


@pytest.mark.django_db(transaction=True)
def test_many_tries_at_once():
    secret = make_token()

    def work(_):
        return ApiClient(secret).post("/api/goals", {"title": "Make tea"}, **keyed()).json()["goal_id"]

    assert len(set(at_once(work, range(8), 8))) == 1
    assert Goal.objects.count() == 1
