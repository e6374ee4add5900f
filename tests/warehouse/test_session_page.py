"""The page of a session: which steps are its own, what they cost, and how much of it is drawn."""

import re
from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import connection
from django.utils import timezone

from apps.core.rollups import roll_up
from apps.memory.models import Thought
from apps.telemetry.latencies import InvocationTime, UsageTime
from apps.telemetry.models import ModelUsage
from apps.telemetry.prices import ModelPrice
from tests.telemetry.rows import make_activity, make_invocation, make_session, make_usage

pytestmark = pytest.mark.django_db
START = timezone.now().replace(microsecond=0) - timedelta(days=2)


def at(seconds):
    return START + timedelta(seconds=seconds)


def a_session(seconds=60.0, **over):
    over = {"started_at": START, "ended_at": at(seconds), "status": "completed"} | over
    return make_session(**over)


def call(session, seconds, **over):
    """A model call that was reported so many seconds after the start."""
    return make_usage(session=session, created_at=at(seconds), **over)


def calls(session, seconds, **over):
    """Many model calls, each of its own model."""
    ModelUsage.objects.bulk_create(
        ModelUsage(session=session, model=f"m{second}", created_at=at(second), **over) for second in seconds
    )


def make_thought(seconds, content="Hm.", **metadata):
    return Thought.objects.create(content=content, metadata=metadata, created_at=at(seconds))


def get(client, session, query=""):
    response = client.get(f"/sessions/{session.pk}{query}")
    assert response.status_code == 200
    return response.context["page"]


def labels(page):
    return [row.run.label for row in page.rows]


class TestWhichSteps:
    def test_those_that_name_the_session_whenever_they_were(self, browser_client):
        session = a_session()
        call(session, 5, model="kimi")
        call(session, 90_000, model="late")
        make_activity(action="note", details={"session_id": str(session.pk)}, created_at=at(10))
        make_thought(12, session_id=str(session.pk))
        call(a_session(), 6, model="not ours")
        make_activity(action="not ours", details={"session_id": str(uuid4())}, created_at=at(11))
        make_thought(13, session_id=str(uuid4()))
        page = get(browser_client, session)
        assert labels(page) == ["kimi", "note", "general", "late"]
        assert all(row.run.named for row in page.rows)

    def test_also_by_the_gateways_id(self, browser_client):
        session = a_session(metadata={"openclaw_session_id": "gate-7"})
        make_activity(action="note", details={"sessionId": "gate-7"}, created_at=at(10))
        assert labels(get(browser_client, session)) == ["note"]

    def test_what_names_none_is_matched_by_time_and_agent(self, browser_client):
        session = a_session(agent_id="analyst")
        make_invocation(tool_name="in time", created_at=at(61.5))  # reported a moment after the end
        make_invocation(tool_name="too late", created_at=at(70))
        make_activity(action="of the agent", details={"agent_id": "analyst"}, created_at=at(20))
        make_activity(action="of another", details={"agent_id": "creator"}, created_at=at(21))
        make_activity(action="of nobody", created_at=at(22))
        make_thought(23, agent_id="creator")
        make_usage(model="loose", created_at=at(24))
        page = get(browser_client, session)
        assert labels(page) == ["of the agent", "of nobody", "loose", "goals.in time"]
        assert not any(row.run.named for row in page.rows)
        response = browser_client.get(f"/sessions/{session.pk}")
        assert response.content.decode().count("by time</span>") == 4
        assert labels(get(browser_client, session, "?only=named")) == []

    def test_only_of_the_first_day(self, browser_client):
        session = make_session(started_at=START - timedelta(days=3), status="active")
        make_invocation(tool_name="recent", created_at=at(0))
        make_invocation(tool_name="first day", created_at=START - timedelta(days=2, hours=1))
        page = get(browser_client, session)
        assert labels(page) == ["goals.first day"] and page.life.is_open

    def test_of_the_skill_runner_only_its_skill_and_function(self, browser_client):
        session = a_session(session_type="skill_exec", metadata={"skill": "goals", "function": "list"})
        make_invocation(created_at=at(1))
        make_invocation(tool_name="add", created_at=at(2))
        make_invocation(skill_name="health", created_at=at(3))
        assert labels(get(browser_client, session)) == ["goals.list"]

    def test_none_by_time_where_the_end_is_not_known(self, browser_client):
        session = make_session(started_at=START, status="completed")
        call(session, 5)
        make_invocation(created_at=at(6))
        page = get(browser_client, session)
        assert labels(page) == ["qwen3"] and page.milliseconds is None

    def test_how_many_sessions_ran_meanwhile(self, browser_client):
        session = a_session()
        make_invocation(created_at=at(1))
        a_session(agent_id="creator", started_at=at(-10), ended_at=at(2))
        a_session(agent_id="creator", started_at=at(-10), ended_at=at(-2))
        make_session(started_at=at(30))
        assert get(browser_client, session).others == 2
        assert b"2 other sessions ran meanwhile" in browser_client.get(f"/sessions/{session.pk}").content


