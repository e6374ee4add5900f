"""Telemetry of all kinds in one request."""

from datetime import timedelta
from uuid import UUID, uuid4

import orjson
import pytest
from django.utils import timezone

from apps.memory.models import Thought
from apps.operations.models import HeartbeatLog
from apps.security.models import SecurityEvent
from apps.social.models import SocialPost
from apps.telemetry.models import ActivityLog, AgentSession, ModelUsage, SkillInvocation
from apps.warehouse import batch_body
from tests.conftest import ApiClient
from tests.factories import make_token
from tests.goals.test_concurrency import at_once
from tests.telemetry.rows import make_activity, make_session
from tests.warehouse.databases import sql

pytestmark = pytest.mark.django_db
PATH = "/api/telemetry/batch"
ONE_OF_EACH = [
    {"kind": "activity", "action": "think", "skill": "goals", "details": "just so"},
    {"kind": "thought", "content": "hm"},
    {"kind": "invocation", "skill_name": "goals", "tool_name": "list", "duration_ms": 12.6, "success": "false"},
    {"kind": "model_usage", "model": "qwen3", "input_tokens": "5", "cost_usd": 0.000123},
    {"kind": "session", "agent_id": "main", "status": "Completed"},
    {"kind": "security_event", "threat_level": " high ", "threat_patterns": "eval", "details": "seen"},
    {"kind": "heartbeat", "beat_number": 7, "details": None, "status": None},
]
KINDS = [item["kind"] for item in ONE_OF_EACH]


def send(api, items, **extra):
    response = api.post(PATH, orjson.dumps(items), **extra)
    assert response.status_code == 200, response.content
    return response.json()


def send_lines(api, *lines, content_type="application/x-ndjson"):
    return api.post(PATH, b"\n".join(lines), content_type=content_type)


class TestEveryKind:
    def test_is_stored_as_by_its_own_post(self, api):
        answer = send(api, ONE_OF_EACH)
        assert answer == {
            "received": 7,
            "stored": 7,
            "duplicates": 0,
            "invalid": [],
            "notes": [],
            "by_kind": {kind: {"stored": 1, "duplicates": 0} for kind in KINDS},
        }
        activity, invocation, usage = ActivityLog.objects.get(), SkillInvocation.objects.get(), ModelUsage.objects.get()
        assert (activity.action, activity.details, activity.success) == ("think", {"message": "just so"}, True)
        assert (Thought.objects.get().category, Thought.objects.get().metadata) == ("general", {})
        assert (invocation.duration_ms, invocation.success, invocation.tokens_used) == (13, False, None)
        assert (usage.input_tokens, usage.output_tokens, float(usage.cost_usd)) == (5, 0, 0.000123)
        session, event, beat = AgentSession.objects.get(), SecurityEvent.objects.get(), HeartbeatLog.objects.get()
        assert session.status == "completed" and session.started_at <= session.ended_at
        assert (event.threat_level, event.threat_patterns, event.details) == ("HIGH", ["eval"], {"message": "seen"})
        assert (beat.beat_number, beat.status, beat.details) == (7, "healthy", {})

    def test_has_the_columns_of_its_own_post(self, api):
        paths = ["activities", "thoughts", "skills/invocations", "model-usage", "sessions", "security-events"]
        models = [ActivityLog, Thought, SkillInvocation, ModelUsage, AgentSession, SecurityEvent, HeartbeatLog]
        for path, item in zip([*paths, "heartbeat"], ONE_OF_EACH, strict=True):
            assert api.post(f"/api/{path}", item).status_code == 200
        send(api, ONE_OF_EACH)
        for model in models:
            times = ("id", "created_at", "started_at", "ended_at")
            first, second = ({k: v for k, v in row.items() if k not in times} for row in model.objects.values())
            assert first == second

    @pytest.mark.parametrize("details", [[1, 2], 5, {"deep": [{"a": "ü\n\\u0041"}]}, {"n": 2.5}, "\\u0000"])
    def test_keeps_any_details(self, api, details):
        send(api, [{"kind": "activity", "action": "think", "details": details}])
        assert ActivityLog.objects.get().details == ({"message": details} if isinstance(details, str) else details)

    def test_keeps_the_order_of_the_batch(self, api):
        send(api, [{"kind": "activity", "action": f"step {n}"} for n in range(50)])
        rows = list(ActivityLog.objects.newest_first().values_list("action", flat=True))
        assert rows == [f"step {n}" for n in reversed(range(50))]
        assert ActivityLog.objects.newest_first().first().created_at <= timezone.now()

    def test_costs_no_more_for_more(self, api, django_assert_max_num_queries):
        api.get("/api/goals")
        with django_assert_max_num_queries(40):
            assert send(api, ONE_OF_EACH * 200)["stored"] == 1400


