"""How a method of the client reaches the site."""

import asyncio
import json
import logging
import sqlite3
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote
from uuid import uuid4

import httpx

from skills.api_client import environment
from skills.api_client.answers import judged, result_of, unanswered
from skills.api_client.breaker import Away, Breaker
from skills.api_client.outbox import NotKept, Outbox
from skills.api_client.result import SkillResult
from skills.api_client.sender import Sender
from skills.api_client.store import Store
from skills.api_client.transport import ONCE, MustWait, retrying

logger = logging.getLogger(__name__)
TIMEOUT = 10.0
WRITES = ("POST", "PUT", "PATCH", "DELETE")


class Unsendable(Exception):
    """No request can hold this."""


class Calls:
    """One HTTP client, and beside it on disk the host's breaker and outbox.

    The address, the token and the folder come from ARIA_API_URL, ARIA_API_TOKEN and ARIA_DATA_DIR; without them
    they are those of a site on this host. `timeout` is in seconds, for connecting and for each piece of an answer.
    """

    def __init__(
        self,
        url: str | None = None,
        token: str | None = None,
        *,
        data_dir: Path | str | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        timeout: float = TIMEOUT,
    ) -> None:
        folder = Path(data_dir) if data_dir else environment.data_dir()
        url = url or environment.api_url()
        token = token or environment.api_token(folder)
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self.store = Store(folder)
        self.outbox = Outbox(self.store)
        self.breaker = Breaker(self.store, url)
        self.sender = Sender(self.outbox, self.breaker, url, headers)
        self.http = httpx.AsyncClient(
            base_url=url,
            headers=headers,
            transport=retrying(transport or httpx.AsyncHTTPTransport()),
            timeout=httpx.Timeout(timeout, connect=min(timeout, 3)),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Bring what was recorded to the site, as far as it answers; the rest stays on disk."""
        await self.http.aclose()
        await asyncio.to_thread(self.sender.close)
        self.store.close()

    async def get(self, path: str, params: Mapping[str, Any] | None = None) -> SkillResult:
        return await self.request("GET", path, params=params)

    async def post(
        self, path: str, data: Any = None, params: Mapping[str, Any] | None = None, timeout: float | None = None
    ) -> SkillResult:
        return await self.request("POST", path, data=data, params=params, timeout=timeout)

    async def patch(self, path: str, data: Any = None) -> SkillResult:
        return await self.request("PATCH", path, data=data)

    async def put(self, path: str, data: Any = None) -> SkillResult:
        return await self.request("PUT", path, data=data)

    async def delete(self, path: str) -> SkillResult:
        return await self.request("DELETE", path)

    async def request(
        self,
        method: str,
        path: str,
        *,
        data: Any = None,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float | None = None,
    ) -> SkillResult:
        """Any endpoint. Parameters that are None or empty are left out; nothing the site does raises."""
        try:
            return result_of(await self.exchange(method, path, data, params, headers, timeout))
        except Away as away:
            return SkillResult.fail(str(away), error_type=away.error_type, retry_after=away.retry_after)
        except Unsendable as error:
            return SkillResult.fail(str(error), error_type="ValueError")

    async def report(self, kind: str, method: str, path: str, data: dict[str, Any]) -> SkillResult:
        """Telemetry: where the site is away it waits on disk, in order, and that is a success too.

        `data` is then what a batch takes for this kind; the id in it makes sure that it is stored once.
        """
        item = {"id": str(uuid4()), **data}
        try:
            if not self.outbox.is_behind():
                # Once: what is kept is tried again by itself, and nobody has to wait for that.
                return result_of(await self.exchange(method, path, item, patient=False))
        except Away as away:
            logger.info("%s is kept for later: %s", kind, away)
        except Unsendable as error:
            return SkillResult.fail(str(error), error_type="ValueError")
        return self.keep(kind, item)

    def keep(self, kind: str, item: dict[str, Any]) -> SkillResult:
        try:
            key = self.outbox.put(kind, item)
        except NotKept as error:
            return SkillResult.fail(str(error), error_type="OutboxError")
        self.sender.wake()
        return SkillResult.ok({"id": key, "created": False, "queued": True})

    def flush(self) -> str:
        """Send what waits in the outbox, now. Why that failed, where it did."""
        try:
            return "" if self.sender.flush() else "another process is sending"
        except (Away, sqlite3.Error, OSError) as problem:
            return str(problem)

    def record_call(self, skill: str, tool: str, seconds: float, result: SkillResult) -> None:
        """A tool was called: onto the disk at once, to the site a moment later."""
        call = {
            "skill_name": skill,
            "tool_name": tool,
            "duration_ms": round(seconds * 1000),
            "success": result.success,
            "error_type": result.error_type,
            "tokens_used": result.tokens,
            "model_used": result.model,
        }
        kept = self.keep("invocation", call)
        if not kept.success:
            logger.warning("a call of %s.%s is not recorded: %s", skill, tool, kept.error)

    async def exchange(
        self,
        method: str,
        path: str,
        data: Any = None,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float | None = None,
        patient: bool = True,
    ) -> httpx.Response:
        """An answer of a site at work, be it a refusal; `patient` tries again. Raises Away or Unsendable."""
        content = None if data is None else encoded(data)
        own = {"Content-Type": "application/json"} if content else {}
        if method in WRITES:
            own["Idempotency-Key"] = str(uuid4())
        tries_for_all = self.breaker.admit()
        try:
            response = await self.http.request(
                method,
                path,
                content=content,
                params={name: value for name, value in (params or {}).items() if value not in (None, "")},
                headers=own | dict(headers or {}),
                timeout=timeout or httpx.USE_CLIENT_DEFAULT,
                extensions={} if patient and not tries_for_all else {"retry": ONCE},
            )
        except MustWait as asked:
            response = asked.response
        except (httpx.InvalidURL, UnicodeError) as error:
            raise Unsendable(f"This cannot be sent: {error}") from error
        except httpx.HTTPError as error:
            self.breaker.failed()
            raise unanswered(error) from error
        response = judged(response, self.breaker)
        if self.outbox.waits():
            self.sender.wake()
        return response


def encoded(data: Any) -> str:
    try:
        return json.dumps(data, default=str, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise Unsendable(f"This cannot be sent: {error}") from error


def segment(text: object) -> str:
    """A part of a path, whatever is in it."""
    return quote(str(text), safe="")


def given(fields: dict[str, Any]) -> dict[str, Any]:
    """Those that are not None: the others get the site's defaults, or stay as they are."""
    return {name: value for name, value in fields.items() if value is not None}


def part(result: SkillResult, key: str) -> SkillResult:
    """The list inside an answer, where callers want no more."""
    found = result.data.get(key) if isinstance(result.data, dict) else None
    return result if found is None else replace(result, data=found)
