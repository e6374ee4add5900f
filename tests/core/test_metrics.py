"""What Prometheus reads."""

import os
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.conftest import ApiClient
from tests.factories import make_goal, make_token

pytestmark = pytest.mark.django_db


def figures(text):
    """(name, labels) -> value of every sample."""
    families = text_string_to_metric_families(text)
    return {(s.name, frozenset(s.labels.items())): s.value for family in families for s in family.samples}


@pytest.fixture
def scrape(reader):
    def now(name, **labels):
        text = reader.get("/api/metrics").content.decode()
        return figures(text).get((name, frozenset(labels.items())), 0)

    return now


class TestRequests:
    def test_are_counted_by_route_method_and_class_of_status(self, scrape, api):
        goals = {"handler": "/api/goals", "method": "GET", "status": "2xx"}
        one = {"handler": "/api/goals/<goal_id>", "method": "GET"}
        before = [scrape("http_requests_total", **labels) for labels in (goals, one | {"status": "2xx"})]
        missed = scrape("http_requests_total", **one, status="4xx")
        times = scrape("http_request_duration_seconds_count", **one)
        api.get("/api/goals?limit=2&secret=1")
        for _ in range(3):
            api.get(f"/api/goals/{make_goal().goal_id}")
        api.get("/api/goals/nowhere")
        assert scrape("http_requests_total", **goals) == before[0] + 1
        assert scrape("http_requests_total", **one, status="2xx") == before[1] + 3
        assert scrape("http_requests_total", **one, status="4xx") == missed + 1
        assert scrape("http_request_duration_seconds_count", **one) == times + 4

    def test_nothing_that_a_caller_writes_becomes_a_label(self, reader):
        odd = f"odd-{uuid4().hex}"
        for path in (f"/{odd}", f"/api/{odd}", f"/api/goals/{odd}", f"/static/{odd}", f"/api/goals?{odd}=1"):
            reader.get(path, headers={"X-Correlation-ID": odd, "User-Agent": odd})
        reader.generic(odd.upper(), "/api/goals")
        reader.generic("BREW", "/login")
        text = reader.get("/api/metrics").content.decode()
        assert odd not in text.lower() and "aria_" + "nonsense" not in text and "BREW" not in text
        assert 'handler="none"' in text and 'method="other"' in text

    def test_sizes(self, scrape, api):
        before = scrape("http_request_size_bytes_sum", handler="/api/thoughts")
        api.generic("POST", "/api/thoughts", b'{"content": "0123456789"}', "application/json")
        assert scrape("http_request_size_bytes_sum", handler="/api/thoughts") == before + 25
        assert scrape("http_response_size_bytes_count", handler="/api/thoughts") >= 1


class TestTelemetryRows:
    @pytest.fixture
    def rows(self, scrape):
        return lambda table: [
            scrape("aria_telemetry_rows_total", table=table, result=result)
            for result in ("stored", "duplicate", "invalid")
        ]

    def test_of_single_posts(self, rows, api):
        before = rows("thoughts")
        body = {"id": str(uuid4()), "content": "once"}
        assert [api.post("/api/thoughts", b).status_code for b in (body, body, {"content": ["?"] * 3, "id": 7})] == [
            200,
            200,
            422,
        ]
        assert rows("thoughts") == [before[0] + 1, before[1] + 1, before[2] + 1]

    def test_of_a_batch(self, rows, api):
        before, unknown = rows("heartbeat_log"), rows("unknown")
        known = {"kind": "heartbeat", "id": str(uuid4())}
        items = [known, known, {"kind": "heartbeat"}, {"kind": "heartbeat", "id": "?"}, {"kind": "<b>"}, 7]
        assert api.post("/api/telemetry/batch", items).json()["stored"] == 2
        assert rows("heartbeat_log") == [before[0] + 2, before[1] + 1, before[2] + 1]
        assert rows("unknown") == [unknown[0], unknown[1], unknown[2] + 2]


def test_the_site_itself(reader):
    text = reader.get("/api/metrics").content.decode()
    for name in ("aria_build_info{", "aria_websocket_connections", "process_resident_memory_bytes", "python_info{"):
        assert f"\n{name}" in text
    if "aria_database_pool_size" in text:
        assert "aria_database_pool_available" in text and "aria_database_pool_waiting" in text


def test_needs_a_token_that_may_read(stranger, reader):
    assert stranger.get("/api/metrics").status_code == 401
    response = reader.get("/api/metrics")
    assert response.status_code == 200 and response["Content-Type"].startswith("text/plain; version=")
    openmetrics = reader.get("/api/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"})
    assert openmetrics["Content-Type"].startswith("application/openmetrics-text")
    assert openmetrics.content.endswith(b"# EOF\n")


def test_asks_no_table_but_that_of_tokens(django_assert_num_queries):
    client = ApiClient(make_token("read"))
    client.get("/api/metrics")
    with django_assert_num_queries(1):
        client.get("/api/metrics")


PROCESS = """
import django; django.setup()
from apps.core import metrics
from prometheus_client import generate_latest
metrics.count_rows("thoughts", stored=2)
metrics.SOCKETS.inc()
{then}
"""


def test_processes_of_one_address_add_up(tmp_path):
    environment = os.environ | {
        "PROMETHEUS_MULTIPROC_DIR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "aria_site.settings"
    }  # fmt: skip

    def run(then):
        command = [sys.executable, "-W", "ignore", "-c", PROCESS.format(then=then)]
        root = Path(__file__).parents[2]
        return subprocess.run(command, env=environment, cwd=root, capture_output=True, text=True, check=True).stdout

    run("")
    found = figures(run("print(generate_latest(metrics.registry()).decode())"))
    assert found["aria_telemetry_rows_total", frozenset({("table", "thoughts"), ("result", "stored")})] == 4
    assert found["aria_websocket_connections", frozenset()] == 1  # the other process is gone
    assert {dict(labels).get("pid", "").isdecimal() for name, labels in found if name.startswith("process_")} == {True}
