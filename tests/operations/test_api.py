"""The wire contract of heartbeats and tasks."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from apps.operations.models import HeartbeatLog, PendingComplexTask

pytestmark = pytest.mark.django_db
BEAT_KEYS = {"id", "beat_number", "status", "details", "created_at"}


class TestHeartbeats:
    def test_newest_first(self, api, django_assert_num_queries):
        HeartbeatLog.objects.create(beat_number=1, created_at=timezone.now() - timedelta(hours=1))
        HeartbeatLog.objects.create(beat_number=2)
        body = api.get("/api/heartbeat").json()
        assert [beat["beat_number"] for beat in body["heartbeats"]] == [2, 1] and body["count"] == 2
        assert body["heartbeats"][0].keys() == BEAT_KEYS
        with django_assert_num_queries(2):  # the token and the rows
            assert api.get("/api/heartbeat?limit=1").json()["count"] == 1

    def test_latest(self, api):
        assert api.get("/api/heartbeat/latest").json() == {"error": "No heartbeats found"}
        HeartbeatLog.objects.create(beat_number=1, created_at="2026-11-22T21:51:28.525574+00:00")
        latest = api.get("/api/heartbeat/latest").json()
        assert latest.keys() == BEAT_KEYS and latest["created_at"] == "2026-11-22T21:51:28.525574+00:00"

    def test_create_fills_in_the_defaults(self, api):
        answer = api.post("/api/heartbeat", {"status": None}).json()
        beat = HeartbeatLog.objects.get()
        assert answer == {"id": str(beat.id), "created": True}
        assert (beat.beat_number, beat.status, beat.details) == (0, "healthy", {})

    def test_reads_sloppy_bodies(self, api):
        assert api.post("/api/heartbeat", {"beat_number": "7", "details": "all is well"}).status_code == 200
        beat = HeartbeatLog.objects.get()
        assert (beat.beat_number, beat.details) == (7, {"message": "all is well"})

    def test_the_same_beat_twice_is_one(self, api):
        body = {"id": str(uuid4()), "beat_number": 3}
        assert api.post("/api/heartbeat", body).json() == api.post("/api/heartbeat", body).json()
        key = {"Idempotency-Key": "beat 4"}
        first, second = (api.post("/api/heartbeat", {}, headers=key).json() for _ in range(2))
        assert first == second and HeartbeatLog.objects.count() == 2

    @pytest.mark.parametrize(
        "body", [{"beat_number": 2**31}, {"beat_number": "x"}, {"status": "x" * 51}, {"details": 5}, [1]]
    )
    def test_refuses_what_cannot_be_stored(self, api, body):
        assert api.post("/api/heartbeat", body).status_code == 422

    @pytest.mark.parametrize("limit", [-1, 1001, "x", ""])
    def test_refuses_a_limit_out_of_bounds(self, api, limit):
        assert api.get(f"/api/heartbeat?limit={limit}").status_code == 422


TASK = {"task_type": "analysis", "description": "What drives the cost?", "agent_type": "analyst"}


def make_task(**over):
    return PendingComplexTask.objects.create(**(TASK | {"task_id": "task-1"} | over))


class TestTasks:
    def test_newest_first_and_by_status(self, api):
        make_task(task_id="old", created_at=timezone.now() - timedelta(hours=1))
        make_task(task_id="new", status="completed")
        body = api.get("/api/tasks").json()
        assert [task["task_id"] for task in body["tasks"]] == ["new", "old"] and body["count"] == 2
        assert body["tasks"][0].keys() == {
            "id", "task_id", "task_type", "description", "agent_type", "priority", "status", "result", "created_at",
            "completed_at",
        }  # fmt: skip
        assert api.get("/api/tasks?status=pending").json()["count"] == 1
        assert api.get("/api/tasks?status=&limit=1").json()["count"] == 1

    def test_create(self, api):
        answer = api.post("/api/tasks", TASK).json()
        task = PendingComplexTask.objects.get()
        assert answer == {"task_id": task.task_id, "created": True}
        assert task.task_id.startswith("task-") and len(task.task_id) == 13
        assert (task.priority, task.status) == ("medium", "pending")

    def test_a_known_id_is_a_conflict(self, api):
        make_task()
        response = api.post("/api/tasks", TASK | {"task_id": "task-1"})
        assert (response.status_code, response.json()) == (409, {"detail": "Task task-1 already exists"})

    @pytest.mark.parametrize("change", [
        {"task_type": None}, {"task_type": ""}, {"agent_type": "x" * 51}, {"description": None}, {"task_id": "x" * 51},
        {"priority": "x" * 21}, {"status": "x" * 21},
    ])  # fmt: skip
    def test_refuses_what_cannot_be_stored(self, api, change):
        assert api.post("/api/tasks", TASK | change).status_code == 422


class TestTaskChange:
    def test_completing_notes_the_time_and_the_result(self, api):
        make_task()
        answer = api.patch("/api/tasks/task-1", {"status": "completed", "result": "done"}).json()
        task = PendingComplexTask.objects.get()
        assert answer == {"updated": True}
        assert (task.status, task.result) == ("completed", "done") and task.completed_at is not None
        api.patch("/api/tasks/task-1", {"status": "completed"})
        assert PendingComplexTask.objects.get().completed_at == task.completed_at
        api.patch("/api/tasks/task-1", {"status": "pending"})
        assert PendingComplexTask.objects.get().completed_at is None

    def test_a_result_that_is_left_out_stays(self, api):
        make_task(result="half of it")
        api.patch("/api/tasks/task-1", {"status": "running"})
        assert PendingComplexTask.objects.get().result == "half of it"
        api.patch("/api/tasks/task-1", {"status": "running", "result": None})
        assert PendingComplexTask.objects.get().result is None

    def test_an_object_as_result_is_kept_as_json(self, api):
        make_task()
        api.patch("/api/tasks/task-1", {"status": "completed", "result": {"found": 3}})
        assert PendingComplexTask.objects.get().result == '{"found":3}'

    def test_an_unknown_task(self, api):
        response = api.patch("/api/tasks/nobody", {"status": "completed"})
        assert (response.status_code, response.json()) == (404, {"detail": "Task nobody not found"})

    @pytest.mark.parametrize("body", [{}, {"status": None}, {"status": ""}, {"status": "x" * 21}, "done"])
    def test_needs_a_status(self, api, body):
        make_task()
        assert api.patch("/api/tasks/task-1", body).status_code == 422
