"""A site that is away, hangs, breaks off or lies: what callers are told, and what becomes of telemetry."""

import asyncio
import subprocess
import sys
import time
from pathlib import Path
from uuid import UUID

import pytest

from apps.goals.models import Goal
from apps.memory.models import Thought
from apps.operations.models import HeartbeatLog
from apps.security.models import SecurityEvent
from apps.telemetry.models import ActivityLog, AgentSession, ModelUsage, SkillInvocation
from skills.api_client import breaker, outbox
from tests.factories import make_goal
from tests.servers import wait_until
from tests.skills.conftest import run
from tests.skills.faults import FAULTS

ROOT = Path(__file__).parents[2]
FORKS = """
import os, sys
from skills.api_client import SyncAriaAPIClient
api = SyncAriaAPIClient("http://127.0.0.1:9/api", "none", data_dir=sys.argv[1])
api.keep("thought", {"content": "before"})
child = os.fork()
api.keep("thought", {"content": "in both"})
if child:
    os.waitpid(child, 0)
    print(api.outbox.count())
os._exit(0) if not child else api.close()
"""
rows = pytest.mark.django_db(transaction=True)


def emptied(client):
    return lambda: not client.outbox.waits()


class TestReads:
    @pytest.mark.parametrize("fault", ["reset", "unavailable", "short", "lost", "hang"])
    def test_are_tried_again(self, proxy, connect, fault):
        proxy.faults = [fault] * 3
        result = run(connect(proxy.url, timeout=2), lambda api: api.get_health())
        assert result.success and proxy.requests == 4

    @pytest.mark.parametrize(
        ("fault", "kind"),
        [
            ("reset", "ConnectionError"),
            ("short", "ConnectionError"),
            ("hang", "TimeoutError"),
            ("unavailable", "HTTPStatusError"),
            ("error", "HTTPStatusError"),
            ("garbage", "JSONDecodeError"),
        ],
    )
    def test_end_as_results(self, proxy, connect, fault, kind):
        proxy.fault = fault
        result = run(connect(proxy.url, timeout=1), lambda api: api.get_health())
        assert (result.success, result.error_type) == (False, kind)

    def test_wait_as_long_as_the_site_asks(self, proxy, connect):
        proxy.faults = ["busy"]
        before = time.monotonic()
        assert run(connect(proxy.url), lambda api: api.get_health()).success
        assert time.monotonic() - before >= 1

    def test_do_not_wait_for_an_hour(self, proxy, connect):
        proxy.fault = "resting"
        result = run(connect(proxy.url), lambda api: api.get_health())
        assert (result.error_type, result.retry_after, proxy.requests) == ("RateLimitError", 3600, 1)

    def test_of_no_address_are_told(self, site, connect):
        result = run(connect(site.url), lambda api: api.get("/goals\n"))
        assert (result.success, result.error_type) == (False, "ValueError")

    def test_nobody_is_there(self, connect):
        result = run(connect("http://127.0.0.1:9"), lambda api: api.get_health())
        assert not result.success and "does not answer" in result.error


