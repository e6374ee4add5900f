"""The page of a session: its axis, how much of it is drawn, and who may see it."""

import re
from uuid import uuid4

import pytest
from django.db import connection

from tests.telemetry.rows import make_activity, make_invocation
from tests.warehouse.session_rows import START, a_session, at, call, calls, get, labels, make_thought

pytestmark = pytest.mark.django_db


class TestAxis:
    def test_a_call_begins_its_latency_before_it_is_reported(self, browser_client):
        session = a_session(12)
        call(session, 10, latency_ms=4000)
        [row] = get(browser_client, session).rows
        assert (row.at, row.run.ms) == (6000, 4000)
        assert row.x == pytest.approx(500, abs=1) and row.width == pytest.approx(333, abs=1)

    def test_idle_gaps_are_drawn_narrow(self, browser_client):
        session = a_session(3600)
        call(session, 5, latency_ms=5000)
        call(session, 3600, latency_ms=5000)
        page = get(browser_client, session)
        [gap] = page.part.axis.idle
        assert gap.milliseconds == 3_590_000 and gap.width < 20
        first, second = page.rows
        assert first.width == pytest.approx(494, abs=3) and second.x == pytest.approx(506, abs=3)
        assert b"1 idle gap, 59 min 50 s in all, drawn narrow" in browser_client.get(f"/sessions/{session.pk}").content

    def test_short_pauses_are_not(self, browser_client):
        session = a_session(40)
        call(session, 5)
        call(session, 14, model="kimi")
        assert [gap.milliseconds for gap in get(browser_client, session).part.axis.idle] == [26_000]

    def test_steps_at_once_stand_below_one_another(self, browser_client):
        session = a_session(20)
        for number in range(3):
            call(session, 10 + number, model=f"m{number}", latency_ms=9000)
        call(session, 20, model="after", latency_ms=1000)
        make_invocation(duration_ms=9000, created_at=at(11))
        models, skills = get(browser_client, session).picture.lanes
        assert [bar.y for bar in models.bars] == [0.5, 8.5, 16.5, 0.5]
        assert [bar.y for bar in skills.bars] == [0.5]

    def test_moments_alone_and_a_session_without_length(self, browser_client):
        session = a_session(0)
        make_activity(action="note", details={"session_id": str(session.pk)}, created_at=START)
        page = get(browser_client, session)
        assert labels(page) == ["note"] and 0 <= page.rows[0].x <= 1000
        assert get(browser_client, a_session(0)).rows == []

    def test_steps_before_the_start_and_after_the_end(self, browser_client):
        session = a_session(10)
        call(session, 1, latency_ms=5000)
        call(session, 15)
        page = get(browser_client, session)
        assert (page.part.offset(page.part.window.since), page.part.offset(page.part.window.until)) == ("-4", "15")


class TestParts:
    @pytest.fixture
    def session(self, db):
        session = a_session(100)
        calls(session, range(1, 100))
        return session

    def test_only_what_is_in_the_part_that_the_url_names(self, browser_client, session):
        page = get(browser_client, session, "?from=10&to=12.5")
        assert labels(page) == ["m10", "m11", "m12"]
        assert page.sum.steps == 99

    def test_zooming_keeps_within_the_session(self, browser_client, session):
        page = get(browser_client, session, "?from=90&to=99")
        zooms = {label: query for _, label, query in page.part.zooms}
        assert zooms["Zoom in"] == "?from=92.25&to=96.75"
        assert zooms["Later"] == "?from=91&to=100"
        assert zooms["Zoom out"] == "?from=82&to=100"
        assert zooms["Whole"] == "?"
        whole = {label: query for _, label, query in get(browser_client, session).part.zooms}
        assert whole == {"Zoom in": "?from=25&to=75", "Zoom out": "", "Earlier": "", "Later": "", "Whole": ""}

    def test_the_picture_is_made_of_links_to_its_parts(self, browser_client, session):
        first, *_, last = get(browser_client, session).part.columns
        assert first["query"] == "?from=0&to=2.5" and last["query"] == "?from=97.5&to=100"

    def test_of_a_part_that_is_not_there_it_shows_the_whole(self, browser_client, session):
        for query in ("from=500&to=600", "from=20&to=10", "from=-90&to=-80"):
            response = browser_client.get(f"/sessions/{session.pk}?{query}")
            assert len(response.context["page"].rows) == 99
            assert b"There is no such part of this session" in response.content

    def test_of_nonsense_it_shows_the_whole(self, browser_client, session):
        numbers = ("from=x&to=y", "from=nan&to=inf", "from=1e400", "from=%00", "failure=x", "after=-1")
        for query in (*numbers, f"failure={'9' * 30}", "after=²"):
            response = browser_client.get(f"/sessions/{session.pk}?{query}")
            assert len(response.context["page"].rows) == 99 and b"no such part" not in response.content
        assert get(browser_client, session, f"?after={'9' * 9}").rows == []

    def test_half_a_part(self, browser_client, session):
        assert len(get(browser_client, session, "?from=95").rows) == 5
        assert len(get(browser_client, session, "?to=5").rows) == 5


