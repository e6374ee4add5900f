"""Sessions that do not report any more."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.utils import timezone

from apps.telemetry import stale
from apps.telemetry.models import AgentSession
from apps.telemetry.querysets import STALE_MARK
from apps.telemetry.stale import update_stale
from tests.telemetry.rows import ago, make_session, make_usage

pytestmark = pytest.mark.django_db
ENTRY = {"id": "s", "key": "agent:a:main", "createdAt": "2026-02-16T21:00:00+00:00"}


def told_at(moment):
    return {"openclaw_session": {"updatedAt": moment.isoformat()}}


def stale_session(**over):
    session = make_session(**{"started_at": ago(days=3)} | over)
    update_stale()
    session.refresh_from_db()
    assert STALE_MARK in session.metadata
    return session


class TestMarking:
    def test_ends_it_at_its_last_report_and_loses_nothing(self):
        session = make_session(started_at=ago(days=3), metadata={"mood": "good"}, tokens_used=5)
        last = make_usage(session=session, created_at=ago(days=2)).created_at
        make_usage(session=session, created_at=ago(days=3))
        assert update_stale() == (1, 0)
        session.refresh_from_db()
        assert (session.status, session.ended_at, session.tokens_used) == ("ended", last, 5)
        assert session.metadata.keys() == {"mood", STALE_MARK} and session.metadata["mood"] == "good"
        assert update_stale() == (0, 0)

    @pytest.mark.parametrize(
        "session",
        [
            {"started_at": ago(hours=23)},
            {"status": "completed"},
            {"status": "error", "ended_at": ago(days=2)},
            {"metadata": told_at(ago(hours=23))},
            {"metadata": {"reported_at": ago(hours=23).isoformat()}},
        ],
    )
    def test_leaves_alone(self, session):
        make_session(**{"started_at": ago(days=3)} | session)
        assert update_stale() == (0, 0)

    def test_leaves_alone_what_calls_models(self):
        make_usage(session=make_session(started_at=ago(days=3)), created_at=ago(hours=23))
        assert update_stale() == (0, 0)

    def test_leaves_alone_what_was_changed(self, api):
        session = make_session(started_at=ago(days=3))
        api.patch(f"/api/sessions/{session.id}", {"tokens_used": 5})
        assert update_stale() == (0, 0)

    @pytest.mark.parametrize(
        "metadata", [[1], "text", 5, {"reported_at": "soon"}, {"openclaw_session": {"updatedAt": []}}]
    )
    def test_reads_metadata_of_any_kind(self, metadata):
        kept = stale_session(metadata=metadata).metadata
        assert kept.pop(STALE_MARK) and kept == (metadata if isinstance(metadata, dict) else {"message": metadata})

    def test_in_batches(self, monkeypatch):
        monkeypatch.setattr(stale, "BATCH", 3)
        for _ in range(7):
            make_session(started_at=ago(days=3))
        assert update_stale() == (7, 0)

    @pytest.mark.parametrize(("hours", "marked"), [(0, 0), (-5, 0), (100, 0), (71, 1)])
    def test_after_the_hours_of_the_setting(self, settings, hours, marked):
        make_session(started_at=ago(days=3))
        settings.ARIA_SESSION_STALE_HOURS = hours
        assert update_stale() == (marked, 0)

    def test_by_command(self):
        make_session(started_at=ago(days=3))
        out = StringIO()
        call_command("mark_stale_sessions", hours=100, stdout=out)
        call_command("mark_stale_sessions", stdout=out)
        assert out.getvalue() == "0 marked as stale, 0 alive again\n1 marked as stale, 0 alive again\n"


class TestReportingAgain:
    def test_a_change_opens_it(self, api):
        session = stale_session()
        api.patch(f"/api/sessions/{session.id}", {"messages_count": 2})
        session.refresh_from_db()
        assert (session.status, session.ended_at, session.messages_count) == ("active", None, 2)
        assert session.metadata.keys() == {"reported_at"} and update_stale() == (0, 0)

    @pytest.mark.parametrize("status", ["completed", "ended", "error"])
    def test_its_own_end_counts(self, api, status):
        session = stale_session()
        api.patch(f"/api/sessions/{session.id}", {"status": status})
        session.refresh_from_db()
        assert session.status == status and session.ended_at > ago(minutes=5) and STALE_MARK not in session.metadata

    def test_a_call_of_a_model_opens_it(self):
        session = stale_session()
        make_usage(session=session)
        make_usage(session=make_session(status="ended", ended_at=ago(days=2)))
        assert update_stale() == (0, 1)
        session.refresh_from_db()
        assert (session.status, session.ended_at, session.metadata) == ("active", None, {})
        assert AgentSession.objects.filter(status="ended").count() == 1

    def test_a_late_report_of_old_calls_does_not(self):
        session = stale_session()
        make_usage(session=session, created_at=session.started_at - timedelta(hours=1))
        assert update_stale() == (0, 0)

    @pytest.mark.parametrize(
        ("told", "status"),
        [
            ({"updatedAt": "2099-01-01"}, "active"),
            ({"updatedAt": "2026-02-16T20:00:00"}, "ended"),
            ({"label": "only a word"}, "ended"),
            ({"status": "error", "endedAt": "2099-01-01", "updatedAt": "2099-01-01"}, "error"),
        ],
    )
    def test_a_sign_of_life_from_the_gateway_opens_it(self, api, told, status):
        api.post("/api/sessions/import-openclaw", [ENTRY])
        assert update_stale() == (1, 0)
        api.post("/api/sessions/import-openclaw", [ENTRY | told])
        row = AgentSession.objects.get()
        assert row.status == status and (row.ended_at is None) == (status == "active")
        assert (STALE_MARK in row.metadata) == (status == "ended")

    def test_what_was_ended_by_hand_stays_so(self, api):
        session = stale_session()
        api.patch(f"/api/sessions/{session.id}", {"status": "ended"})
        make_usage(session=session, created_at=timezone.now() + timedelta(minutes=1))
        assert update_stale() == (0, 0)