@rows
class TestTelemetry:
    def test_of_all_kinds_waits_and_arrives_in_order(self, proxy, connect):
        proxy.fault = "reset"

        async def work(api):
            session = (await api.create_session("main", metadata={"x": 1})).data
            assert session["queued"] and UUID(session["id"])
            results = [
                await api.create_activity("think", details={"n": 1}),
                await api.create_thought("hm"),
                await api.create_model_usage("qwen3", input_tokens=5, session_id=session["id"]),
                await api.update_session(session["id"], status="completed", tokens_used=5),
                await api.create_heartbeat(3),
                await api.create_security_event("high"),
                await api.record_invocation("goals", "list_goals", 12),
            ]
            assert all(result.success and result.data["queued"] for result in results)
            proxy.fault = ""
            await asyncio.to_thread(wait_until, emptied(api), 60)
            return session["id"]

        session = AgentSession.objects.get(pk=run(connect(proxy.url), work))
        assert (session.status, session.tokens_used) == ("completed", 5) and session.ended_at
        assert ModelUsage.objects.get().session_id == session.pk
        for model in (ActivityLog, Thought, HeartbeatLog, SecurityEvent):
            assert model.objects.count() == 1
        assert SkillInvocation.objects.filter(tool_name="list_goals").count() == 1

    @pytest.mark.parametrize("fault", FAULTS)
    def test_is_stored_once_whatever_goes_wrong(self, proxy, connect, fault):
        async def work(api):
            for number in range(3):
                proxy.faults = [fault] * 6
                assert (await api.create_thought(f"thought {number}")).success
            proxy.faults = []
            await asyncio.to_thread(wait_until, emptied(api), 60)

        run(connect(proxy.url, timeout=0.2), work)
        rows = Thought.objects.order_by("created_at").values_list("content", flat=True)
        assert list(rows) == ["thought 0", "thought 1", "thought 2"]

    def test_that_waited_keeps_its_time(self, proxy, connect):
        proxy.fault = "unavailable"
        client = connect(proxy.url)
        client.outbox.clock = lambda: time.time() - 3600

        async def work(api):
            await api.create_thought("an hour ago")
            proxy.fault = ""
            await asyncio.to_thread(wait_until, emptied(api), 60)

        run(client, work)
        assert 3500 < time.time() - Thought.objects.get().created_at.timestamp() < 3700

    def test_queues_behind_what_waits_already(self, proxy, connect, monkeypatch):
        client = connect(proxy.url)
        monkeypatch.setattr(client.sender, "wake", lambda: None)

        async def work(api):
            api.outbox.put("thought", {"content": "first"})
            assert (await api.create_thought("second")).data["queued"]
            api.flush()

        run(client, work)
        assert list(Thought.objects.order_by("created_at").values_list("content", flat=True)) == ["first", "second"]

    def test_that_is_wrong_is_told_at_once(self, site, connect):
        result = run(connect(site.url), lambda api: api.create_activity("x" * 200))
        assert not result.success and "action: " in result.error
        assert not connect(site.url).outbox.waits()

    def test_that_the_site_refuses_later_is_kept_aside(self, site, connect, caplog):
        client = connect(site.url)
        client.outbox.put("activity", {"action": "x" * 200})
        client.outbox.put("thought", {"content": "fine"})
        client.outbox.put("thought", {"content": "\ud800"})
        assert client.flush() == ""
        summary = client.outbox.summary()
        assert summary["waiting"] == {} and summary["ever"] == {"refused": 2}
        assert {one["kind"] for one in summary["refused"]} == {"activity", "thought"}
        assert "action" in caplog.text and Thought.objects.get().content == "fine"
        assert client.outbox.requeue_refused() == 2

    def test_one_that_breaks_the_site_holds_up_no_other(self, proxy, connect):
        client = connect(proxy.url)
        for number in range(20):
            client.outbox.put("thought", {"content": f"thought {number}" if number != 13 else "poison"})
        proxy.poison = b"poison"
        assert client.flush() == ""
        assert Thought.objects.count() == 19
        assert client.outbox.summary()["ever"] == {"refused": 1}

    def test_nothing_is_refused_while_the_site_breaks_on_everything(self, proxy, connect):
        client = connect(proxy.url)
        proxy.fault = "error"
        for number in range(5):
            client.outbox.put("thought", {"content": f"thought {number}"})
        assert client.flush().startswith("500")
        assert client.outbox.summary()["waiting"] == {"thought": 5}
        proxy.fault = ""
        wait_until(lambda: client.flush() == "", 60)
        assert Thought.objects.count() == 5


@rows
class TestWrites:
    def test_other_than_telemetry_fail_at_once_and_are_not_kept(self, proxy, connect):
        proxy.fault = "reset"
        client = connect(proxy.url)
        result = run(client, lambda api: api.create_goal("Make tea"))
        assert not result.success and not client.outbox.waits()

    @pytest.mark.parametrize("fault", ["lost", "short", "hang", "reset", "unavailable"])
    def test_are_done_once_however_often_they_are_tried(self, proxy, connect, fault):
        proxy.faults = [fault] * 3
        result = run(connect(proxy.url, timeout=2), lambda api: api.create_goal("Make tea"))
        assert result.success and proxy.requests == 4
        assert Goal.objects.get().goal_id == result.data["goal_id"]

    def test_a_deletion_whose_answer_was_lost_is_no_failure(self, proxy, connect):
        make_goal(goal_id="tea")
        proxy.faults = ["lost"]
        assert run(connect(proxy.url), lambda api: api.delete_goal("tea")).success


