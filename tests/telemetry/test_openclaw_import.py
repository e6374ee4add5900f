"""Sessions of the agent's runtime that are sent to the site."""

from uuid import UUID, uuid5

import pytest

from apps.telemetry.models import AgentSession, ModelUsage
from tests.telemetry.rows import ago, make_session, make_usage

pytestmark = pytest.mark.django_db
NAMESPACE = UUID("0e6fb78b-7809-4b90-a5e4-16f39f307220")
KEY = "agent:aria:main"
ENTRY = {
    "sessionId": "s-1",
    "key": KEY,
    "agentId": "aria",
    "createdAt": "2026-02-16T21:00:00+00:00",
    "updatedAt": 1771277400000,
    "origin": {"label": "Family", "provider": "Telegram"},
    "model": "qwen3",
    "contextTokens": 32768,
}


def send(api, *entries):
    response = api.post("/api/sessions/import-openclaw", list(entries))
    assert response.status_code == 200, response.content
    return response.json()


def only_session():
    return AgentSession.objects.get()


class TestReading:
    def test_a_whole_entry(self, api):
        assert send(api, ENTRY) == {"fetched": 1, "synced": 1, "source": "import_openclaw"}
        row = only_session()
        assert row.id == uuid5(NAMESPACE, f"openclaw_key:{KEY}")
        assert (row.agent_id, row.session_type, row.status, row.ended_at) == ("aria", "openclaw_main", "active", None)
        assert row.started_at.isoformat() == "2026-02-16T21:00:00+00:00"
        assert row.metadata.pop("synced_at")
        assert row.metadata == {
            "source": "import_openclaw",
            "openclaw_session_id": "s-1",
            "openclaw_source_key": KEY,
            "openclaw_source_channel": "telegram",
            "openclaw_session": {
                "id": "s-1", "agentId": "aria", "status": "active", "type": "openclaw_main",
                "createdAt": "2026-02-16T21:00:00+00:00", "updatedAt": "2026-02-16T21:30:00+00:00", "endedAt": None,
                "label": "Family", "channel": "telegram", "model": "qwen3", "contextTokens": 32768,
            },
        }  # fmt: skip

    def test_as_little_as_an_id(self, api):
        send(api, {"id": "lonely"})
        row = only_session()
        assert row.id == uuid5(NAMESPACE, "openclaw:lonely")
        assert (row.agent_id, row.session_type, row.status) == ("main", "openclaw", "active")
        assert row.started_at > ago(minutes=5) and row.metadata["openclaw_source_channel"] is None

    @pytest.mark.parametrize(
        ("told", "column", "value"),
        [
            ({"agent": "a"}, "agent_id", "a"),
            ({"name": "a" * 300}, "agent_id", "a" * 100),
            ({"agentId": {}, "agent_id": " "}, "agent_id", "main"),
            ({"key": "agent:x:cron:1"}, "session_type", "openclaw_cron"),
            ({"key": "agent:x:subagent:1:main"}, "session_type", "openclaw_subagent"),
            ({"key": "agent:x:run:1"}, "session_type", "openclaw_run"),
            ({"key": "whatsapp:1"}, "session_type", "openclaw"),
            ({"key": "agent:x:main", "label": "heartbeat"}, "session_type", "openclaw_heartbeat"),
            ({"deliveryContext": {"to": "heartbeat"}}, "session_type", "openclaw_heartbeat"),
            ({"session_type": "special" * 20}, "session_type", ("special" * 20)[:50]),
            ({"status": "Completed"}, "status", "completed"),
            ({"status": "asleep"}, "status", "active"),
            ({"status": ["active"], "endedAt": "2026-01-01"}, "status", "completed"),
        ],
    )
    def test_generously(self, api, told, column, value):
        send(api, {"id": "s"} | told)
        row = only_session()
        assert getattr(row, column) == value and (row.status == "active") == (row.ended_at is None)

    @pytest.mark.parametrize(
        ("told", "channel", "label"),
        [
            ({"deliveryContext": {"channel": "Slack", "to": "#ops"}, "lastChannel": "x"}, "slack", "#ops"),
            ({"lastChannel": "Web", "channel": "x", "lastTo": "me"}, "web", "me"),
            ({"channel": "x", "label": "L", "origin": {"label": "O"}}, "x", "L"),
            ({"key": "WhatsApp:49:1"}, "whatsapp", None),
            ({"key": "agent:main:main", "origin": "odd", "label": 5}, None, "5"),
        ],
    )
    def test_channel_and_label(self, api, told, channel, label):
        send(api, {"id": "s"} | told)
        session = only_session().metadata["openclaw_session"]
        assert (session["channel"], session["label"]) == (channel, label)

    @pytest.mark.parametrize("when", ["yesterday", -1, 0, 10**40, True, [], "9999-12-31T23:59:59-23:00", None])
    def test_a_time_that_is_none_is_left_open(self, api, when):
        send(api, {"id": "s", "createdAt": when, "updatedAt": when, "endedAt": when, "status": "ended"})
        row = only_session()
        assert row.started_at.year >= 1969 and row.ended_at

    @pytest.mark.parametrize(
        ("body", "fetched", "synced"),
        [
            ({"sessions": [{"id": "a"}, {"session_id": 7}]}, 2, 2),
            ([{"id": ""}, {"label": "x"}, 5, None, "s", [], {"id": "x" * 201}, {"id": "a"}], 8, 1),
            ([{"id": "a"}, {"id": "a", "label": "last"}], 2, 1),
            ({"sessions": "many"}, 0, 0),
            ("text", 0, 0),
            ([], 0, 0),
        ],
    )
    def test_what_counts(self, api, body, fetched, synced):
        answer = api.post("/api/sessions/import-openclaw", body if isinstance(body, (dict, list)) else b'"text"').json()
        assert (answer["fetched"], answer["synced"]) == (fetched, synced) and AgentSession.objects.count() == synced

    @pytest.mark.parametrize("body", [b"", b"{", b'[{"id": "a\\u0000"}]', b"[" * 200 + b"]" * 200])
    def test_bad_bodies_are_refused(self, api, body):
        assert api.post("/api/sessions/import-openclaw", body).status_code == 422

    def test_needs_the_right(self, reader, stranger):
        assert reader.post("/api/sessions/import-openclaw", [ENTRY]).status_code == 403
        assert stranger.post("/api/sessions/import-openclaw", [ENTRY]).status_code == 401
        assert not AgentSession.objects.exists()

    def test_wrong_method(self, api):
        assert api.get("/api/sessions/import-openclaw").status_code == 405


