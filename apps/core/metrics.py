"""Figures for Prometheus: what is counted, and where. Labels are names of the site's own, never a caller's text.

With PROMETHEUS_MULTIPROC_DIR set, processes that serve one address add up their figures in that folder.
"""

import os
import platform
import tomllib
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from django import get_version
from django.conf import settings
from django.db import connections
from django.http import HttpRequest, HttpResponse
from prometheus_client import (
    GC_COLLECTOR,
    PLATFORM_COLLECTOR,
    PROCESS_COLLECTOR,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Metric,
    Summary,
    disable_created_metrics,
)
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector

METHODS = {"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"}
FINE = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 10, 30)

disable_created_metrics()
REQUESTS = Counter(
    "http_requests_total", "Requests by route, method and class of status.", ["handler", "method", "status"]
)
SECONDS = Histogram(
    "http_request_duration_seconds", "Time to answer.", ["handler", "method"], buckets=(0.01, 0.05, 0.1, 0.5, 1, 5)
)
ALL_SECONDS = Histogram("http_request_duration_highr_seconds", "Time to answer, all routes together.", buckets=FINE)
RECEIVED = Summary("http_request_size_bytes", "Bodies of requests.", ["handler"])
SENT = Summary("http_response_size_bytes", "Bodies of answers; streams are not measured.", ["handler"])
ROWS = Counter(
    "aria_telemetry_rows_total", "Rows of telemetry that were sent: stored, duplicate or invalid.", ["table", "result"]
)
SOCKETS = Gauge("aria_websocket_connections", "Open live connections.", multiprocess_mode="livesum")

# Where a body that is refused (422) is a row of telemetry.
TABLE_OF_ROUTE = {
    "api/activities": "activity_log",
    "api/heartbeat": "heartbeat_log",
    "api/model-usage": "model_usage",
    "api/security-events": "security_events",
    "api/sessions": "agent_sessions",
    "api/skills/invocations": "skill_invocations",
    "api/thoughts": "thoughts",
}


def count(request: HttpRequest, response: HttpResponse, seconds: float) -> None:
    method = request.method if request.method in METHODS else "other"
    route = request.resolver_match.route if request.resolver_match else ""
    leads_somewhere = request.resolver_match and "(?P<" not in route  # as the catch-all's has
    handler = f"/{route}" if leads_somewhere else "none"
    requests, times, received, sent = figures_of(handler, method, response.status_code // 100)
    requests.inc()
    times.observe(seconds)
    ALL_SECONDS.observe(seconds)
    if (length := request.META.get("CONTENT_LENGTH") or "0").isdecimal():
        received.observe(int(length))
    if not response.streaming:
        sent.observe(len(response.content))
    if response.status_code == 422 and method == "POST" and route in TABLE_OF_ROUTE:
        count_rows(TABLE_OF_ROUTE[route], invalid=1)


@lru_cache(2000)
def figures_of(handler: str, method: str, hundreds: int) -> tuple[Counter, Histogram, Summary, Summary]:
    """Remembered: to look them up by their labels is most of the cost of counting."""
    return (
        REQUESTS.labels(handler, method, f"{hundreds}xx"),
        SECONDS.labels(handler, method),
        RECEIVED.labels(handler),
        SENT.labels(handler),
    )


def count_rows(table: str, **rows: int) -> None:
    """`rows`: how many were `stored`, a `duplicate` or `invalid`."""
    for result, number in rows.items():
        ROWS.labels(table, result).inc(number)


class ThisProcess(Collector):
    """What is known of the process that answers, and of no other."""

    def describe(self) -> list[Metric]:
        return []  # else it would be asked while the site is still being set up

    def collect(self) -> Iterator[Metric]:
        build = {"version": VERSION, "python": platform.python_version(), "django": get_version()}
        yield gauge("aria_build_info", "What runs here.", 1, build)
        if pool := connections["default"].pool:  # type: ignore[attr-defined]
            stats = pool.get_stats()
            yield gauge("aria_database_pool_size", "Database connections.", stats["pool_size"])
            yield gauge("aria_database_pool_max", "Most database connections.", stats["pool_max"])
            yield gauge("aria_database_pool_available", "Idle ones.", stats["pool_available"])
            yield gauge("aria_database_pool_waiting", "Requests that wait for one.", stats["requests_waiting"])


class OneOfSeveral(Collector):
    """The same, and the client's own process figures, with the process's number: the next scrape may ask another."""

    def collect(self) -> Iterator[Metric]:
        for collector in (ThisProcess(), PROCESS_COLLECTOR, PLATFORM_COLLECTOR, GC_COLLECTOR):
            for metric in collector.collect():
                numbered = Metric(metric.name, metric.documentation, metric.type)
                for sample in metric.samples:
                    numbered.add_sample(sample.name, sample.labels | {"pid": str(os.getpid())}, sample.value)
                yield numbered


def gauge(name: str, documentation: str, value: float, labels: dict[str, str] | None = None) -> Metric:
    metric = Metric(name, documentation, "gauge")
    metric.add_sample(name, labels or {}, value)
    return metric


def registry() -> CollectorRegistry:
    if not (folder := os.environ.get("PROMETHEUS_MULTIPROC_DIR")):
        return REGISTRY
    forget_the_dead(Path(folder))
    shared = CollectorRegistry()
    MultiProcessCollector(shared)
    shared.register(OneOfSeveral())
    return shared


def forget_the_dead(folder: Path) -> None:
    """What a process that has ended still holds open, such as sockets, is no longer there."""
    for pid in {int(path.stem.rpartition("_")[2]) for path in folder.glob("gauge_live*.db")}:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            mark_process_dead(pid)
        except PermissionError:
            pass  # it lives, as somebody else


VERSION = tomllib.loads((settings.BASE_DIR / "pyproject.toml").read_text())["project"]["version"]
REGISTRY.register(ThisProcess())
