"""The wire contract of sessions."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from apps.telemetry.models import AgentSession, ModelUsage
from tests.telemetry.rows import ago, make_session, make_usage

pytestmark = pytest.mark.django_db
UNKNOWN = "00000000-0000-4000-8000-000000000000"


class TestList:
    def test_gives_the_page_list_newest_first(self, api):
        make_session(agent_id="old", started_at=ago(hours=1))
        make_session(agent_id="new", cost_usd="1.25", started_at="2036-11-22T21:51:28.525574+00:00")
        page = api.get("/api/sessions").json()
        assert [item["agent_id"] for item in page["items"]] == ["new", "old"]
        assert (page["total"], page["page"], page["limit"], page["pages"]) == (2, 1, 25, 1)
        item = page["items"][0]
        assert item.keys() == {
            "id", "agent_id", "session_type", "started_at", "ended_at", "messages_count", "tokens_used", "cost_usd",
            "status", "source_channel", "metadata",
        }  # fmt: skip
        assert (item["cost_usd"], item["started_at"]) == (1.25, "2036-11-22T21:51:28.525574+00:00")

    @pytest.mark.parametrize(
        ("metadata", "channel"),
        [
            ({}, None),
            ({"openclaw_source_channel": "slack", "openclaw_session": {"channel": "x"}}, "slack"),
            ({"openclaw_session": {"channel": "telegram"}}, "telegram"),
            ({"openclaw_session": "odd"}, None),
            ([1], None),
        ],
    )
    def test_names_the_channel(self, api, metadata, channel):
        make_session(metadata=metadata)
        item = api.get("/api/sessions").json()["items"][0]
        assert item["source_channel"] == channel
        assert item["metadata"] == (metadata if isinstance(metadata, dict) else {})

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("", {"a", "b"}),
            ("status=active", {"a"}),
            ("status=&agent_id=&source_channel=", {"a", "b"}),
            ("agent_id=b", {"b"}),
            ("source_channel=slack", {"b"}),
            ("include_runtime_events=true", {"a", "b", "runtime"}),
            ("include_cron_events=1", {"a", "b", "cron"}),
            ("include_cron_events=yes&include_runtime_events=on", {"a", "b", "cron", "runtime"}),
            ("unknown=1", {"a", "b"}),
        ],
    )
    def test_filters(self, api, query, found):
        make_session(agent_id="a")
        make_session(agent_id="b", status="completed", metadata={"openclaw_source_channel": "slack"})
        make_session(agent_id="runtime", session_type="skill_exec", status="ended")
        make_session(agent_id="cron", session_type="openclaw_cron", status="ended")
        assert {item["agent_id"] for item in api.get(f"/api/sessions?{query}").json()["items"]} == found

    @pytest.mark.parametrize(
        "query", ["limit=-1", "limit=1001", "page=x", "include_cron_events=perhaps", "source_channel=%00"]
    )
    def test_refuses_bad_queries(self, api, query):
        assert api.get(f"/api/sessions?{query}").status_code == 422

    def test_costs_two_queries(self, api, django_assert_num_queries):
        [make_session() for _ in range(20)]
        api.get("/api/sessions")
        with django_assert_num_queries(2):  # the token, the page with its count
            api.get("/api/sessions?agent_id=main")


class TestHourly:
    def test_counts_by_hour_and_agent(self, api):
        now = timezone.now().replace(minute=0, second=0, microsecond=0)
        for agent, start in (("b", now), ("a", now), ("a", now), ("a", now - timedelta(hours=2))):
            make_session(agent_id=agent, started_at=start)
        make_session(started_at=ago(hours=25))
        make_session(session_type="skill_exec")
        assert api.get("/api/sessions/hourly").json() == {
            "hours": 24,
            "timezone": "UTC",
            "items": [
                {"hour": (now - timedelta(hours=2)).isoformat(), "agent_id": "a", "count": 1},
                {"hour": now.isoformat(), "agent_id": "a", "count": 2},
                {"hour": now.isoformat(), "agent_id": "b", "count": 1},
            ],
        }

    @pytest.mark.parametrize(("given", "hours"), [("0", 1), ("-4", 1), ("169", 168), ("9" * 30, 168)])
    def test_clamps(self, api, given, hours):
        assert api.get(f"/api/sessions/hourly?hours={given}").json()["hours"] == hours

    def test_filters(self, api):
        make_session(agent_id="a")
        make_session(agent_id="b", status="error")
        items = api.get("/api/sessions/hourly?status=error").json()["items"]
        assert [item["agent_id"] for item in items] == ["b"]


class TestStats:
    def test_of_nothing(self, api):
        nothing = {"tokens": 0, "cost": 0}
        assert api.get("/api/sessions/stats").json() == {
            "total_sessions": 0, "active_sessions": 0, "total_tokens": 0, "total_cost": 0,
            "by_agent": [], "by_status": [], "by_type": [],
            "litellm": {"sessions": 0, **nothing, "unmapped_tokens": 0, "unmapped_cost": 0},
            "sources": {"skills": nothing, "litellm": nothing},
        }  # fmt: skip

    def test_adds_up_the_usage_of_the_sessions(self, api):
        first, second = make_session(agent_id="a"), make_session(agent_id="b", status="completed")
        make_session(agent_id="b", session_type="openclaw")
        make_usage(session=first, input_tokens=10, output_tokens=5, cost_usd="0.5")
        make_usage(session=first, input_tokens=1, cost_usd="0.25")
        make_usage(session=second, input_tokens=2**31 - 1, output_tokens=2**31 - 1)
        stats = api.get("/api/sessions/stats").json()
        assert (stats["total_sessions"], stats["active_sessions"]) == (3, 2)
        assert (stats["total_tokens"], stats["total_cost"]) == (2**32 - 2 + 16, 0.75)
        assert stats["by_agent"] == [
            {"agent_id": "b", "sessions": 2, "tokens": 2**32 - 2, "cost": 0},
            {"agent_id": "a", "sessions": 1, "tokens": 16, "cost": 0.75},
        ]
        assert stats["by_status"] == [{"status": "active", "count": 2}, {"status": "completed", "count": 1}]
        assert stats["by_type"] == [{"type": "interactive", "count": 2}, {"type": "openclaw", "count": 1}]
        assert stats["sources"]["skills"] == {"tokens": stats["total_tokens"], "cost": 0.75}

    def test_honours_the_filters(self, api):
        slack = {"openclaw_source_channel": "slack"}
        for agent, status, metadata in (("a", "active", {}), ("b", "error", slack)):
            make_usage(session=make_session(agent_id=agent, status=status, metadata=metadata), cost_usd=1)
        make_usage(session=make_session(session_type="openclaw_cron"), cost_usd=2)
        make_usage(cost_usd=4)
        for query, sessions, cost in [
            ("", 2, 6),
            ("include_cron_events=1", 3, 8),
            ("agent_id=a", 1, 1),
            ("status=error", 1, 1),
            ("source_channel=slack", 1, 1),
            ("source_channel=nowhere", 0, 0),
        ]:
            stats = api.get(f"/api/sessions/stats?{query}").json()
            assert (stats["total_sessions"], stats["total_cost"]) == (sessions, cost), query

    def test_of_the_last_hours(self, api):
        make_usage(session=make_session(started_at=ago(hours=3)), cost_usd=1)
        make_usage(session=make_session(), cost_usd=2)
        make_usage(cost_usd=4)
        make_usage(cost_usd=8, created_at=ago(hours=3))
        stats = api.get("/api/sessions/stats?hours=2").json()
        assert (stats["total_sessions"], stats["total_cost"]) == (1, 6)
        assert api.get("/api/sessions/stats").json()["total_cost"] == 15
        assert api.get("/api/sessions/stats?hours=-1").status_code == 422

    def test_deleting_sessions_loses_no_cost(self, api):
        session = make_session()
        make_usage(session=session, input_tokens=3, cost_usd=1)
        before = api.get("/api/sessions/stats").json()
        api.delete(f"/api/sessions/{session.id}")
        after = api.get("/api/sessions/stats").json()
        assert (after["total_tokens"], after["total_cost"]) == (before["total_tokens"], before["total_cost"]) == (3, 1)
        assert api.get("/api/model-usage/stats").json()["total_cost"] == 1
        assert ModelUsage.objects.get().session_id is None

    def test_costs_two_queries(self, api, django_assert_num_queries):
        [make_usage(session=make_session(agent_id=f"agent {number}")) for number in range(20)]
        api.get("/api/sessions")
        with django_assert_num_queries(3):  # the token, the sessions with their usage, the usage without one
            api.get("/api/sessions/stats")


class TestCreate:
    def test_fills_in_the_defaults(self, api):
        answer = api.post("/api/sessions").json()
        row = AgentSession.objects.get()
        assert answer == {"id": str(row.id), "created": True}
        assert (row.agent_id, row.session_type, row.status, row.ended_at) == ("main", "interactive", "active", None)
        assert (row.messages_count, row.tokens_used, row.cost_usd, row.metadata) == (0, 0, 0, {})
        assert timezone.now() - row.started_at < timedelta(minutes=1)

    def test_is_liberal_in_what_it_reads(self, api):
        body = {
            "agent_id": "",
            "session_type": None,
            "status": "Whatever",
            "started_at": "yesterday",
            "ended_at": "",
            "messages_count": "7",
            "tokens_used": 12.0,
            "cost_usd": "0.5",
            "metadata": "by hand",
        }
        assert api.post("/api/sessions", body).status_code == 200
        row = AgentSession.objects.get()
        assert (row.agent_id, row.session_type, row.status) == ("main", "interactive", "active")
        assert (row.messages_count, row.tokens_used, float(row.cost_usd)) == (7, 12, 0.5)
        assert row.metadata == {"message": "by hand"} and row.ended_at is None

    @pytest.mark.parametrize("nothing", [None, "", False, 0])
    def test_nothing_is_zero(self, api, nothing):
        body = {"messages_count": nothing, "tokens_used": nothing, "cost_usd": nothing}
        assert api.post("/api/sessions", body).status_code == 200

    def test_keeps_the_times_it_is_given(self, api):
        body = {"started_at": "2026-01-01T00:00:00", "ended_at": "2026-01-01T02:00:00+01:00", "status": "ENDED"}
        api.post("/api/sessions", body)
        row = AgentSession.objects.get()
        assert row.status == "ended"
        assert (row.started_at.isoformat(), row.ended_at.isoformat()) == (
            "2026-01-01T00:00:00+00:00",
            "2026-01-01T01:00:00+00:00",
        )

    @pytest.mark.parametrize("status", ["completed", "ended", "Error"])
    def test_a_final_status_has_an_end(self, api, status):
        api.post("/api/sessions", {"status": status})
        assert AgentSession.objects.get().ended_at is not None

    @pytest.mark.parametrize("retry", [{"id": str(uuid4())}, {}])
    def test_a_retry_stores_nothing_twice(self, api, retry):
        first, second = (api.post("/api/sessions", retry, headers={"Idempotency-Key": "k"}).json() for _ in range(2))
        assert first == second and AgentSession.objects.count() == 1
        other = api.post("/api/sessions", {}, headers={"Idempotency-Key": "another"}).json()
        assert other["id"] != first["id"]

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"{",
            b"[]",
            b'{"agent_id": "' + b"x" * 101 + b'"}',
            b'{"session_type": "' + b"x" * 51 + b'"}',
            b'{"agent_id": {}}',
            b'{"agent_id": "a\\u0000"}',
            b'{"messages_count": 99999999999}',
            b'{"messages_count": -1}',
            b'{"tokens_used": "many"}',
            b'{"cost_usd": "free"}',
            b'{"cost_usd": 10000}',
            b'{"metadata": [1]}',
            b'{"metadata": 5}',
            b'{"id": "mine"}',
        ],
    )
    def test_bad_bodies_are_refused(self, api, body):
        response = api.post("/api/sessions", body)
        assert response.status_code == 422 and response.json()["detail"]
        assert not AgentSession.objects.exists()

    def test_a_cost_that_only_rounding_makes_too_large(self, api):
        assert api.post("/api/sessions", {"cost_usd": 9999.9999999}).status_code == 422


class TestUpdate:
    def test_changes_what_is_sent(self, api):
        session = make_session(messages_count=1, tokens_used=2)
        body = {"messages_count": 5, "tokens_used": None, "cost_usd": 0.25}
        assert api.patch(f"/api/sessions/{session.id}", body).json() == {"updated": True}
        session.refresh_from_db()
        assert (session.messages_count, session.tokens_used, float(session.cost_usd)) == (5, 2, 0.25)
        assert (session.status, session.ended_at) == ("active", None)

    @pytest.mark.parametrize("status", ["completed", "ended", "Error "])
    def test_a_final_status_ends_it_once(self, api, status):
        session = make_session()
        api.patch(f"/api/sessions/{session.id}", {"status": status})
        session.refresh_from_db()
        first = session.ended_at
        assert first is not None and session.status == status.lower().strip()
        api.patch(f"/api/sessions/{session.id}", {"status": "completed"})
        session.refresh_from_db()
        assert session.ended_at == first

    def test_active_opens_it_again(self, api):
        session = make_session(status="ended", ended_at=timezone.now())
        api.patch(f"/api/sessions/{session.id}", {"status": "active"})
        session.refresh_from_db()
        assert (session.status, session.ended_at) == ("active", None)

    @pytest.mark.parametrize("body", [{}, {"tokens_used": 1}])
    @pytest.mark.parametrize(
        ("session_id", "status", "detail"),
        [(UNKNOWN, 404, "Session not found"), ("nonsense", 400, "Invalid session_id")],
    )
    def test_unknown_ids(self, api, session_id, status, detail, body):
        response = api.patch(f"/api/sessions/{session_id}", body)
        assert (response.status_code, response.json()) == (status, {"detail": detail})

    def test_nothing_to_change(self, api):
        assert api.patch(f"/api/sessions/{make_session().id}", {}).json() == {"updated": True}

    @pytest.mark.parametrize(
        "body", [b"", b"[]", b'{"status": "sleeping"}', b'{"tokens_used": "x"}', b'{"cost_usd": 1e9}']
    )
    def test_bad_bodies_are_refused(self, api, body):
        session = make_session()
        assert api.patch(f"/api/sessions/{session.id}", body).status_code == 422


class TestDelete:
    def test_deletes(self, api):
        session = make_session()
        assert api.delete(f"/api/sessions/{session.id}").json() == {"deleted": True, "id": str(session.id)}
        assert not AgentSession.objects.exists()

    @pytest.mark.parametrize(
        ("session_id", "status", "detail"),
        [(UNKNOWN, 404, "Session not found"), ("nonsense", 400, "Invalid session_id")],
    )
    def test_unknown_ids(self, api, session_id, status, detail):
        response = api.delete(f"/api/sessions/{session_id}")
        assert (response.status_code, response.json()) == (status, {"detail": detail})
