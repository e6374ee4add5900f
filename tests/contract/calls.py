"""A valid call of each endpoint: values for its path, a query where one is needed, the example as the body."""

import re
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID

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


@dataclass
class Names:
    """Rows that are there."""

    goal: str
    hourly_goal: int
    session: UUID
    memory: str
    item: UUID
    task: str
    job: str
    skill: str
    proposal: UUID

    def of(self, path: str) -> str:
        """`path` with these in place of its parameters."""
        places: dict[str, Any] = {
            "/hourly-goals/{goal_id}": self.hourly_goal,
            "{goal_id}": self.goal,
            "{session_id}": self.session,
            "{key}": self.memory,
            "{item_id}": self.item,
            "{task_id}": self.task,
            "{job_id}": self.job,
            "{skill_name}": self.skill,
            "{name}": self.skill,
            "{proposal_id}": self.proposal,
            "{service_id}/{action}": "web/restart",
            "{service_id}": "postgres",
            "{filename}": "SOUL.md",
            "{path}": "notes.md",
        }
        for place, value in places.items():
            text = str(value)
            path = path.replace(place, f"/hourly-goals/{text}" if place.startswith("/") else text)
        return path


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
