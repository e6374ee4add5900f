"""The bench asks a real site, and says what it found."""

import asyncio
import json
from dataclasses import replace
from io import StringIO

import pytest
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command

from apps.telemetry.models import ActivityLog, ModelUsage, SkillInvocation
from apps.warehouse.bench.live import Soak
from apps.warehouse.bench.load import Figures
from apps.warehouse.bench.pages import missed
from apps.warehouse.bench.people import cookie_of
from tests.factories import make_goal, make_person, make_token
from tests.servers import running_site
from tests.telemetry.rows import make_session


def bench(site, *only, **options):
    out = StringIO()
    options = {"requests": 2, "concurrency": [1], "token": make_token("admin"), "url": f"{site.url}/api"} | options
    call_command("bench", "api", json=True, stdout=out, scale_note="a test", **options)
    return json.loads(out.getvalue())


@pytest.fixture
def site(transactional_db):
    with running_site() as site:
        yield site


def test_measures_reads_and_writes_of_a_running_site(site):
    goal = make_goal()
    found = bench(site, only="goal")
    figures = {one["name"]: one for one in found["figures"]}
    assert found["note"].startswith("a test, ") and site.url in found["note"]
    assert {"GET /goals", "GET /goals/board", "GET /goals/{goal_id}", "GET /hourly-goals"} <= set(figures)
    assert all(one["statuses"] == [200] and one["requests"] == 2 for one in figures.values())
    listed = figures["GET /goals"]
    assert listed["queries"] >= 1 and listed["size"] > len(goal.title) and 0 < listed["median_ms"] <= listed["p95_ms"]

    assert not ActivityLog.objects.exists()
    found = bench(site, only="POST", writes=True)
    assert {tuple(one["statuses"]) for one in found["figures"]} == {(200,)}
    # One to warm up and two that are measured.
    assert ActivityLog.objects.filter(skill="bench").count() == 3
    assert SkillInvocation.objects.filter(skill_name="bench").count() == 3 + 3 * 1000


def bench_pages(site, **options):
    out = StringIO()
    call_command("bench", "pages", json=True, stdout=out, url=site.url, requests=1, **options)
    return {one["name"]: one for one in json.loads(out.getvalue())["figures"]}


def test_measures_every_page_and_one_of_each_that_they_link_to(site):
    make_person("alice", is_superuser=True)
    make_goal()
    make_session()
    figures = bench_pages(site, also=["/goals/archive?q=x"])
    assert {"/sprint-board", "/goals/<uuid:pk>", "/model-usage", "/model-usage?range=all"} <= set(figures)
    assert all(one["statuses"] == [200] for one in figures.values())
    assert not [name for name in figures if "admin" in name or "login" in name]
    usage = figures["/model-usage"]
    assert usage["queries"] > 1 and 0 < usage["server_p95_ms"] <= usage["p95_ms"] and 0 < usage["sent"] < usage["size"]
    assert "over 12 queries" not in usage["misses"]
    assert not Session.objects.exists()  # that of the bench has gone with it


def test_measures_pages_as_a_person_with_a_password(site):
    make_person("bob")
    assert "/sprint-board" in bench_pages(site, user="bob", password="correct horse", only="board")
    with pytest.raises(CommandError, match="does not let bob in"):
        bench_pages(site, user="bob", password="wrong")
    with pytest.raises(CommandError, match="no admin"):
        bench_pages(site)


def test_keeps_live_pages_open_while_rows_arrive(site):
    make_person("alice", is_superuser=True)
    with cookie_of(site.url, None, None) as cookie:
        soak = Soak(site.url, cookie, make_token("write"), site.process.pid)
        outcome = asyncio.run(
            soak.run(["/model-usage", "/model-usage?range=24h"], pages=3, rows_a_second=60, seconds=3)
        )
    calls = ModelUsage.objects.filter(model="bench").count()  # each fourth row
    assert outcome.rows >= 60 and calls in (outcome.rows // 4, outcome.rows // 4 + 1)
    assert outcome.failures == 0 and outcome.behind == []
    assert outcome.requests >= 3 and 0 < outcome.lag_median_ms <= outcome.lag_max_ms < float("inf")
    assert all(megabytes > 0 for found in outcome.memory_mb.values() for megabytes in found) and outcome.memory_mb


def test_writes_nothing_unasked(site):
    with pytest.raises(CommandError, match="--writes"):
        call_command("bench", "live", url=site.url)


def test_says_which_bars_a_page_misses():
    figures = Figures("/a", 1, 1, 10, 10, 1, 10, 5, [200], server_p95_ms=150, sent=99_000)
    assert missed(figures) == []
    slow = replace(figures, server_p95_ms=200, sent=100_001, queries=13, statuses=[200, 500])
    assert missed(slow) == ["over 150 ms", "over 100 kB", "over 12 queries", "not a page"]
    assert missed(replace(figures, name="/a?range=all", server_p95_ms=200)) == []


def test_says_what_is_missing(transactional_db, tmp_path, settings):
    settings.ARIA_DATA_DIR = tmp_path
    with pytest.raises(CommandError, match="Which token"):
        call_command("bench", "api")
    with pytest.raises(CommandError, match="does not answer"):
        call_command("bench", "api", url="http://127.0.0.1:9/api", token="any")