class TestFigures:
    def test_add_up_what_names_the_session(self, browser_client):
        session = a_session(74, messages_count=7)
        call(session, 5, cost_usd="0.01", input_tokens=100, output_tokens=20)
        call(session, 9, cost_usd="0.02", input_tokens=10, success=False, error_message="upstream timeout")
        make_usage(created_at=at(8), cost_usd="5", input_tokens=1)
        page = get(browser_client, session)
        assert (page.sum.cost.amount, page.sum.tokens, page.sum.steps) == (Decimal("0.03"), 130, 2)
        assert (page.sum.by_time, page.sum.cost_by_time, page.sum.failed) == (1, 5, 1)
        [failure] = page.failures
        assert (failure.label, failure.error, failure.times) == ("qwen3", "upstream timeout", 1)
        text = browser_client.get(f"/sessions/{session.pk}").content.decode()
        assert "1 min 14 s" in text and "$5.00 more matched by time" in text and "$0.0300" in text

    def test_costs_that_were_not_reported_are_estimated_or_unknown(self, browser_client):
        ModelPrice.objects.create(
            name="kimi", model="kimi", input_usd=1, output_usd=2, source="models file", updated_at=START
        )
        session = a_session()
        call(session, 5, model="kimi", input_tokens=1_000_000)
        call(session, 6, model="nobody knows", input_tokens=50)
        page = get(browser_client, session)
        assert page.sum.cost.estimated == 1 and page.sum.cost.unknown_calls == 1
        assert [row.written_cost for row in page.rows] == ["$1.00 estimated", "unknown"]

    def test_cost_and_tokens_so_far(self, browser_client):
        session = a_session()
        for number in range(1, 4):
            call(session, number, model=f"m{number}", cost_usd="0.5", input_tokens=10)
        make_usage(model="loose", created_at=at(2.5), cost_usd="9")
        page = get(browser_client, session)
        assert [row.run.spent for row in page.rows] == [Decimal("0.5"), 1, 1, Decimal("1.5")]
        cost, tokens = page.picture.lines
        assert (cost.end, tokens.end) == ("$1.50", "30")

    def test_a_step_beside_what_is_usual(self, browser_client):
        session = a_session()
        for _ in range(20):
            make_usage(model="kimi", latency_ms=1000, created_at=START - timedelta(hours=3))
            make_invocation(duration_ms=40, created_at=START - timedelta(hours=3))
        call(session, 20, model="kimi", latency_ms=9000)
        make_invocation(duration_ms=40, created_at=at(30))
        roll_up(UsageTime)
        roll_up(InvocationTime)
        slow, usual = get(browser_client, session).rows
        assert slow.is_slow and not usual.is_slow
        assert slow.usual.p50 == pytest.approx(1000, rel=0.1) and usual.usual.p95 == pytest.approx(40, rel=0.1)
        assert browser_client.get(f"/sessions/{session.pk}").content.decode().count(">slow<") == 1


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


class TestRepeats:
    def test_alike_steps_are_one_row(self, browser_client):
        session = a_session()
        for second in range(1, 15):
            make_invocation(tool_name="read_file", duration_ms=100, created_at=at(second))
        make_invocation(tool_name="read_file", success=False, error_type="OSError", created_at=at(15))
        make_invocation(tool_name="read_file", created_at=at(16))
        repeated, failed, last = get(browser_client, session).rows
        assert (repeated.run.times, repeated.run.ms, repeated.run.longest) == (14, 1400, 100)
        assert not failed.run.ok and failed.run.error == "OSError" and last.run.times == 1
        assert "read_file</a> × 14" in browser_client.get(f"/sessions/{session.pk}").content.decode()

    def test_but_not_with_another_step_or_a_minute_between_them(self, browser_client):
        session = a_session(600)
        for second in (1, 2, 90, 300):
            make_activity(action="think", details={"session_id": str(session.pk)}, created_at=at(second))
        make_activity(action="act", details={"session_id": str(session.pk)}, created_at=at(1.5))
        assert labels(get(browser_client, session)) == ["think", "act", "think", "think", "think"]

    def test_the_raw_rows_of_all_of_them_on_demand(self, browser_client):
        session = a_session()
        rows = [make_invocation(created_at=at(second)) for second in (1, 2, 3)]
        make_invocation(tool_name="other", created_at=at(4))
        [repeated, _] = get(browser_client, session).rows
        page = browser_client.get(repeated.url)
        assert [step["row"]["id"] for step in page.context["steps"]] == [str(row.pk) for row in rows]
        fragment = browser_client.get(repeated.url, headers={"HX-Request": "true", "HX-Target": "raw"}).content
        assert b"&quot;tool_name&quot;: &quot;list&quot;" in fragment and b"<html" not in fragment


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


