"""The wire contract of activities."""

from datetime import timedelta
from uuid import uuid4

import pytest

from apps.social.models import SocialPost
from apps.telemetry.models import ActivityLog
from tests.telemetry.rows import ago, make_activity

pytestmark = pytest.mark.django_db


class TestList:
    def test_gives_the_page_list_newest_first(self, api):
        make_activity(action="old", created_at=ago(hours=1))
        make_activity(action="new", skill="goals", success=False, error_message="no")
        page = api.get("/api/activities?limit=1").json()
        assert (page["total"], page["page"], page["limit"], page["pages"]) == (2, 1, 1, 2)
        (item,) = page["items"]
        assert item.keys() == {
            "id", "type", "action", "skill", "success", "status", "description", "details", "error_message",
            "created_at",
        }  # fmt: skip
        assert (item["type"], item["action"], item["skill"]) == ("new", "new", "goals")
        assert (item["success"], item["status"], item["error_message"]) == (False, "error", "no")

    @pytest.mark.parametrize(
        ("details", "description"),
        [
            ({"message": "hello", "description": "x"}, "hello"),
            ({"description": "a thing"}, "a thing"),
            ({"message": 5}, "5"),
            ({"n": 1, "who": "Ünal"}, '{"n": 1, "who": "Ünal"}'),
            ({}, "{}"),
            ("plain", "plain"),
            ("", ""),
            ([1], "[1]"),
        ],
    )
    def test_describes_the_details(self, api, details, description):
        make_activity(details=details)
        item = api.get("/api/activities").json()["items"][0]
        assert (item["description"], item["details"]) == (description, details)

    def test_filters_by_action(self, api):
        make_activity(action="a")
        make_activity(action="b")
        assert api.get("/api/activities?action=a").json()["total"] == 1
        assert api.get("/api/activities?action=").json()["total"] == 2

    @pytest.mark.parametrize("query", ["limit=-1", "limit=1001", "page=x", "action=%00"])
    def test_refuses_bad_queries(self, api, query):
        assert api.get(f"/api/activities?{query}").status_code == 422

    def test_costs_two_queries(self, api, django_assert_num_queries):
        [make_activity() for _ in range(20)]
        api.get("/api/activities")
        with django_assert_num_queries(2):  # the token, the page with its count
            api.get("/api/activities")


class TestRecord:
    def test_fills_in_the_defaults(self, api):
        answer = api.post("/api/activities", {"action": "think"}).json()
        row = ActivityLog.objects.get()
        assert answer == {"id": str(row.id), "created": True}
        assert (row.skill, row.details, row.success, row.error_message) == (None, {}, True, None)

    def test_is_liberal_in_what_it_reads(self, api):
        body = '{"action": "think", "skill": null, "details": "just so", "success": "false", "x": 1}'
        assert api.post("/api/activities", body, content_type="text/plain").status_code == 200
        row = ActivityLog.objects.get()
        assert (row.details, row.success, row.skill) == ({"message": "just so"}, False, None)

    @pytest.mark.parametrize("details", [[1, 2], 5, None, ""])
    def test_keeps_any_details(self, api, details):
        assert api.post("/api/activities", {"action": "think", "details": details}).status_code == 200
        assert ActivityLog.objects.get().details == (details or {})

    @pytest.mark.parametrize("retry", [{"id": str(uuid4())}, {}])
    def test_a_retry_stores_nothing_twice(self, api, retry):
        body = {"action": "git_commit", **retry}
        first, second = (api.post("/api/activities", body, headers={"Idempotency-Key": "k1"}) for _ in range(2))
        assert first.json() == second.json() and second.status_code == 200
        assert (ActivityLog.objects.count(), SocialPost.objects.count()) == (1, 1)

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"{",
            b"[]",
            b"{}",
            b'{"action": ""}',
            b'{"action": null}',
            b'{"action": {"a": 1}}',
            b'{"action": "' + b"x" * 101 + b'"}',
            b'{"action": "x", "skill": "' + b"x" * 101 + b'"}',
            b'{"action": "x", "details": "\\u0000"}',
            b'{"action": "x", "success": "perhaps"}',
            b'{"action": "x", "id": "mine"}',
            b'{"action": "x", "details": ' + b"[" * 300 + b"]" * 300 + b"}",
        ],
    )
    def test_bad_bodies_are_refused(self, api, body):
        response = api.post("/api/activities", body)
        assert response.status_code == 422 and response.json()["detail"]
        assert not ActivityLog.objects.exists()


