"""The services around the site, and the host that they run on."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from ninja import Router, Schema
from ninja.errors import HttpError

from apps.core.api import answer
from apps.core.remote import Answer
from apps.operations import services

router = Router(tags=["Services"])


class Reached(Schema):
    status: str
    code: int | None
    error: str | None = None


class Online(Schema):
    status: str
    code: int | None


class Used(Schema):
    used_gb: float
    total_gb: float
    percent: float


class HostStats(Schema):
    ram: Used
    swap: Used
    disk: Used
    smart: dict[str, Any]
    timestamp: str
    source: str


@router.get("/status", response=dict[str, Reached], summary="Which services answer?", operation_id="services_status")
def status(request: HttpRequest):
    """Asked in parallel, 3 seconds at most; an answer serves for 10 seconds."""
    states = {name: state_of(health) for name, health in services.health_of(settings.SERVICE_URLS).items()}
    well = services.database_answers()
    return answer(states | {"postgres": {"status": "up", "code": 200} if well else {"status": "down", "code": None}})


@router.get("/status/{service_id}", response=Online, summary="Does this service answer?")
def service_status(request: HttpRequest, service_id: str):
    if service_id == "postgres":
        well = services.database_answers()
        return {"status": "online" if well else "offline", "code": 200 if well else None}
    if service_id not in settings.SERVICE_URLS:
        raise HttpError(404, "Unknown service")
    health = services.health_of([service_id])[service_id]
    return {"status": "online" if health.ok else "offline", "code": health.code}


@router.get("/host-stats", response=HostStats, summary="Memory and disks of the host, as its agent tells")
def host_stats(request: HttpRequest):
    return answer(services.host_stats())


def state_of(health: Answer) -> dict[str, Any]:
    if health.ok:
        return {"status": "up", "code": health.code}
    return {"status": "down", "code": None, "error": health.reason}
