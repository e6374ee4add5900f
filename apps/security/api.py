from django.http import HttpRequest
from ninja import Router
from ninja.errors import HttpError

from apps.core.answers import Created
from apps.core.api import answer, page_list
from apps.core.bodies import Limit, PageNumber
from apps.core.openapi import may_fail
from apps.core.retries import row_id, store_once
from apps.security import actions, schemas
from apps.security.models import ApiKeyRotation, RateLimit, SecurityEvent

router = Router(tags=["Security events"])
rate_router = Router(tags=["Rate limits"])
rotation_router = Router(tags=["API key rotations"])


@router.get(
    "",
    response=schemas.SecurityEventPage,
    summary="Security events, the newest first",
    operation_id="list_security_events",
)
def list_events(
    request: HttpRequest,
    page: PageNumber = 1,
    limit: Limit = 25,
    threat_level: str = "",
    blocked_only: bool = False,
):
    events = SecurityEvent.objects.newest()
    if threat_level:
        events = events.of_level(threat_level)
    return page_list(events.filter(blocked=True) if blocked_only else events, schemas.EVENT_FIELDS, page, limit)


@router.post(
    "", response=Created, summary="Report an input that looks like an attack", operation_id="create_security_event"
)
def create_event(request: HttpRequest, body: schemas.SecurityEventIn):
    """The text is stored as sent: a report about an attack quotes it."""
    event = SecurityEvent(id=row_id(request, body.id), **body.model_dump(exclude={"id"}))
    store_once(event)
    return {"id": event.id, "created": True}


@router.get("/stats", response=schemas.SecurityStats, summary="Security events, counted", operation_id="security_stats")
def event_stats(request: HttpRequest):
    events = SecurityEvent.objects.all()
    return events.totals() | {"by_level": events.counts_by_level(), "by_type": events.commonest_types(10)}


@rate_router.get("", response=schemas.RateLimits, summary="Each skill's counter, the latest used first")
def list_rate_limits(request: HttpRequest, limit: Limit = 1000):
    rows = list(RateLimit.objects.latest_used().values()[:limit])
    return answer({"rate_limits": rows, "count": len(rows)})


@rate_router.post(
    "/check",
    response=schemas.RateAllowance,
    summary="May the skill act once more?",
    operation_id="check_rate_limit",
    openapi_extra=may_fail(400),
)
def check_rate(request: HttpRequest, body: schemas.RateCheck):
    """A check does not count; it begins a new window where the old one is over."""
    window = actions.current_window(required(body.skill), body.window_seconds)
    if window is None:
        return answer({"allowed": True, "remaining": body.max_actions, "window_age": 0})
    return {
        "allowed": window.count < body.max_actions,
        "remaining": max(0, body.max_actions - window.count),
        "window_age": window.age,
        "action_count": window.count,
    }


@rate_router.post(
    "/increment",
    response=schemas.RateCounted,
    summary="The skill has acted",
    operation_id="increment_rate_limit",
    openapi_extra=may_fail(400),
)
def count_action(request: HttpRequest, body: schemas.RateIncrement):
    skill = required(body.skill)
    actions.count_action(skill, is_post=body.action_type == "post", seconds=body.window_seconds)
    return {"incremented": True, "skill": skill}


@rotation_router.get(
    "", response=schemas.Rotations, summary="Key rotations, the newest first", operation_id="list_key_rotations"
)
def list_rotations(request: HttpRequest, limit: Limit = 50, service: str = ""):
    rotations = ApiKeyRotation.objects.newest()
    rows = list((rotations.filter(service=service) if service else rotations).values()[:limit])
    return answer({"rotations": rows, "count": len(rows)})


@rotation_router.post("", response=Created, summary="Note that a key was changed", operation_id="create_key_rotation")
def create_rotation(request: HttpRequest, body: schemas.RotationIn):
    return {"id": ApiKeyRotation.objects.create(**body.model_dump()).id, "created": True}


def required(skill: str) -> str:
    if not skill.strip():
        raise HttpError(400, "skill is required")
    return skill