class TestCooldown:
    def test_a_review_rests_for_five_hours(self, api):
        earlier = make_activity(action="six_hour_review", created_at=ago(hours=4))
        answer = api.post("/api/activities", {"action": "six_hour_review"}).json()
        assert answer.keys() == {"status", "next_allowed", "created"}
        assert (answer["status"], answer["created"]) == ("cooldown_active", False)
        assert answer["next_allowed"] == (earlier.created_at + timedelta(hours=5)).isoformat()
        assert ActivityLog.objects.count() == 1

    def test_and_no_longer(self, api):
        make_activity(action="six_hour_review", created_at=ago(hours=5, seconds=1))
        assert api.post("/api/activities", {"action": "six_hour_review"}).json()["created"] is True
        assert api.post("/api/activities", {"action": "six_hour_reviews"}).json()["created"] is True

    def test_a_retry_is_answered_as_the_first_try_was(self, api):
        first, second = (
            api.post("/api/activities", {"action": "six_hour_review"}, headers={"Idempotency-Key": "k"}).json()
            for _ in range(2)
        )
        assert first == second and first["created"] is True


class TestMirror:
    @pytest.mark.parametrize(
        "body",
        [
            {"action": "commit"},
            {"action": "git_commit"},
            {"action": "Post-Comment"},
            {"action": "x", "details": {"message": "Committed the fix"}},
            {"action": "x", "details": {"event": "2 comments"}},
            {"action": "x", "details": "commented on it"},
        ],
    )
    def test_commits_and_comments_are_posts_too(self, api, body):
        api.post("/api/activities", body)
        assert SocialPost.objects.count() == 1

    @pytest.mark.parametrize(
        "body",
        [
            {"action": "commitment"},
            {"action": "recommitted"},
            {"action": "commentary"},
            {"action": "x", "details": {"note": "commit"}},
            {"action": "x", "details": ["commit"]},
            {"action": "x", "error_message": "commit failed"},
        ],
    )
    def test_other_words_are_not(self, api, body):
        assert api.post("/api/activities", body).json()["created"] is True
        assert not SocialPost.objects.exists()

    def test_the_post_tells_what_happened(self, api):
        details = {"message": "fix the board"}
        api.post(
            "/api/activities",
            {"action": "commit", "skill": "ci_cd", "details": details, "success": False, "error_message": "refused"},
        )
        post = SocialPost.objects.get()
        assert post.content == "❌ commit · skill=ci_cd · fix the board · error=refused"
        assert (post.platform, post.visibility, post.post_id, post.reply_to_id) == ("activity", "public", None, None)
        assert post.metadata == {
            "source": "activity_log", "action": "commit", "skill": "ci_cd", "success": False, "details": details,
        }  # fmt: skip

    def test_nothing_to_say_is_left_out(self, api):
        api.post("/api/activities", {"action": "commit"})
        assert SocialPost.objects.get().content == "✅ commit"

    def test_both_or_neither_is_stored(self, api, monkeypatch):
        monkeypatch.setattr("apps.warehouse.mirror.post_of", lambda activity: 1 / 0)
        assert api.post("/api/activities", {"action": "commit"}).status_code == 500
        assert not ActivityLog.objects.exists()


class TestCronSummary:
    def test_adds_up_what_is_a_number(self, api):
        for estimate in (100, "50", 2.5, "many", None, {"a": 1}, "1e999"):
            make_activity(action="cron_execution", details={"estimated_tokens": estimate})
        make_activity(action="cron_execution", details=[])
        make_activity(action="cron_execution", created_at=ago(days=8))
        make_activity(details={"estimated_tokens": 7})
        assert api.get("/api/activities/cron-summary").json() == [
            {"action": "cron_execution", "executions": 8, "total_estimated_tokens": 152.5, "days": 7}
        ]

    def test_is_empty_when_nothing_ran(self, api):
        assert api.get("/api/activities/cron-summary?days=1").json() == []

    @pytest.mark.parametrize("days", ["-1", "3651", "x", ""])
    def test_has_bounds(self, api, days):
        assert api.get(f"/api/activities/cron-summary?days={days}").status_code == 422


