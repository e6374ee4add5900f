"""Are the other services there? They are asked at the addresses of the settings and nowhere else."""

import asyncio
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass

import httpx
import orjson
from django.conf import settings
from django.db import DatabaseError, connection
from django.utils import timezone

PROBE_SECONDS, HOST_SECONDS, FRESH_SECONDS = 3, 2, 10
LARGEST_ANSWER = 100_000
HEALTH_PATHS = {
    "grafana": "/api/health",
    "prometheus": "/prometheus/-/healthy",
    "ollama": "/api/tags",
    "litellm": "/health/liveliness",
    "clawdbot": "/",
    "pgadmin": "/",
    "browser": "/",
    "traefik": "/api/overview",
    "aria-web": "/",
    "aria-api": "/health",
    "mlx": "/v1/models",
}
UNKNOWN_HOST = {
    "ram": {"used_gb": 0, "total_gb": 16, "percent": 0},
    "swap": {"used_gb": 0, "total_gb": 0, "percent": 0},
    "disk": {"used_gb": 0, "total_gb": 500, "percent": 0},
    "smart": {"status": "unknown", "healthy": True},
}


@dataclass(frozen=True)
class Health:
    up: bool
    code: int | None = None
    error: str = ""


class Fresh:
    """What was found within the last seconds, so that a page open in many tabs costs the services nothing."""

    def __init__(self) -> None:
        self.found: dict[str, tuple[float, object]] = {}
        self.lock = threading.Lock()

    def missing(self, names: Iterable[str]) -> list[str]:
        return [name for name in names if self.found.get(name, (0.0,))[0] < time.monotonic()]

    def keep(self, name: str, value: object) -> None:
        self.found[name] = (time.monotonic() + FRESH_SECONDS, value)

    def __getitem__(self, name: str):
        return self.found[name][1]


fresh, fresh_host = Fresh(), Fresh()


def health_of(names: Iterable[str]) -> dict[str, Health]:
    """Of services of the settings. One caller asks, the others wait for its answer."""
    names = list(names)
    with fresh.lock:
        missing = fresh.missing(names)
        for name, health in zip(missing, asyncio.run(probe_all(missing)) if missing else (), strict=True):
            fresh.keep(name, health)
        return {name: fresh[name] for name in names}


async def probe_all(names: list[str]) -> list[Health]:
    # Services are near; a proxy of the environment is for the world outside.
    async with httpx.AsyncClient(trust_env=False) as client:
        return await asyncio.gather(*(probe(client, name) for name in names))


async def probe(client: httpx.AsyncClient, name: str) -> Health:
    """A service that answers is up, save with a 5xx: then it says itself that it is not well."""
    address = settings.SERVICE_URLS[name]
    if not address:
        return Health(False, error="not configured")
    try:
        # The deadline is for all of it: httpx's own counts anew with each byte.
        async with asyncio.timeout(PROBE_SECONDS):
            async with client.stream("GET", address.rstrip("/") + HEALTH_PATHS[name]) as response:
                code = response.status_code
    except TimeoutError:
        return Health(False, error="no answer in time")
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        return Health(False, error=(str(error) or type(error).__name__)[:50])
    return Health(code < 500, code, error="" if code < 500 else f"HTTP {code}")


def database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True


def host_stats() -> dict[str, object]:
    with fresh_host.lock:
        if fresh_host.missing(["host"]):
            fresh_host.keep("host", asyncio.run(ask_host()))
        return fresh_host["host"]


async def ask_host() -> dict[str, object]:
    """What the agent on the host says, over what is assumed of a host that says nothing."""
    try:
        async with asyncio.timeout(HOST_SECONDS):
            said = await read_host()
    except (TimeoutError, httpx.HTTPError, httpx.InvalidURL, ValueError):
        said = None
    source = {"source": "unavailable"} if said is None else {"source": "host"}
    return {**UNKNOWN_HOST, "timestamp": timezone.now(), **(said or {}), **source}


async def read_host() -> dict[str, object] | None:
    if not settings.ARIA_HOST_STATS_URL:
        return None
    body = b""
    async with (
        httpx.AsyncClient(trust_env=False) as client,
        client.stream("GET", settings.ARIA_HOST_STATS_URL) as response,
    ):
        async for chunk in response.aiter_bytes():
            body += chunk
            if len(body) > LARGEST_ANSWER:
                return None
    said = orjson.loads(body) if response.status_code == 200 else None
    return said if isinstance(said, dict) else None
