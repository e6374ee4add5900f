"""The steps on the page of a session: which are its own, what they cost, and what failed."""

from datetime import timedelta
from decimal import Decimal
from time import monotonic
from uuid import uuid4

import pytest

from apps.core.rolling_up import roll_up
from apps.telemetry.latencies import InvocationTime, UsageTime
from apps.telemetry.models import ModelUsage
from apps.telemetry.prices import ModelPrice
from apps.warehouse.session_page import usual
from tests.telemetry.rows import make_activity, make_invocation, make_session, make_usage
from tests.warehouse.session_rows import START, a_session, at, call, calls, get, labels, make_thought

pytestmark = pytest.mark.django_db


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
        slow, quick = get(browser_client, session).rows
        assert slow.is_slow and not quick.is_slow
        assert slow.usual.p50 == pytest.approx(1000, rel=0.1) and quick.usual.p95 == pytest.approx(40, rel=0.1)
        assert browser_client.get(f"/sessions/{session.pk}").content.decode().count(">slow<") == 1

    def test_what_is_usual_is_not_asked_each_time_but_does_not_grow_old(self, browser_client, monkeypatch):
        def p95():
            (row,) = get(browser_client, session).rows
            return row.usual and row.usual.p95

        session = a_session()
        call(session, 20, model="kimi", latency_ms=10)
        assert p95() is None  # and what too few calls tell is asked again
        for milliseconds in (1000, 3000):
            for _ in range(20):
                make_usage(model="kimi", latency_ms=milliseconds, created_at=START - timedelta(hours=3))
            assert p95() == pytest.approx(1000, rel=0.1)
        monkeypatch.setattr(usual, "monotonic", lambda: monotonic() + usual.SECONDS + 1)
        assert p95() == pytest.approx(3000, rel=0.1)


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