class TestLines:
    LINES = [b'{"kind": "thought", "content": "one"}', b'{"kind": "heartbeat"}']

    @pytest.mark.parametrize("content_type", ["application/x-ndjson", "application/json", "text/plain"])
    def test_are_read_whatever_the_content_type(self, api, content_type):
        answer = send_lines(api, *self.LINES, b"", content_type=content_type).json()
        assert (answer["received"], answer["stored"]) == (2, 2)

    def test_an_array_is_one_whatever_the_content_type(self, api):
        assert send(api, ONE_OF_EACH, content_type="application/x-ndjson")["stored"] == 7

    def test_a_broken_line_costs_no_other(self, api):
        answer = send_lines(api, b"oops", self.LINES[0], b"", b'{"kind": "thou', self.LINES[1], b"[1]").json()
        assert (answer["received"], answer["stored"]) == (5, 2)
        assert [(item["index"], item["kind"]) for item in answer["invalid"]] == [(0, None), (2, None), (4, None)]
        assert "no JSON" in answer["invalid"][0]["detail"]

    def test_lines_that_only_together_are_json_are_broken(self, api):
        answer = send_lines(api, b'{"kind": "thought", "content": ["a"', b'"b"]}', self.LINES[1]).json()
        assert (answer["received"], answer["stored"], len(answer["invalid"])) == (3, 1, 2)


class TestInvalidItems:
    @pytest.mark.parametrize(
        ("item", "kind", "word"),
        [
            (5, None, "object"),
            (None, None, "object"),
            ([], None, "object"),
            ({}, None, "kind must be one of"),
            ({"kind": "goal"}, "goal", "kind must be one of"),
            ({"kind": ["thought"]}, None, "kind must be one of"),
            ({"kind": "thought"}, "thought", "content: Field required"),
            ({"kind": "thought", "content": "x", "id": "mine"}, "thought", "id:"),
            ({"kind": "thought", "content": "a\0b"}, "thought", "NUL"),
            ({"kind": "activity", "action": "x" * 101}, "activity", "action:"),
            ({"kind": "activity", "action": "x", "success": "perhaps"}, "activity", "success:"),
            ({"kind": "invocation", "duration_ms": 2**31}, "invocation", "duration_ms:"),
            ({"kind": "model_usage", "model": "x", "cost_usd": 9999.9999999}, "model_usage", "cost_usd:"),
            ({"kind": "model_usage", "model": "x", "session_id": "s"}, "model_usage", "session_id:"),
            ({"kind": "security_event", "details": [1]}, "security_event", "details:"),
            ({"kind": "heartbeat", "beat_number": "many"}, "heartbeat", "beat_number:"),
        ],
    )
    def test_are_told_and_cost_no_other(self, api, item, kind, word):
        answer = send(api, [ONE_OF_EACH[1], item, *ONE_OF_EACH])
        (told,) = answer["invalid"]
        assert (told["index"], told["kind"]) == (1, kind) and word in told["detail"]
        assert (answer["received"], answer["stored"], Thought.objects.count()) == (9, 8, 2)

    def test_too_deep_ones(self, api):
        deep = [b'{"kind": "heartbeat", "details": {"a": ' + b"[" * n + b"]" * n + b"}}" for n in (98, 99, 300)]
        answer = send_lines(api, *deep).json()
        assert (answer["stored"], [item["index"] for item in answer["invalid"]]) == (1, [1, 2])
        assert api.get("/api/heartbeat").json()["count"] == 1

    def test_one_that_only_the_database_refuses(self, api):
        sql("ALTER TABLE model_usage ALTER cost_usd TYPE numeric(4, 2)")
        costs = [0.1, 500, 0.3, 0.4, 0.5]
        answer = send(api, [{"kind": "model_usage", "model": "m", "cost_usd": cost} for cost in costs])
        assert (answer["stored"], answer["duplicates"], [i["index"] for i in answer["invalid"]]) == (4, 0, [1])

    def test_nothing_but_invalid_ones(self, api):
        answer = send(api, [{"kind": "thought"}] * 3)
        assert (answer["stored"], len(answer["invalid"]), answer["by_kind"]) == (0, 3, {})


class TestRetries:
    def test_ids_of_the_sender(self, api):
        items = [item | {"id": str(uuid4())} for item in ONE_OF_EACH]
        assert send(api, items)["stored"] == 7
        changed = [item | {"details": "other", "status": "error"} for item in items]
        assert send(api, [*changed, *ONE_OF_EACH])["by_kind"] == {k: {"stored": 1, "duplicates": 1} for k in KINDS}
        assert AgentSession.objects.get(pk=items[4]["id"]).status == "completed"

    def test_ids_twice_in_a_batch_and_the_first_counts(self, api):
        key = uuid4()
        answer = send(api, [{"kind": "thought", "content": text, "id": str(key)} for text in "abc"])
        assert (answer["stored"], answer["duplicates"]) == (1, 2)
        assert Thought.objects.get(pk=key).content == "a"

    def test_the_key_of_the_batch(self, api):
        for key, stored in (("k1", 14), ("k1", 0), ("k2", 14)):
            answer = send(api, ONE_OF_EACH * 2, headers={"Idempotency-Key": key})
            assert (answer["stored"], answer["duplicates"]) == (stored, 14 - stored)

    def test_a_single_post_is_known(self, api):
        key = str(uuid4())
        api.post("/api/thoughts", {"id": key, "content": "once"})
        assert send(api, [{"kind": "thought", "id": key, "content": "once"}])["duplicates"] == 1