class TestRawStep:
    def test_of_each_kind(self, browser_client):
        session = a_session()
        child = a_session(agent_id="analyst", metadata={"parent_session_id": str(session.pk)})
        call(session, 1)
        make_invocation(created_at=at(2))
        make_activity(details={"session_id": str(session.pk), "deep": {"er": [1]}}, created_at=at(3))
        make_thought(4, session_id=str(session.pk))
        for row in get(browser_client, session).rows:
            response = browser_client.get(row.url)
            assert response.status_code == 200 and str(row.run.first_id) in response.content.decode()
        assert f"/sessions/{child.pk}" in browser_client.get(f"/sessions/{session.pk}").content.decode()

    def test_of_what_is_not_there(self, browser_client):
        session = a_session()
        for path in (f"model/{uuid4()}", f"users/{uuid4()}", "model/x", f"model/{uuid4()}?last=%00"):
            assert browser_client.get(f"/sessions/{session.pk}/steps/{path}").status_code == 404


class TestNeighbours:
    def test_are_the_agents_sessions_before_and_after(self, browser_client):
        session = a_session()
        older, newer = a_session(started_at=at(-50)), a_session(started_at=at(50))
        a_session(started_at=at(-100))
        a_session(started_at=at(-10), agent_id="creator")
        a_session(started_at=at(10), session_type="skill_exec")
        a_session(started_at=at(11), session_type="openclaw_cron")
        assert get(browser_client, session).neighbours == {"older": older, "newer": newer}
        text = browser_client.get(f"/sessions/{session.pk}").content.decode()
        assert f"/sessions/{older.pk}" in text and f"/sessions/{newer.pk}" in text

    def test_of_those_that_began_at_once_each_is_met(self, browser_client):
        sessions = sorted((a_session() for _ in range(3)), key=lambda one: one.pk)
        met = [get(browser_client, one).neighbours for one in sessions]
        assert [one["newer"] for one in met] == [sessions[1], sessions[2], None]
        assert [one["older"] for one in met] == [None, sessions[0], sessions[1]]