class TestBreaker:
    def test_opens_for_all_clients_of_the_host_and_lets_one_try(self, proxy, connect, monkeypatch):
        proxy.fault = "reset"
        monkeypatch.setattr(breaker, "REST", 600.0)
        for _ in range(5):
            assert run(connect(proxy.url), lambda api: api.get_health()).error_type == "ConnectionError"
        asked = proxy.requests
        other = connect(proxy.url)
        result = run(other, lambda api: api.get_health())
        assert (result.error_type, proxy.requests) == ("CircuitOpenError", asked)
        assert 400 < result.retry_after <= 600 and "stop, and retry after" in result.error
        assert 400 < other.breaker.retry_after() <= 600

        later = [connect(proxy.url) for _ in range(5)]
        for client in later:
            client.breaker.clock = lambda: time.time() + 601

        async def all_at_once():
            return await asyncio.gather(*(client.get_health() for client in later))

        results = asyncio.run(all_at_once())
        assert sorted(result.error_type for result in results) == ["CircuitOpenError"] * 4 + ["ConnectionError"]
        assert proxy.requests == asked + 1

        proxy.fault = ""
        late = connect(proxy.url)
        late.breaker.clock = lambda: time.time() + 1300
        assert run(late, lambda api: api.get_health()).success
        assert run(connect(proxy.url), lambda api: api.get_health()).success

    @rows
    def test_counts_failures_in_a_row_only(self, proxy, connect):
        async def work(api):
            for _ in range(3):
                proxy.faults = ["error"] * 4
                for _ in range(4):
                    assert not (await api.get_health()).success
                assert (await api.get_health()).success
                assert (await api.get_goal("nobody")).error_type == "NotFoundError"

        run(connect(proxy.url), work)

    def test_a_clock_that_was_set_back_does_not_keep_it_open(self, proxy, connect):
        client = connect(proxy.url)
        client.breaker.clock = lambda: time.time() + 100_000
        for _ in range(5):
            client.breaker.failed()
        client.breaker.clock = time.time
        assert run(client, lambda api: api.get_health()).success


class TestBounds:
    def test_a_full_outbox_takes_no_more_and_loses_nothing(self, connect, monkeypatch, caplog):
        monkeypatch.setattr(outbox, "MOST", 10)
        client = connect("http://127.0.0.1:9")

        async def work(api):
            return [await api.create_thought(f"{n}") for n in range(12)]

        results = run(client, work)
        assert [result.success for result in results] == [True] * 10 + [False] * 2
        assert "full" in results[-1].error and "soon full" in caplog.text
        summary = connect("http://127.0.0.1:9").outbox.summary()
        assert (summary["waiting"], summary["ever"]) == ({"thought": 10}, {"turned away": 2})

    def test_what_is_too_old_is_dropped_and_counted_after_a_warning(self, connect, caplog):
        client = connect("http://127.0.0.1:9")
        for days in (8, 6.5, 0):
            client.outbox.clock = lambda days=days: time.time() - days * 86400
            client.outbox.put("thought", {"content": f"{days} days ago"})
        assert "Connection refused" in client.flush()
        assert "soon too old" in caplog.text
        summary = client.outbox.summary()
        assert (summary["waiting"], summary["ever"]) == ({"thought": 2}, {"grown too old": 1})

    def test_a_damaged_file_is_put_aside(self, site, connect, tmp_path, caplog):
        (tmp_path / "host").mkdir()
        (tmp_path / "host" / "skills.db").write_bytes(b"rubbish" * 1000)
        assert run(connect(site.url), lambda api: api.get_health()).success
        assert "is damaged" in caplog.text and list((tmp_path / "host").glob("skills.db.broken-*"))

    def test_a_folder_that_cannot_be_written_stops_no_read(self, site, connect, tmp_path):
        (tmp_path / "host").write_text("a file is in the way")
        assert run(connect(site.url), lambda api: api.get_health()).success

    def test_only_its_owner_reads_it(self, connect, tmp_path):
        client = connect("http://127.0.0.1:9")
        client.outbox.put("thought", {"content": "mine"})
        modes = {path.name: path.stat().st_mode & 0o77 for path in (tmp_path / "host").glob("skills.db*")}
        assert set(modes.values()) == {0} and "skills.db-wal" in modes

    def test_a_forked_process_has_its_own_way_to_it(self, tmp_path):
        done = subprocess.run([sys.executable, "-c", FORKS, tmp_path], cwd=ROOT, capture_output=True, text=True)
        assert done.stdout == "3\n", done.stderr
