"""The writes to telemetry that are more than one insert."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from django.db.models import Case, F, JSONField, Value, When
from django.db.models.expressions import RawSQL
from django.db.models.functions import Coalesce
from django.utils import timezone
from psycopg.errors import ForeignKeyViolation

from apps.core.retries import store_once
from apps.telemetry.models import ActivityLog, AgentSession, ModelUsage
from apps.telemetry.querysets import FINAL, STALE_MARK

# How long an action rests after it was recorded.
COOLDOWNS = {"six_hour_review": timedelta(hours=5)}
# Recorders of such actions take turns; the number only has to be the site's own.
COOLDOWN_LOCK = 7_202_001
# Writers of many sessions at once take turns, whatever order they meet them in.
SESSIONS_LOCK = 7_202_003
# The warehouse has no column for the time of a session's last change.
REPORTED = f"""CASE jsonb_typeof(metadata) WHEN 'object'
THEN (metadata - '{STALE_MARK}') || jsonb_build_object('reported_at', now()) ELSE metadata END"""


class CoolingDown(Exception):
    def __init__(self, next_allowed: datetime) -> None:
        super().__init__(f"not before {next_allowed}")
        self.next_allowed = next_allowed


@transaction.atomic
def record_activity(activity: ActivityLog) -> None:
    """Raises:
    CoolingDown: the action was recorded too short a time ago, and not by an earlier try of this one.
    """
    if rest := COOLDOWNS.get(activity.action):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [COOLDOWN_LOCK])
        newest = ActivityLog.objects.filter(action=activity.action).newest_first().first()
        known = ActivityLog.objects.filter(pk=activity.pk).exists()
        if newest and not known and newest.created_at + rest > timezone.now():
            raise CoolingDown(newest.created_at + rest)
    store_once(activity)


def start_session(session: AgentSession) -> None:
    """One that is reported when it is over already gets an end as well."""
    if session.status in FINAL and session.ended_at is None:
        session.ended_at = timezone.now()
    store_once(session)


def update_session(session_id: UUID, changes: dict[str, Any]) -> None:
    """A final status ends the session, unless it has ended before; `active` opens it again.

    Any change is a report, and so opens again what was only marked stale.

    Raises:
        AgentSession.DoesNotExist: no session of that id.
    """
    status = changes.get("status")
    end: dict[str, Any]
    if status in FINAL:
        end = {"ended_at": unless_stale(Coalesce("ended_at", timezone.now()), timezone.now())}
    elif status:
        end = {"ended_at": None}
    else:
        end = {"status": unless_stale(F("status"), Value("active")), "ended_at": unless_stale(F("ended_at"), None)}
    report = {"metadata": RawSQL(REPORTED, [], JSONField())}
    if not AgentSession.objects.filter(pk=session_id).update(**changes | end | report):
        raise AgentSession.DoesNotExist


def unless_stale(then: Any, otherwise: Any) -> Case:
    return Case(When(metadata__has_key=STALE_MARK, then=otherwise), default=then)


def record_usage(usage: ModelUsage) -> None:
    """Raises:
    AgentSession.DoesNotExist: the call names a session that is not there.
    """
    try:
        with transaction.atomic():
            store_once(usage)
    except IntegrityError as error:
        if isinstance(error.__cause__, ForeignKeyViolation):
            raise AgentSession.DoesNotExist from None
        raise
