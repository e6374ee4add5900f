"""What the site does by itself, on real threads with real locks."""

import threading
import time
from contextlib import contextmanager

import pytest
from django.db import connection, connections

from apps.core import duties as module
from apps.core.duties import Duty, duties, every
from tests.servers import wait_until

pytestmark = pytest.mark.django_db(transaction=True)
GUARDS = "FROM pg_stat_activity WHERE application_name = 'aria-site a duty'"


def query(sql):
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()


@contextmanager
def running(*functions, seconds=0.02):
    """One runner of 'a duty' for each function, as if each were of another process. Gives their stop signs."""
    signs = [threading.Event() for _ in functions]
    runners = [
        threading.Thread(target=Duty("a duty", seconds, function).run, args=[sign])
        for function, sign in zip(functions, signs, strict=True)
    ]
    for runner in runners:
        runner.start()
    try:
        yield signs
    finally:
        for sign in signs:
            sign.set()
        for runner in runners:
            runner.join()
    wait_until(lambda: not query(f"SELECT 1 {GUARDS}"), 20)


def test_is_done_by_one_runner_until_that_one_ends():
    done = [], []
    with running(lambda: done[0].append(1), lambda: done[1].append(1)) as signs:
        wait_until(lambda: len(done[0]) + len(done[1]) > 20, 20)
        first = 0 if done[0] else 1
        assert not done[1 - first]
        signs[first].set()
        wait_until(lambda: done[1 - first], 20)


def test_a_failure_is_logged_and_tried_again(caplog):
    tries = []

    def fail():
        tries.append(1)
        raise ValueError("out of order")

    with running(fail):
        wait_until(lambda: len(tries) > 2, 20)
    assert "a duty failed" in caplog.text and "out of order" in caplog.text


def test_goes_on_after_the_database_was_away(caplog):
    done = []
    with running(lambda: done.append(query("SELECT 1"))):
        wait_until(lambda: done, 20)
        query(f"SELECT pg_terminate_backend(pid) {GUARDS}")
        wait_until(lambda: "no database" in caplog.text, 20)
        before = len(done)
        wait_until(lambda: len(done) > before, 20)


def test_keeps_no_connection_from_one_time_to_the_next():
    used = []

    def note():
        query("SELECT 1")
        used.append(connections["default"])
        assert used[0].connection

    with running(note, seconds=60):
        wait_until(lambda: used and used[0].connection is None, 20)


def test_never_is_never():
    every(0, "an unwanted duty", lambda: None)
    assert "an unwanted duty" not in duties


def test_the_end_waits_for_all_of_them_together(monkeypatch):
    waits = []

    class Busy:
        def join(self, seconds):
            waits.append(seconds)
            time.sleep(seconds)

    monkeypatch.setattr(module, "PATIENCE_SECONDS", 0.1)
    monkeypatch.setattr(module, "stopping", threading.Event())
    monkeypatch.setattr(module, "threads", [Busy(), Busy(), Busy()])
    module.stop()
    assert module.stopping.is_set() and 0 < waits[0] <= 0.1 and waits[1:] == [0, 0]
