"""A valid call of each endpoint: values for its path, a query where one is needed, the example as the body."""

import re
from functools import cache
from typing import Any

from aria_site.api import api

QUERIES = {
    "/export": "table=schedule_tick",
    "/records": "table=agent_sessions",
    "/search": "q=the",
    "/lessons/check": "error_type=timeout",
    "/memories/search": "query=report",
    "/knowledge-graph/traverse": "start=aria-soldering",
    "/knowledge-graph/search": "q=soldering",
    "/knowledge-graph/skill-for-task": "task=soldering+a+wire",
    "/skills/insights": "hours=720",
}


# Rows that are there, by the parameter of a path that names them.
ROWS: dict[str, Any] = {
    "goal_id": "goal-active",
    "hourly_id": 700_001,
    "session_id": "0b5e7a52-6c1f-4f0e-9d55-3a1f6f9d2c03",
    "key": "notes",
    "item_id": "0b5e7a52-6c1f-4f0e-9d55-3a1f6f9d2c04",
    "task_id": "task-compare",
    "job_id": "j-review",
    "skill_name": "soldering",
    "name": "soldering",
    "proposal_id": "0b5e7a52-6c1f-4f0e-9d55-3a1f6f9d2c05",
    "summary_id": "0b5e7a52-6c1f-4f0e-9d55-3a1f6f9d2c06",
    "budget_id": "0b5e7a52-6c1f-4f0e-9d55-3a1f6f9d2c07",
    "service_id": "postgres",
    "action": "restart",
    "filename": "SOUL.md",
    "scope": "mind",
    "path": "notes.md",
}
ADMIN_TOKEN = "let me"


def address_of(path: str) -> str:
    """`path` with rows that are there in place of its parameters, and a query where one is needed."""
    template = path.replace("/hourly-goals/{goal_id}", "/hourly-goals/{hourly_id}")
    template = template.replace("{service_id}/{action}", "web/{action}")
    return f"/api{template.format(**ROWS)}?{QUERIES.get(path, '')}"


@cache
def described() -> dict[str, Any]:
    return api.get_openapi_schema()


@cache
def operations() -> dict[tuple[str, str], dict[str, Any]]:
    """By method and path, whatever the path's parameters are called."""
    return {
        (method, unnamed(path)): operation
        for path, methods in described()["paths"].items()
        for method, operation in methods.items()
    }


def unnamed(path: str) -> str:
    return re.sub(r"{\w+}", "{}", path)


def example_of(path: str, method: str) -> Any:
    """The body that the API's description shows; none where the operation takes none."""
    operation = operations().get((method.lower(), unnamed(path)), {})
    media = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    schema = resolved(media.get("schema", {}))
    return media["example"] if "example" in media else schema.get("examples", [None])[0]


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    """Past references, and past the null of an optional body."""
    for option in schema.get("anyOf", []):
        if "$ref" in option:
            schema = option
    if reference := schema.get("$ref"):
        return described()["components"]["schemas"][reference.rsplit("/", 1)[-1]]
    return schema
