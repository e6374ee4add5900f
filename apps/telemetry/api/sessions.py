from datetime import timedelta
from functools import lru_cache
from typing import TypeVar
from uuid import UUID

from django.http import HttpRequest
from django.utils import timezone
from ninja import Query, Router
from ninja.errors import HttpError

from apps.core.answers import Created, Updated
from apps.core.api import answer, page_list
from apps.core.bodies import Hours, Limit, PageNumber
from apps.core.openapi import may_fail
from apps.core.retries import row_id
from apps.telemetry import actions
from apps.telemetry.models import AgentSession
from apps.telemetry.querysets import SessionFilters, SessionQuerySet
from apps.telemetry.schemas import sessions as schemas
from apps.telemetry.session_spend import with_spend
from apps.telemetry.session_stats import session_stats
from apps.telemetry.sums import SessionSum, UsageSum
from apps.telemetry.windows import clamp

router = Router(tags=["Sessions"])
Sessions = TypeVar("Sessions", bound=SessionFilters)


@router.get("", response=schemas.SessionPage, summary="Sessions, the newest first")
def list_sessions(request: HttpRequest, filters: Query[schemas.SessionFilter], page: PageNumber = 1, limit: Limit = 25):

    def sessions_run() -> int:
        return chosen(filters, SessionSum.objects.between(None)).sessions_run()

    return page_list(listed(filters), schemas.FIELDS, page, limit, count_most=sessions_run)


@lru_cache(32)
def listed(filters: schemas.SessionFilter) -> SessionQuerySet:
    """Remembered, and with it the list's SQL."""
    return chosen(filters, AgentSession.objects.all()).newest_first()


@router.post("", response=Created, summary="Report a session")
def create_session(request: HttpRequest, body: schemas.SessionIn):
    given = body.model_dump(exclude={"id"})
    times = {name: given.pop(name) for name in ("started_at", "ended_at")}
    session = AgentSession(id=row_id(request, body.id), **given, **{name: t for name, t in times.items() if t})
    actions.start_session(session)
    return {"id": session.id, "created": True}


@router.get(
    "/hourly",
    response=schemas.SessionHours,
    summary="Sessions by the hour they started and by agent",
    operation_id="session_hours",
)
def hourly(request: HttpRequest, filters: Query[schemas.SessionFilter], hours: int = 24):
    """`hours` is clamped to 1..168."""
    hours = clamp(hours, 1, 168)
    rows = chosen(filters, SessionSum.objects.of_last(hours=hours, finest="hour")).by_hour()
    return answer({"hours": hours, "timezone": "UTC", "items": list(rows)})


@router.get(
    "/stats", response=schemas.SessionStats, summary="Sessions and what they cost", operation_id="session_stats"
)
def stats(request: HttpRequest, filters: Query[schemas.SessionFilter], hours: Hours | None = None):
    """Of all time, or of the sessions started in the last `hours`.

    Usage without a session counts in the totals, unless a status, an agent or a channel is asked for.
    """
    since = None if hours is None else timezone.now() - timedelta(hours=hours)
    loose = UsageSum.objects.between(since).without_session()
    everything = not (filters.status or filters.agent_id or filters.source_channel)
    if not everything:
        loose = loose.none()
    totals = session_stats(chosen(filters, SessionSum.objects.between(since)), loose)
    return answer(with_spend(totals, chosen(filters, AgentSession.objects.all()), hours, everything=everything))


# Below the literal paths, which it would hide.
@router.patch("/{session_id}", response=Updated, summary="Change a session", openapi_extra=may_fail(400))
def update_session(request: HttpRequest, session_id: str, body: schemas.SessionChanges):
    try:
        actions.update_session(readable(session_id), body.model_dump(exclude_none=True))
    except AgentSession.DoesNotExist:
        raise HttpError(404, "Session not found") from None
    return {"updated": True}


@router.delete(
    "/{session_id}",
    response=schemas.SessionDeleted,
    summary="Delete a session; what it cost stays counted",
    openapi_extra=may_fail(400),
)
def delete_session(request: HttpRequest, session_id: str):
    key = readable(session_id)
    deleted, _ = AgentSession.objects.filter(pk=key).delete()
    if not deleted:
        raise HttpError(404, "Session not found")
    return {"deleted": True, "id": key}


def chosen(filters: schemas.SessionFilter, sessions: Sessions) -> Sessions:
    shown = sessions.shown(runtime_events=filters.include_runtime_events, cron_events=filters.include_cron_events)
    return shown.matching(status=filters.status, agent_id=filters.agent_id, source_channel=filters.source_channel)


def readable(session_id: str) -> UUID:
    try:
        return UUID(session_id)
    except ValueError:
        raise HttpError(400, "Invalid session_id") from None
