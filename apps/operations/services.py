"""Are the other services there? They are asked at the addresses of the settings and nowhere else."""

from collections.abc import Iterable

from django.conf import settings
from django.db import DatabaseError, connection
from django.utils import timezone

from apps.core.remote import Answer, Question, ask, ask_all

PROBE_SECONDS, HOST_SECONDS = 3, 2
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


def health_of(names: Iterable[str]) -> dict[str, Answer]:
    """Of services of the settings. One that answers is up, save with a 5xx: then it says itself that it is not well."""
    names = list(names)
    return dict(zip(names, ask_all(map(probe, names)), strict=True))


def probe(name: str) -> Question:
    address = settings.SERVICE_URLS[name]
    url = address and address.rstrip("/") + HEALTH_PATHS[name]
    return Question(url, seconds=PROBE_SECONDS, status_only=True)


def database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True


def asked_host() -> Answer:
    return ask(Question(settings.ARIA_HOST_STATS_URL, seconds=HOST_SECONDS, largest=LARGEST_ANSWER))


def host_stats() -> dict[str, object]:
    """What the agent on the host says, over what is assumed of a host that says nothing."""
    said = asked_host().said
    known = {"source": "host"} if isinstance(said, dict) else {"source": "unavailable"}
    return {**UNKNOWN_HOST, "timestamp": timezone.now(), **(said if isinstance(said, dict) else {}), **known}