class TestChildren:
    def test_are_folded_in_with_their_cost_and_that_of_theirs(self, browser_client):
        session = a_session(metadata={"openclaw_source_key": "agent:main:main"})
        child = a_session(20, agent_id="analyst", metadata={"parent_session_id": str(session.pk), "label": "Digging"})
        grandchild = a_session(10, agent_id="scout", metadata={"parent_session_id": str(child.pk)})
        spawned = {"agent_id": "devops", "metadata": {"spawned_by": "agent:main:main"}}
        a_session(5, started_at=at(2), cost_usd="0.8", tokens_used=5, **spawned)
        call(session, 1, cost_usd="0.1")
        call(child, 2, cost_usd="0.2", input_tokens=7)
        call(grandchild, 3, cost_usd="0.4", input_tokens=1)
        page = get(browser_client, session)
        rows = {row.run.label: row.run for row in page.rows if row.run.kind == "child"}
        assert {name: (run.cost, run.tokens) for name, run in rows.items()} == {
            "analyst": (Decimal("0.6"), 8),
            "devops": (Decimal("0.8"), 5),
        }
        assert rows["analyst"].note == "Digging · 1 more below it" and rows["analyst"].ms == 20_000
        assert page.sum.cost.amount == Decimal("1.5") and page.sum.children == 2
        assert get(browser_client, child).parent == session.pk

    def test_sub_agents_that_name_no_parent_are_matched_by_time(self, browser_client):
        session = a_session()
        key = {"openclaw_source_key": "agent:main:subagent:1"}
        a_session(5, started_at=at(2), metadata=key, cost_usd="3", tokens_used=3)
        a_session(5, started_at=at(3), metadata=key | {"parent_session_id": str(uuid4())})
        a_session(5, started_at=at(4), agent_id="creator", metadata=key)
        page = get(browser_client, session)
        [row] = page.rows
        assert row.run.kind == "child" and not row.run.named
        assert page.sum.cost_by_time == 3 and not page.sum.cost.amount

    def test_circles_and_odd_parents_end(self, browser_client):
        one, two = a_session(), a_session()
        for session, parent in ((one, two), (two, one)):
            session.metadata = {"parent_session_id": str(parent.pk), "spawned_by": None}
            session.save()
        a_session(metadata={"spawned_by": None, "parent_id": None, "parent_session_id": ["x"]})
        assert len(get(browser_client, one).children) == 1


class TestFailures:
    @pytest.fixture
    def session(self, db):
        session = a_session(1000)
        calls(session, range(2, 800, 2))
        ModelUsage.objects.filter(model__in=["m360", "m720"]).update(success=False, error_message="no")
        return session

    def follow(self, client, session, query):
        response = client.get(f"/sessions/{session.pk}/failure{query}", follow=True)
        [(url, _)] = response.redirect_chain
        assert url.endswith("#failure") and b'id="failure"' in response.content
        return response.context["page"]

    def test_next_and_previous_lead_there_and_round(self, browser_client, session):
        page = self.follow(browser_client, session, "")
        assert page.jumped_to.label == "m360"
        page = self.follow(browser_client, session, page.next_failure)
        assert page.jumped_to.label == "m720" and labels(page)[0] == "m712"
        assert self.follow(browser_client, session, page.next_failure).jumped_to.label == "m360"
        assert self.follow(browser_client, session, page.failure_before).jumped_to.label == "m360"

    def test_each_error_leads_to_its_first(self, browser_client, session):
        failures = {one.label: one.query for one in get(browser_client, session).failures}
        assert self.follow(browser_client, session, failures["m720"]).jumped_to.label == "m720"

    def test_the_part_is_kept_where_it_holds_the_step(self, browser_client, session):
        page = self.follow(browser_client, session, "?from=300&to=400&after=10")
        assert page.jumped_to.label == "m360" and page.asked.since == 300
        assert self.follow(browser_client, session, "?from=300&to=400&after=200").asked.since is None

    def test_of_none_it_stays(self, browser_client):
        session = a_session()
        assert browser_client.get(f"/sessions/{session.pk}/failure").url == f"/sessions/{session.pk}"


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
        assert page.picture.lines[0].end == "$10.00"

    def test_a_part_of_it_counts_from_what_was_before(self, browser_client, long_session):
        page = get(browser_client, long_session, "?from=17500&to=35000")
        cost = page.picture.lines[0]
        assert cost.start.startswith("$5.0") and cost.end == "$10.00"

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
