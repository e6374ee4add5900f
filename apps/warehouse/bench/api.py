"""Every GET of the API at its defaults and at its widest windows, and the POSTs that skills send most."""

import json
from collections.abc import Iterator
from functools import partial
from typing import Any
from urllib.parse import quote, urlencode
from uuid import uuid4

from apps.warehouse.bench.load import Client, Request
from aria_site.api import api

# What a required parameter is given; a path parameter is taken from the first row of a list.
QUERIES: dict[str, dict[str, str]] = {
    "/knowledge-graph/search": {"q": "goal"},
    "/knowledge-graph/skill-for-task": {"task": "check the budget and post a summary"},
    "/memories/search": {"query": "what went wrong last week"},
    "/search": {"q": "budget"},
    "/lessons/check": {"error_type": "TimeoutError"},
}
PATHS = {
    "goal_id": ("/goals?limit=1", "items", "id"),
    "skill_name": ("/skills?limit=1", "skills", "skill_name"),
    "key": ("/memories?limit=1", "items", "key"),
    "proposal_id": ("/proposals?per_page=1", "items", "id"),
    "job_id": ("/jobs?limit=1", "jobs", "id"),
    "service_id": None,
}
WIDEST: dict[str, list[dict[str, object]]] = {
    "/activities/timeline": [{"days": 3650}],
    "/activities/cron-summary": [{"days": 3650}],
    "/activities/visualization": [{"hours": 168, "include_creative": "true"}],
    "/goals/history": [{"days": 3650}],
    "/sessions": [{"page": 100}, {"include_runtime_events": "true", "include_cron_events": "true"}],
    "/sessions/hourly": [{"hours": 168}],
    "/sessions/stats": [{"include_runtime_events": "true", "include_cron_events": "true"}, {"hours": 24}],
    "/model-usage": [{"page": 100}, {"hours": 720}],
    "/model-usage/stats": [{"hours": 720}, {"hours": 87600}],
    "/skills/stats": [{"hours": 720}, {"hours": 87600}],
    "/skills/stats/summary": [{"hours": 720}, {"hours": 87600}],
    "/skills/stats/{skill_name}": [{"hours": 720}, {"hours": 87600}],
    "/skills/health/dashboard": [{"hours": 720}],
    "/skills/insights": [{"hours": 720, "limit": 500}],
    "/activities": [{"page": 100}, {"limit": 1000}],
    "/search": [{"q": "no such thing anywhere"}],
}
WIDEST["/records"] = [{"table": "skill_invocations"}]
LEFT_OUT = {
    "/export": "it streams a whole table",
    "/sessions/live": "it asks another system",
    "/host-stats": "it asks another system",
    "/status": "it asks other systems",
}


def requests(client: Client) -> Iterator[Request]:
    for path, operations in api.get_openapi_schema()["paths"].items():
        if "get" not in operations or path in LEFT_OUT:
            continue
        filled = fill(client, path)
        if filled is None:
            continue
        defaults = QUERIES.get(path, {})
        if path == "/knowledge-graph/traverse":
            defaults = {"start": first(client, "/skill-graph?limit=1", "entities", "name")}
        for extra in [{}, *WIDEST.get(path, [])]:
            query = urlencode(defaults | extra)
            yield Request(
                f"GET {path}{'?' + urlencode(extra) if extra else ''}", "GET", filled + (query and f"?{query}")
            )


def fill(client: Client, path: str) -> str | None:
    """With the parameters of the path filled in; None where the site has no row to fill them with."""
    for name, source in PATHS.items():
        if "{" + name + "}" in path:
            value = first(client, *source) if source else "postgres"
            if value is None:
                return None
            path = path.replace("{" + name + "}", quote(str(value), safe=""))
    return None if "{" in path else path


def first(client: Client, path: str, rows: str, column: str) -> Any:
    found = json.loads(client.read(path)).get(rows) or []
    return found[0][column] if found else None


def writes() -> Iterator[Request]:
    """They add rows that say where they come from."""
    mark = f"bench-{uuid4().hex[:8]}"
    bodies: dict[str, dict[str, object]] = {
        "/activities": {"action": mark, "skill": "bench", "details": {"note": "written by manage.py bench"}},
        "/thoughts": {"content": f"{mark}: written by manage.py bench", "category": "bench"},
        "/skills/invocations": {"skill_name": "bench", "tool_name": mark, "duration_ms": 12, "success": True},
        "/model-usage": {"model": "bench", "provider": mark, "input_tokens": 10, "output_tokens": 5},
        "/sessions": {"agent_id": "bench", "session_type": mark, "status": "completed"},
        "/security-events": {"threat_level": "LOW", "threat_type": mark, "source": "bench"},
        "/heartbeat": {"beat_number": 1, "status": "healthy", "details": {"note": mark}},
        "/working-memory": {"category": "bench", "key": mark, "value": {"n": 1}},
        "/memories": {"key": mark, "value": {"n": 1}, "category": "bench"},
    }
    for path, body in bodies.items():
        yield Request(f"POST {path}", "POST", path, partial(same, json.dumps(body).encode()))
    yield Request("POST /telemetry/batch (1,000 calls)", "POST", "/telemetry/batch", partial(batch, mark))


def same(content: bytes, number: int) -> bytes:
    return content


def batch(mark: str, number: int) -> bytes:
    call = {"kind": "invocation", "skill_name": "bench", "tool_name": mark, "duration_ms": 12}
    return json.dumps([call | {"id": str(uuid4())} for _ in range(1000)]).encode()