class TestSideEffects:
    def test_public_activities_show_among_the_posts(self, api):
        items = [{"kind": "activity", "action": action, "id": str(uuid4())} for action in ("git_commit", "think")]
        send(api, items)
        send(api, items)
        post = SocialPost.objects.get()
        api.post("/api/activities", items[0])
        assert (SocialPost.objects.count(), post.metadata["action"]) == (1, "git_commit")
        assert post.posted_at == ActivityLog.objects.get(action="git_commit").created_at

    def test_a_review_rests_for_five_hours(self, api):
        reviews = [{"kind": "activity", "action": "six_hour_review", "id": str(uuid4())} for _ in range(3)]
        answer = send(api, [*reviews, ONE_OF_EACH[0]])
        assert (answer["stored"], answer["duplicates"]) == (2, 0)
        assert [item["index"] for item in answer["invalid"]] == [1, 2]
        next_allowed = ActivityLog.objects.get(action="six_hour_review").created_at + timedelta(hours=5)
        assert next_allowed.isoformat() in answer["invalid"][0]["detail"]
        again = send(api, reviews)
        assert (again["stored"], again["duplicates"], len(again["invalid"])) == (0, 1, 2)

    def test_a_review_after_a_long_rest(self, api):
        make_activity(action="six_hour_review", created_at=timezone.now() - timedelta(hours=6))
        assert send(api, [{"kind": "activity", "action": "six_hour_review"}])["stored"] == 1

    def test_calls_keep_their_session_where_there_is_one(self, api):
        known, new, nobody = make_session().pk, uuid4(), uuid4()
        calls = [{"kind": "model_usage", "model": "m", "session_id": str(key)} for key in (known, new, nobody)]
        answer = send(api, [*calls, {"kind": "session", "id": str(new)}])
        assert (answer["stored"], answer["invalid"]) == (4, [])
        (note,) = answer["notes"]
        assert (note["index"], note["kind"]) == (2, "model_usage") and str(nobody) in note["detail"]
        kept = ModelUsage.objects.order_by("created_at").values_list("session_id", flat=True)
        assert list(kept) == [known, new, None]

    def test_sessions_keep_the_times_they_tell(self, api):
        started, ended = "2026-01-02T03:04:05+00:00", "2026-01-02T04:00:00+00:00"
        key = UUID(int=5)
        send(api, [{"kind": "session", "id": str(key), "started_at": started, "ended_at": ended, "status": "error"}])
        row = AgentSession.objects.get(pk=key)
        assert (row.started_at.isoformat(), row.ended_at.isoformat()) == (started, ended)


class TestEnvelope:
    @pytest.mark.parametrize(
        "body", [b"", b"  ", b"[", b"[1,", b'"text"', b"5", b"null", b"{", b"{oops}\n{no}", b'["\xff"]', b"[" * 5000]
    )
    def test_unreadable(self, api, body):
        response = api.post(PATH, body)
        assert response.status_code == 422 and response.json()["detail"]

    def test_unreadable_lines(self, api):
        assert send_lines(api, b"oops", b"no").status_code == 422

    def test_an_empty_array_is_a_batch(self, api):
        assert send(api, [])["received"] == 0

    def test_more_than_other_bodies_may_hold(self, api):
        items = [{"kind": "thought", "content": "x" * 1000}] * 2500
        assert send(api, items)["stored"] == 2500

    def test_too_many_items(self, api):
        assert api.post(PATH, b"[" + b"0," * batch_body.MOST + b"0]").status_code == 413
        assert send_lines(api, *[b"{}"] * (batch_body.MOST + 1)).status_code == 413

    def test_too_large(self, api, monkeypatch):
        monkeypatch.setattr(batch_body, "LARGEST", 100)
        assert api.post(PATH, b"[" + b" " * 98 + b"]").status_code == 200
        assert api.post(PATH, b"[" + b" " * 99 + b"]").status_code == 413


@pytest.mark.django_db(transaction=True)
def test_the_same_rows_from_many_senders_at_once_are_stored_once():
    secret = make_token()
    items = [item | {"id": str(uuid4())} for item in ONE_OF_EACH * 30]

    def work(number):
        mine = items if number % 2 else items[::-1]
        return send(ApiClient(secret), mine)["stored"]

    assert sum(at_once(work, range(8), 8)) == len(items)
    assert Thought.objects.count() == 30
