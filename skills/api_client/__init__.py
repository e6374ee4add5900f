"""The skills' door to the warehouse."""

import os
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from skills.base import SkillResult

DEFAULT_URL = "http://127.0.0.1:8000/api"


class AriaAPIClient:
    """The API as methods. Each gives a `SkillResult`; none raises for what the server or the network does.

    The address and the token come from ARIA_API_URL and ARIA_API_TOKEN; without them, from a site on this host.
    """

    def __init__(
        self,
        url: str | None = None,
        token: str | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        timeout: float = 30,
    ) -> None:
        token = token or os.environ.get("ARIA_API_TOKEN") or first_start_token()
        self.http = httpx.AsyncClient(
            base_url=url or os.environ.get("ARIA_API_URL", DEFAULT_URL),
            headers={"Authorization": f"Bearer {token}"} if token else {},
            transport=transport,
            timeout=timeout,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.http.aclose()

    async def request(self, method: str, path: str, **options: Any) -> SkillResult:
        try:
            response = await self.http.request(method, path, **options)
            body = response.json()
        except httpx.HTTPError as error:
            return SkillResult.fail(f"The site does not answer: {error or type(error).__name__}")
        except ValueError:
            return SkillResult.fail(f"The site answered {response.status_code} with something that is no JSON")
        if response.is_error:
            return SkillResult.fail(f"{response.status_code}: {body.get('detail', body)}")
        return SkillResult.ok(body)

    async def get_goals(self, page: int = 1, limit: int = 25, status: str = "") -> SkillResult:
        return await self.request("GET", "/goals", params={"page": page, "limit": limit, "status": status})

    async def create_goal(self, title: str, **fields: Any) -> SkillResult:
        return await self.request("POST", "/goals", json={"title": title, **fields})

    async def update_goal(self, goal_id: str, **changes: Any) -> SkillResult:
        return await self.request("PATCH", f"/goals/{goal_id}", json=changes)

    async def delete_goal(self, goal_id: str) -> SkillResult:
        return await self.request("DELETE", f"/goals/{goal_id}")

    async def move_goal(self, goal_id: str, board_column: str, position: int = 0) -> SkillResult:
        move = {"board_column": board_column, "position": position}
        return await self.request("PATCH", f"/goals/{goal_id}/move", json=move)

    async def get_goal_board(self, sprint: str = "current") -> SkillResult:
        return await self.request("GET", "/goals/board", params={"sprint": sprint})


def first_start_token() -> str | None:
    """The token that a site on this host made for itself, where this user may read it."""
    path = Path(os.environ.get("ARIA_DATA_DIR", ".aria")) / "api_token"
    try:
        return path.read_text().strip()
    except OSError:
        return None
