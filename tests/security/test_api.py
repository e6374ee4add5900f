"""The wire contract of security events, rate limits and API key rotations."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from apps.security.models import ApiKeyRotation, RateLimit, SecurityEvent

pytestmark = pytest.mark.django_db

EVENT_KEYS = {
    "id", "threat_level", "threat_type", "threat_patterns", "input_preview", "source", "user_id", "blocked",
    "details", "created_at",
}  # fmt: skip


def make_event(**over):
    return SecurityEvent.objects.create(**({"threat_level": "HIGH", "threat_type": "xss"} | over))


class TestListEvents:
    def test_newest_first_in_the_page_list(self, api):
        make_event(threat_type="old", created_at=timezone.now() - timedelta(days=1))
        make_event(threat_type="new")
        page = api.get("/api/security-events?limit=1").json()
        assert [item["threat_type"] for item in page["items"]] == ["new"]
        assert (page["total"], page["page"], page["limit"], page["pages"]) == (2, 1, 1, 2)
        assert page["items"][0].keys() == EVENT_KEYS

    @pytest.mark.parametrize("query", ["threat_level=high", "threat_level=HIGH", "threat_level=High"])
    def test_finds_a_level_however_it_is_written(self, api, query):
        make_event()
        make_event(threat_level="high")
        make_event(threat_level="LOW")
        assert api.get(f"/api/security-events?{query}").json()["total"] == 2

    def test_filters(self, api):
        make_event(blocked=True)
        make_event()
        assert api.get("/api/security-events?blocked_only=true").json()["total"] == 1
        assert api.get("/api/security-events?blocked_only=no&threat_level=").json()["total"] == 2

    @pytest.mark.parametrize("query", ["limit=-1", "limit=1001", "page=x", "blocked_only=perhaps"])
    def test_refuses_what_is_out_of_bounds(self, api, query):
        assert api.get(f"/api/security-events?{query}").status_code == 422

    def test_costs_two_queries(self, api, django_assert_num_queries):
        [make_event() for _ in range(30)]
        api.get("/api/security-events")
        with django_assert_num_queries(2):  # the token, the page with its count
            api.get("/api/security-events")


class TestReport:
    def test_fills_in_the_defaults(self, api):
        answer = api.post("/api/security-events", {}).json()
        event = SecurityEvent.objects.get()
        assert answer == {"id": str(event.id), "created": True}
        assert (event.threat_level, event.threat_type, event.source, event.blocked) == ("LOW", "unknown", "api", False)
        assert (event.threat_patterns, event.input_preview, event.details, event.user_id) == ([], "", {}, None)

    def test_writes_the_level_in_one_spelling(self, api):
        api.post("/api/security-events", {"threat_level": " critical "})
        assert SecurityEvent.objects.get().threat_level == "CRITICAL"

    def test_cuts_the_preview(self, api):
        api.post("/api/security-events", {"input_preview": "x" * 501})
        api.post("/api/security-events", {"input_preview": "y" * 500})
        assert set(SecurityEvent.objects.values_list("input_preview", flat=True)) == {"x" * 500 + "...", "y" * 500}

    def test_a_quoted_attack_is_stored_as_sent(self, api):
        attack = "'; DROP TABLE goals; -- <script>alert(1)</script> ../../etc/passwd && rm -rf"
        assert api.post("/api/security-events", {"input_preview": attack}).status_code == 200
        assert api.get("/api/security-events").json()["items"][0]["input_preview"] == attack

    def test_reads_sloppy_bodies(self, api):
        body = {"threat_patterns": "select", "details": "seen twice", "user_id": 7, "blocked": "yes", "source": None}
        assert api.post("/api/security-events", body).status_code == 200
        event = SecurityEvent.objects.get()
        assert (event.threat_patterns, event.details) == (["select"], {"message": "seen twice"})
        assert (event.user_id, event.blocked, event.source) == ("7", True, "api")

    def test_the_same_report_twice_is_one_event(self, api):
        body = {"id": str(uuid4())}
        assert api.post("/api/security-events", body).json() == api.post("/api/security-events", body).json()
        headers = {"Idempotency-Key": "report-1"}
        first, second = (api.post("/api/security-events", {}, headers=headers).json() for _ in range(2))
        assert first == second and SecurityEvent.objects.count() == 2

    @pytest.mark.parametrize(
        "body",
        [
            {"threat_level": "x" * 21},
            {"threat_level": " "},
            {"threat_type": "x" * 101},
            {"user_id": "x" * 101},
            {"blocked": "perhaps"},
            {"details": [1]},
            {"id": "not a uuid"},
            {"input_preview": "\0"},
            [],
            "text",
        ],
    )
    def test_refuses_what_cannot_be_stored(self, api, body):
        assert api.post("/api/security-events", body).status_code == 422
        assert not SecurityEvent.objects.exists()


class TestStats:
    def test_counts(self, api):
        make_event(blocked=True)
        make_event(threat_level="high", created_at=timezone.now() - timedelta(days=2))
        make_event(threat_level="LOW", threat_type="jailbreak")
        assert api.get("/api/security-events/stats").json() == {
            "total_events": 3, "blocked_count": 1, "last_24h": 2, "by_level": {"HIGH": 2, "LOW": 1},
            "by_type": {"xss": 2, "jailbreak": 1},
        }  # fmt: skip

    def test_names_the_ten_commonest_types(self, api):
        for number in range(12):
            [make_event(threat_type=f"type {number:02}") for _ in range(1 + (number == 11))]
        types = api.get("/api/security-events/stats").json()["by_type"]
        assert len(types) == 10 and list(types)[:2] == ["type 11", "type 00"]

    def test_of_nothing(self, api):
        assert api.get("/api/security-events/stats").json() == {
            "total_events": 0, "blocked_count": 0, "last_24h": 0, "by_level": {}, "by_type": {},
        }  # fmt: skip


def make_counter(minutes=0, **over):
    began = timezone.now() - timedelta(minutes=minutes)
    return RateLimit.objects.create(**({"skill": "moltbook", "window_start": began} | over))


def check(api, **body):
    return api.post("/api/rate-limits/check", {"skill": "moltbook"} | body).json()


class TestRateCheck:
    def test_an_unknown_skill_may_act_and_no_row_is_made(self, api):
        assert check(api, max_actions=5) == {"allowed": True, "remaining": 5, "window_age": 0}
        assert not RateLimit.objects.exists()

    def test_counts_against_the_limit(self, api):
        make_counter(minutes=1, action_count=3)
        answer = check(api, max_actions=5)
        assert answer.keys() == {"allowed", "remaining", "window_age", "action_count"}
        assert (answer["allowed"], answer["remaining"], answer["action_count"]) == (True, 2, 3)
        assert 59 < answer["window_age"] < 90
        assert check(api, max_actions=3)["allowed"] is False
        assert check(api, max_actions=2)["remaining"] == 0

    def test_does_not_count_itself(self, api):
        make_counter(action_count=3)
        check(api)
        assert RateLimit.objects.get().action_count == 3

    def test_an_old_window_ends_and_a_new_one_counts(self, api):
        """The limit holds in every window, not only in the first."""
        make_counter(minutes=90, action_count=100)
        assert check(api, max_actions=2) == {"allowed": True, "remaining": 2, "window_age": 0}
        for _ in range(2):
            api.post("/api/rate-limits/increment", {"skill": "moltbook"})
        answer = check(api, max_actions=2)
        assert (answer["allowed"], answer["action_count"]) == (False, 2) and answer["window_age"] < 60

    def test_the_defaults_are_a_hundred_an_hour(self, api):
        make_counter(minutes=59, action_count=99)
        assert check(api, max_actions=None, window_seconds=None)["remaining"] == 1
        make_counter(minutes=59, skill="other", action_count=100)
        assert check(api, skill="other")["allowed"] is False

    @pytest.mark.parametrize("body", [{}, {"skill": ""}, {"skill": None}, {"skill": " "}])
    @pytest.mark.parametrize("action", ["check", "increment"])
    def test_needs_a_skill(self, api, action, body):
        response = api.post(f"/api/rate-limits/{action}", body)
        assert (response.status_code, response.json()) == (400, {"detail": "skill is required"})

    @pytest.mark.parametrize(
        "body", [{"window_seconds": 0}, {"window_seconds": 10**12}, {"max_actions": -1}, {"max_actions": 10**12},
                 {"skill": "x" * 101}, {"max_actions": "many"}]
    )  # fmt: skip
    def test_refuses_what_is_out_of_bounds(self, api, body):
        assert api.post("/api/rate-limits/check", {"skill": "x"} | body).status_code == 422


class TestRateIncrement:
    def test_makes_the_row_and_counts(self, api):
        answer = api.post("/api/rate-limits/increment", {"skill": "moltbook"}).json()
        assert answer == {"incremented": True, "skill": "moltbook"}
        api.post("/api/rate-limits/increment", {"skill": "moltbook"})
        row = RateLimit.objects.get()
        assert row.action_count == 2 and row.last_action is not None and row.last_post is None

    def test_a_post_is_stamped_as_such(self, api):
        row = make_counter(last_action=timezone.now(), updated_at=timezone.now() - timedelta(minutes=1))
        api.post("/api/rate-limits/increment", {"skill": "moltbook", "action_type": "post"})
        after = RateLimit.objects.get()
        assert after.last_post is not None and after.last_action == row.last_action
        assert after.updated_at > row.updated_at

    def test_begins_a_new_window_where_its_length_is_given(self, api):
        make_counter(minutes=90, action_count=9)
        api.post("/api/rate-limits/increment", {"skill": "moltbook"})
        assert RateLimit.objects.get().action_count == 10
        api.post("/api/rate-limits/increment", {"skill": "moltbook", "window_seconds": 3600})
        row = RateLimit.objects.get()
        assert row.action_count == 1 and timezone.now() - row.window_start < timedelta(minutes=1)


class TestListRateLimits:
    def test_the_latest_used_first(self, api, django_assert_num_queries):
        make_counter(skill="old", updated_at=timezone.now() - timedelta(days=1))
        make_counter(skill="new")
        body = api.get("/api/rate-limits").json()
        assert [row["skill"] for row in body["rate_limits"]] == ["new", "old"] and body["count"] == 2
        assert body["rate_limits"][0].keys() == {
            "id", "skill", "last_action", "last_post", "action_count", "window_start", "created_at", "updated_at",
        }  # fmt: skip
        with django_assert_num_queries(2):
            assert api.get("/api/rate-limits?limit=1").json()["count"] == 1


class TestRotations:
    def test_create_and_list(self, api):
        answer = api.post("/api/api-key-rotations", {"service": "openai"}).json()
        rotation = ApiKeyRotation.objects.get()
        assert answer == {"id": str(rotation.id), "created": True}
        assert (rotation.rotated_by, rotation.reason, rotation.metadata) == ("system", None, {})
        body = api.get("/api/api-key-rotations").json()
        assert body["count"] == 1
        assert body["rotations"][0].keys() == {"id", "service", "rotated_at", "reason", "rotated_by", "metadata"}

    def test_newest_first_and_by_service(self, api):
        day_ago = timezone.now() - timedelta(days=1)
        ApiKeyRotation.objects.create(service="a", reason="old", rotated_at=day_ago)
        ApiKeyRotation.objects.create(service="a", reason="new")
        ApiKeyRotation.objects.create(service="b")
        rows = api.get("/api/api-key-rotations?service=a").json()["rotations"]
        assert [row["reason"] for row in rows] == ["new", "old"]
        assert api.get("/api/api-key-rotations?service=&limit=2").json()["count"] == 2
        assert api.get("/api/api-key-rotations?limit=1001").status_code == 422

    @pytest.mark.parametrize("body", [{}, {"service": None}, {"service": ""}, {"service": "x" * 101}])
    def test_needs_a_service(self, api, body):
        assert api.post("/api/api-key-rotations", body).status_code == 422