def test_timeline_counts_by_day(api):
    make_activity(created_at=ago(days=8))
    days = [ago(days=1), ago(days=1), ago(days=0)]
    [make_activity(created_at=day) for day in days]
    assert api.get("/api/activities/timeline").json() == [
        {"day": str(days[0].date()), "count": 2},
        {"day": str(days[2].date()), "count": 1},
    ]


class TestVisualization:
    def test_shows_the_window_at_a_glance(self, api):
        make_activity(action="a", skill="goals", details="text", created_at=ago(hours=2))
        make_activity(action="a", success=False, created_at=ago(minutes=1))
        make_activity(action="b", details={"message": "hi"})
        make_activity(created_at=ago(hours=25))
        body = api.get("/api/activities/visualization?limit=2").json()
        assert body.keys() == {
            "window_hours", "generated_at", "summary", "hourly", "actions", "skills", "recent", "creative",
        }  # fmt: skip
        assert body["window_hours"] == 24 and body["creative"] is None
        assert body["summary"] == {"total": 3, "success": 2, "fail": 1}
        assert body["actions"] == [{"action": "a", "count": 2}, {"action": "b", "count": 1}]
        assert body["skills"] == [{"skill": "unknown", "count": 2}, {"skill": "goals", "count": 1}]
        assert sum(hour["count"] for hour in body["hourly"]) == 3
        assert body["hourly"] == sorted(body["hourly"], key=lambda hour: hour["hour"])
        assert [row["description"] for row in body["recent"]] == ["hi", "{}"]
        assert body["recent"][0].keys() == {
            "id", "action", "skill", "success", "created_at", "description", "details",
        }  # fmt: skip

    def test_details_that_are_no_object_are_an_empty_one(self, api):
        make_activity(details="text")
        assert api.get("/api/activities/visualization").json()["recent"][0]["details"] == {}

    @pytest.mark.parametrize(
        ("query", "hours"), [("hours=0", 1), ("hours=-5", 1), ("hours=99999999999999999999", 720), ("limit=0", 24)]
    )
    def test_clamps(self, api, query, hours):
        make_activity()
        body = api.get(f"/api/activities/visualization?{query}").json()
        assert body["window_hours"] == hours and len(body["recent"]) == 1

    def test_creative_work_apart(self, api):
        context = {"topic": "birds", "session_id": "s1", "idea_count": 3}
        make_activity(skill="brainstorm", details={"creative_context": context}, created_at=ago(minutes=9))
        make_activity(skill="aria-brainstorm", details={"args_preview": "trees"}, created_at=ago(minutes=5))
        make_activity(skill="FactCheck")
        make_activity(skill="aria_experiment", details={"creative_context": {"experiment_name": "e", "status": "on"}})
        make_activity(skill="goals")
        creative = api.get("/api/activities/visualization?include_creative=yes").json()["creative"]
        assert creative["enabled"] is True and creative["total"] == 4
        assert creative["targets"] == ["brainstorm", "experiment", "community", "fact_check", "memeothy"]
        assert [row["count"] for row in creative["skills"]] == [2, 1, 0, 1, 0]
        assert sum(hour["count"] for hour in creative["hourly"]) == len(creative["recent"]) == 4
        assert creative["actions"] == [{"action": "look_around", "count": 4}]
        brainstorm, experiment = creative["insights"]["latest_brainstorm"], creative["insights"]["latest_experiment"]
        assert (brainstorm["topic"], brainstorm["session_id"], brainstorm["idea_count"]) == ("trees", None, None)
        assert experiment.keys() == {"name", "hypothesis", "status", "experiment_id", "created_at"}
        assert (experiment["name"], experiment["status"]) == ("e", "on")

    def test_the_latest_is_found_beyond_the_recent(self, api):
        make_activity(skill="brainstorm", details={"creative_context": "odd"}, created_at=ago(hours=3))
        [make_activity(skill="memeothy") for _ in range(3)]
        creative = api.get("/api/activities/visualization?include_creative=1&limit=1").json()["creative"]
        assert creative["insights"]["latest_brainstorm"]["topic"] == ""
        assert creative["insights"]["latest_experiment"] is None

    def test_costs_the_same_for_any_number_of_rows(self, api, django_assert_num_queries):
        [make_activity(skill="brainstorm") for _ in range(20)]
        api.get("/api/activities")
        with django_assert_num_queries(12):
            api.get("/api/activities/visualization?include_creative=1")
