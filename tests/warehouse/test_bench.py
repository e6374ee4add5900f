"""The bench asks a real site, and says what it found."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from apps.telemetry.models import ActivityLog, SkillInvocation
from tests.factories import make_goal, make_token
from tests.servers import running_site


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


def test_says_what_is_missing(transactional_db, tmp_path, settings):
    settings.ARIA_DATA_DIR = tmp_path
    with pytest.raises(CommandError, match="Which token"):
        call_command("bench", "api")
    with pytest.raises(CommandError, match="does not answer"):
        call_command("bench", "api", url="http://127.0.0.1:9/api", token="any")