class TestTakingOver:
    def test_follows_an_open_session(self, api):
        send(api, ENTRY)
        send(api, ENTRY | {"agentId": "other", "createdAt": "2026-02-16T20:00:00", "endedAt": 1771280000000})
        row = only_session()
        assert (row.agent_id, row.status) == ("other", "completed")
        assert row.started_at.isoformat() == "2026-02-16T20:00:00+00:00"
        assert row.ended_at.isoformat() == "2026-02-16T22:13:20+00:00"

    @pytest.mark.parametrize("status", ["completed", "ended", "error"])
    @pytest.mark.parametrize("told", [{}, {"status": "active", "updatedAt": 4000000000000}, {"endedAt": 1771280000000}])
    def test_never_opens_what_was_closed(self, api, status, told):
        send(api, ENTRY)
        api.patch(f"/api/sessions/{only_session().id}", {"status": status})
        closed = only_session()
        send(api, ENTRY | {"label": "changed"} | told)
        row = only_session()
        assert (row.status, row.ended_at) == (status, closed.ended_at)
        assert row.metadata["openclaw_session"]["label"] == "changed"

    def test_leaves_counters_and_what_it_does_not_tell(self, api):
        send(api, ENTRY)
        row = only_session()
        row.metadata["mood"] = "good"
        row.save()
        api.patch(f"/api/sessions/{row.id}", {"messages_count": 5, "tokens_used": 7, "cost_usd": 1})
        send(api, {"id": "s-1", "key": KEY, "tokens_used": 1, "metadata": {}, "updatedAt": 1771277500000})
        row = only_session()
        assert (row.agent_id, row.session_type) == ("aria", "openclaw_main")
        assert (row.messages_count, row.tokens_used, row.cost_usd) == (5, 7, 1)
        assert row.metadata["mood"] == "good" and row.metadata["openclaw_source_channel"] == "telegram"
        assert row.started_at.isoformat() == "2026-02-16T21:00:00+00:00"

    def test_writes_nothing_that_is_known(self, api):
        send(api, ENTRY)
        before = only_session().metadata["synced_at"]
        assert send(api, ENTRY)["synced"] == 1 and only_session().metadata["synced_at"] == before

    @pytest.mark.parametrize("metadata", [[1], "text", 5, {"openclaw_session": "odd"}])
    def test_over_metadata_of_any_kind(self, api, metadata):
        make_session(id=uuid5(NAMESPACE, f"openclaw_key:{KEY}"), metadata=metadata)
        for label in ("a", "b"):
            send(api, ENTRY | {"label": label})
        kept = only_session().metadata
        assert kept["openclaw_session"]["label"] == "b"
        assert kept.get("message") == (None if isinstance(metadata, dict) else metadata)

    @pytest.mark.parametrize("both", [False, True])
    def test_a_key_replaces_the_row_without_one(self, api, both):
        send(api, {"id": "s-1"})
        if both:
            send(api, ENTRY | {"sessionId": "another"})
        old = AgentSession.objects.get(metadata__openclaw_session_id="s-1")
        api.patch(f"/api/sessions/{old.id}", {"tokens_used": 9})
        usage = make_usage(session=old)
        send(api, ENTRY)
        row = only_session()
        assert row.id == uuid5(NAMESPACE, f"openclaw_key:{KEY}") and row.metadata["openclaw_session_id"] == "s-1"
        assert row.tokens_used == (0 if both else 9)
        assert ModelUsage.objects.get().session_id == row.id and usage.session_id != row.id

    def test_costs_a_fixed_number_of_statements(self, api, django_assert_num_queries):
        send(api)
        with django_assert_num_queries(6):  # the token, begin and end, a lock, rows without key, the rows
            send(api, *({"id": str(number), "key": f"agent:a:{number}"} for number in range(200)))
