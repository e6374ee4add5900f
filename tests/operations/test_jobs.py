"""The wire contract of the schedule and of jobs, and what the scheduler's file may hold."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from django.db import connection

from apps.core.actors import Actor
from apps.core.models import Change
from apps.operations import actions, jobs_file
from apps.operations.models import ScheduledJob, ScheduleTick

LIVE_KEYS = {
    "id", "agent_id", "name", "enabled", "schedule_kind", "schedule_expr", "session_target", "wake_mode",
    "payload_kind", "payload_text", "next_run_at", "last_run_at", "last_status", "last_duration_ms",
}  # fmt: skip
JOB_KEYS = LIVE_KEYS | {"run_count", "success_count", "fail_count", "created_at_ms", "updated_at_ms", "synced_at"}
REVIEW = {
    "id": "j-review",
    "agentId": "analyst",
    "name": "six_hour_review",
    "createdAtMs": 1770000000000,
    "updatedAtMs": 1771000000123,
    "schedule": {"kind": "cron", "expr": "0 */6 * * *"},
    "sessionTarget": "isolated",
    "wakeMode": "now",
    "payload": {"kind": "agentTurn", "message": "Look back.", "text": "older name"},
    "state": {
        "nextRunAtMs": 1771200000000,
        "lastRunAtMs": 1771178400250,
        "lastStatus": "ok",
        "lastDurationMs": 5123,
    },
}
PULSE = {
    "id": "j-pulse",
    "name": "social_pulse",
    "enabled": False,
    "payload": {"text": "Read the feed."},
    "state": {"nextRunAtMs": 1771190000000, "lastRunAtMs": 1771100000000, "lastStatus": "error"},
}


@pytest.fixture
def write_jobs(settings, tmp_path):
    path = tmp_path / "jobs.json"
    settings.OPENCLAW_JOBS_PATH = str(path)

    def write(*jobs, text=None):
        path.write_text(json.dumps({"jobs": jobs}) if text is None else text)
        return str(path)

    return write


@pytest.mark.django_db
class TestLive:
    def test_shows_the_file(self, api, write_jobs):
        write_jobs(REVIEW, PULSE)
        body = api.get("/api/jobs/live").json()
        assert (body["count"], body["source"]) == (2, "live") and "error" not in body
        pulse, review = body["jobs"]
        assert review.keys() == LIVE_KEYS
        assert review["next_run_at"] == "2026-02-16T00:00:00+00:00"
        assert review["last_run_at"] == "2026-02-15T18:00:00.250000+00:00"
        assert (review["payload_text"], review["last_duration_ms"]) == ("Look back.", 5123)
        assert (pulse["agent_id"], pulse["enabled"], pulse["schedule_kind"]) == ("main", False, "cron")
        assert pulse["payload_text"] == "Read the feed."

    def test_a_missing_file(self, api, settings, tmp_path):
        settings.OPENCLAW_JOBS_PATH = str(tmp_path / "nowhere.json")
        body = api.get("/api/jobs/live").json()
        assert (body["jobs"], body["count"], body["source"]) == ([], 0, "live")
        assert body["error"] == f"Jobs file not found at {settings.OPENCLAW_JOBS_PATH}"

    def test_no_file_configured(self, api, settings):
        settings.OPENCLAW_JOBS_PATH = ""
        assert "OPENCLAW_JOBS_PATH" in api.get("/api/jobs/live").json()["error"]

    @pytest.mark.parametrize("text", ["", "{", "[]", '"jobs"', '{"jobs": 5}', "\udcff"])
    def test_a_broken_file(self, api, write_jobs, text, tmp_path):
        if text == "\udcff":
            write_jobs()
            (tmp_path / "jobs.json").write_bytes(b"\xff\xfe")
        else:
            write_jobs(text=text)
        for response in (api.get("/api/jobs/live"), api.post("/api/jobs/sync")):
            assert response.status_code == 502 and "jobs.json" in response.json()["detail"]

    def test_a_folder_in_its_place(self, api, settings, tmp_path):
        settings.OPENCLAW_JOBS_PATH = str(tmp_path)
        assert api.get("/api/jobs/live").status_code == 502

    def test_an_endless_file(self, api, write_jobs, monkeypatch):
        monkeypatch.setattr(jobs_file, "LARGEST", 100)
        write_jobs(REVIEW)
        assert api.get("/api/jobs/live").status_code == 502


class TestOddEntries:
    @pytest.mark.parametrize("entry", [None, "x", [], {}, {"id": ""}, {"id": "x" * 51}, {"id": "a", "name": "\0"}])
    def test_what_is_no_job(self, entry):
        with pytest.raises(ValueError):
            jobs_file.job_of(entry)

    @pytest.mark.parametrize("schedule", [{"everyMs": 60000}, {"at": "60000"}, {"expr": None, "atMs": 60000}])
    def test_schedules_without_an_expression(self, schedule):
        assert jobs_file.job_of({"id": "a", "schedule": schedule}).schedule_expr == "60000"

    def test_long_texts_are_cut_to_their_columns(self):
        job = jobs_file.job_of({"id": "a", "name": "n" * 101, "schedule": {"kind": "k" * 21, "expr": "e" * 51}})
        assert (len(job.name), len(job.schedule_kind), len(job.schedule_expr)) == (100, 20, 50)

    @pytest.mark.parametrize("moment", [0, -5, "soon", 10**18, 10**40, float("inf"), None, []])
    def test_times_that_are_none(self, moment):
        assert jobs_file.job_of({"id": "a", "state": {"nextRunAtMs": moment}}).next_run_at is None

    def test_times_as_text_and_with_a_fraction(self):
        noon = datetime(2026, 2, 16, 12, tzinfo=UTC)
        for moment in ("1771243200000", 1771243200000.7):
            assert jobs_file.moment(moment) == noon

    def test_numbers_that_no_column_holds(self):
        job = jobs_file.job_of({"id": "a", "createdAtMs": 2**63, "state": {"lastDurationMs": 2**31}})
        assert (job.created_at_ms, job.last_duration_ms) == (None, None)

    def test_parts_of_the_wrong_kind(self):
        job = jobs_file.job_of({"id": 7, "schedule": "daily", "payload": None, "state": []})
        assert (job.id, job.name, job.schedule_expr, job.payload_text) == ("7", "7", "", None)


@pytest.mark.django_db
class TestSync:
    def test_stores_the_file(self, api, write_jobs, django_assert_num_queries):
        path = write_jobs(REVIEW, PULSE)
        assert api.post("/api/jobs/sync").json() == {"synced": 2, "source": path, "total_in_file": 2}
        job = ScheduledJob.objects.get(id="j-review")
        assert (job.created_at_ms, job.updated_at_ms) == (1770000000000, 1771000000123)
        assert (job.payload_text, job.run_count) == ("Look back.", 0)
        with django_assert_num_queries(5):  # the token, a transaction's two ends, the actor, the upsert
            api.post("/api/jobs/sync")

    def test_again_changes_what_the_file_knows_and_nothing_else(self, api, write_jobs):
        write_jobs(REVIEW)
        api.post("/api/jobs/sync")
        ScheduledJob.objects.update(run_count=7, success_count=6, fail_count=1, synced_at="2026-01-01T00:00:00Z")
        write_jobs(REVIEW | {"name": "renamed"})
        api.post("/api/jobs/sync")
        job = ScheduledJob.objects.get()
        assert (job.name, job.run_count, job.success_count, job.fail_count) == ("renamed", 7, 6, 1)
        assert job.synced_at.year > 2000 and job.synced_at > datetime(2026, 1, 2, tzinfo=UTC)

    def test_jobs_that_left_the_file_stay(self, api, write_jobs):
        write_jobs(REVIEW)
        api.post("/api/jobs/sync")
        write_jobs(PULSE)
        api.post("/api/jobs/sync")
        assert ScheduledJob.objects.count() == 2

    def test_says_which_entries_are_no_jobs(self, api, write_jobs):
        write_jobs(REVIEW, {"name": "nameless"}, REVIEW)
        body = api.post("/api/jobs/sync").json()
        assert (body["synced"], body["total_in_file"]) == (1, 3)
        assert body["problems"] == ["jobs[1]: the id must have 1 to 50 characters"]

    def test_an_empty_file_is_fine(self, api, write_jobs):
        write_jobs()
        assert api.post("/api/jobs/sync").json()["synced"] == 0

    def test_a_missing_file(self, api, settings, tmp_path):
        settings.OPENCLAW_JOBS_PATH = str(tmp_path / "nowhere.json")
        response = api.post("/api/jobs/sync")
        detail = f"Jobs file not found at {settings.OPENCLAW_JOBS_PATH}"
        assert (response.status_code, response.json()) == (404, {"detail": detail})

    def test_the_history_knows_who(self, api, write_jobs):
        write_jobs(REVIEW)
        api.post("/api/jobs/sync")
        change = Change.objects.get(table_name="scheduled_jobs")
        assert (change.operation, change.actor_kind, change.actor_name) == ("insert", "token", "skill")


@pytest.mark.django_db
class TestJobs:
    def test_by_name(self, api, django_assert_num_queries):
        for name in ("b", "a"):
            ScheduledJob.objects.create(id=f"id-{name}", name=name, schedule_expr="* * * * *")
        body = api.get("/api/jobs").json()
        assert [job["name"] for job in body["jobs"]] == ["a", "b"] and body["count"] == 2
        assert body["jobs"][0].keys() == JOB_KEYS
        with django_assert_num_queries(2):
            assert api.get("/api/jobs?limit=1").json()["count"] == 1

    def test_one(self, api):
        ScheduledJob.objects.create(id="a-1", name="a", schedule_expr="", created_at_ms=1770000000000)
        job = api.get("/api/jobs/a-1").json()
        assert job.keys() == JOB_KEYS and job["created_at_ms"] == 1770000000000
        response = api.get("/api/jobs/nobody")
        assert (response.status_code, response.json()) == (404, {"detail": "Job not found"})


@pytest.mark.django_db
class TestSchedule:
    def test_of_nothing(self, api):
        assert api.get("/api/schedule").json() == {"error": "No schedule found"}

    def test_the_first_tick_makes_the_row(self, api, write_jobs):
        write_jobs(REVIEW, PULSE)
        tick = api.post("/api/schedule/tick").json()
        schedule = api.get("/api/schedule").json()
        assert tick == {"ticked": True, "at": schedule["last_tick"], "jobs_total": 2}
        assert schedule == {
            "id": 1, "last_tick": tick["at"], "tick_count": 1, "heartbeat_interval": 3600, "enabled": True,
            "jobs_total": 2, "jobs_successful": 1, "jobs_failed": 1, "last_job_name": "six_hour_review",
            "last_job_status": "ok", "next_job_at": "2026-02-15T21:13:20+00:00", "updated_at": tick["at"],
        }  # fmt: skip

    def test_the_next_counts_on(self, api, write_jobs):
        ScheduleTick.objects.create(id=1, tick_count=41, heartbeat_interval=60, enabled=False)
        write_jobs()
        api.post("/api/schedule/tick")
        row = ScheduleTick.objects.get()
        assert (row.tick_count, row.heartbeat_interval, row.enabled) == (42, 60, False)

    @pytest.mark.parametrize("text", [None, "{"])
    def test_an_unreadable_file_gives_zeros(self, api, settings, write_jobs, tmp_path, text):
        if text:
            write_jobs(text=text)
        else:
            settings.OPENCLAW_JOBS_PATH = str(tmp_path / "nowhere.json")
        assert api.post("/api/schedule/tick").json()["jobs_total"] == 0
        row = ScheduleTick.objects.get()
        assert (row.tick_count, row.jobs_total, row.last_job_name, row.next_job_at) == (1, 0, None, None)


@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    def at_once(self, function, times):
        def run(number):
            try:
                return function(number)
            finally:
                connection.close()

        with ThreadPoolExecutor(12) as pool:
            return list(pool.map(run, range(times)))

    def test_no_tick_is_lost_from_the_very_first(self):
        summary = jobs_file.summary_of([])
        self.at_once(lambda number: actions.tick(summary), 40)
        assert ScheduleTick.objects.get().tick_count == 40

    def test_syncs_do_not_collide(self, write_jobs):
        write_jobs(*[REVIEW | {"id": f"job-{number}"} for number in range(20)])
        self.at_once(lambda number: actions.sync_jobs(Actor("token", "x"), jobs_file.read().jobs), 16)
        assert ScheduledJob.objects.count() == 20