class TestBounds:
    @pytest.fixture
    def long_session(self, db):
        """30,000 steps of ten hours, named and by time, few of them alike."""
        session = a_session(36_000)
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO model_usage (model, input_tokens, cost_usd, latency_ms, success, session_id, created_at)"
                " SELECT 'model-' || i %% 5, 10, 0.001, 900, i %% 97 <> 0, %(id)s, %(start)s + i * interval '3.5 s'"
                "   FROM generate_series(1, 10000) AS i;"
                "INSERT INTO skill_invocations (skill_name, tool_name, duration_ms, success, error_type, created_at)"
                " SELECT 'files', 'tool-' || i %% 7, 400, i %% 89 <> 0, 'OSError', %(start)s + i * interval '3.5 s'"
                "   FROM generate_series(1, 10000) AS i;"
                "INSERT INTO activity_log (action, details, created_at)"
                " SELECT 'act-' || i %% 3, jsonb_build_object('session_id', %(id)s::text, 'message', repeat('w', 200)),"
                "        %(start)s + i * interval '3.5 s' FROM generate_series(1, 10000) AS i",
                {"id": session.pk, "start": START},
            )
        return session

    def test_thirty_thousand_steps(self, browser_client, long_session, django_assert_max_num_queries):
        with django_assert_max_num_queries(12):
            response = browser_client.get(f"/sessions/{long_session.pk}")
        page = response.context["page"]
        assert len(response.content) < 300_000
        assert page.sum.steps == 20_000 and page.sum.by_time == 10_000
        assert (
            page.sum.cost.amount == 10 and page.sum.tokens == 100_000 and page.sum.failed == 10_000 // 97 + 10_000 // 89
        )
        assert len(page.rows) == 150
        lanes = {lane.kind: (lane.steps, lane.failed) for lane in page.picture.lanes}
        assert lanes == {"model": (10_000, 103), "skill": (10_000, 112), "activity": (10_000, 0)}
        assert sum(len(lane.bars) for lane in page.picture.lanes) < 600
        cost = page.picture.lines[0]
        assert (cost.start, cost.end) == ("$0.00", "$10.00")

    def test_a_part_of_it_counts_from_what_was_before(self, browser_client, long_session):
        page = get(browser_client, long_session, "?from=17500&to=35000")
        cost = page.picture.lines[0]
        assert cost.start == "$5.00" and cost.end == "$10.00"
        assert {lane.kind: lane.steps for lane in page.picture.lanes}["model"] == 5_000

    def test_columns_stand_for_busy_times(self, browser_client):
        """Two bursts, between them one step alone: each is drawn where its steps are, and the gaps stay empty."""
        session = a_session(3600)
        calls(session, [*range(0, 300), 1800, *range(3300, 3600)], cost_usd=0.01)
        page = get(browser_client, session)
        [models] = page.picture.lanes
        assert models.steps == 601 and 100 <= len(models.bars) <= 103
        gaps = [(gap.x, gap.x + gap.width) for gap in page.part.axis.idle]
        assert len(gaps) == 2
        drawn = sorted((bar.x, bar.x + bar.width) for bar in models.bars)
        assert all(end <= start or begin >= over for begin, end in drawn for start, over in gaps)
        [alone] = [bar for bar in models.bars if gaps[0][1] <= bar.x < gaps[1][0]]
        assert alone.title.startswith("1 steps")
        part = get(browser_client, session, "?from=100&to=3400")
        assert part.picture.lanes[0].steps == 200 + 1 + 101

    def test_more_steps_come_as_rows(self, browser_client, long_session):
        page = get(browser_client, long_session)
        headers = {"HX-Request": "true", "HX-Target": "more-steps"}
        more = browser_client.get(f"/sessions/{long_session.pk}{page.more}", headers=headers)
        text = more.content.decode()
        assert text.lstrip().startswith("<tr") and "<html" not in text
        assert [int(number) for number in re.findall(r'<tr id="step-(\d+)"', text)] == list(range(151, 301))
        without = get(browser_client, long_session, page.more)
        assert without.rows[0].run.first == 151 and without.earlier == "?"


class TestAccess:
    def test_is_for_those_who_logged_in_and_only_to_be_read(self, client, browser_client):
        session = a_session()
        for path in ("", "/failure", "/compare", f"/steps/model/{uuid4()}"):
            assert client.get(f"/sessions/{session.pk}{path}").status_code == 302
            assert browser_client.post(f"/sessions/{session.pk}{path}").status_code == 405

    def test_bad_ids_are_not_found(self, browser_client):
        for text in (str(uuid4()), "none", "1", "x" * 300, "%00", "..%2f"):
            for path in ("", "/failure", "/compare"):
                assert browser_client.get(f"/sessions/{text}{path}").status_code == 404

    def test_text_is_text(self, browser_client):
        hostile = "<script>alert(1)</script>"
        session = a_session(agent_id=hostile, status=hostile, session_type=hostile, metadata={"label": hostile})
        call(session, 1, model=hostile, provider=hostile, success=False, error_message=hostile)
        make_activity(action=hostile, details={"session_id": str(session.pk), "message": hostile}, created_at=at(2))
        make_thought(3, content=hostile, session_id=str(session.pk))
        for path in ("", "/compare", f"/compare/{session.pk}"):
            assert hostile not in browser_client.get(f"/sessions/{session.pk}{path}").content.decode()

    def test_metadata_may_hold_anything(self, browser_client):
        for metadata in ([], "text", 7, {"openclaw_session": "x", "label": {"a": 1}, "parent_id": "x"}):
            get(browser_client, a_session(metadata=metadata))

    def test_times_that_no_calendar_has(self, browser_client):
        session = a_session()
        with connection.cursor() as cursor:
            cursor.execute("UPDATE agent_sessions SET ended_at = 'infinity' WHERE id = %s", [session.pk])
            call(session, 1)
            cursor.execute("UPDATE model_usage SET created_at = '-infinity'")
        assert get(browser_client, session).milliseconds is None
        with connection.cursor() as cursor:
            cursor.execute("UPDATE agent_sessions SET started_at = '-infinity' WHERE id = %s", [session.pk])
        get(browser_client, session)

    def test_of_no_steps_it_says_how_they_get_there(self, browser_client):
        session = a_session()
        assert b"POST /api/model-usage" in browser_client.get(f"/sessions/{session.pk}").content
