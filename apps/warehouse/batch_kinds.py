"""The kinds of telemetry that a batch may hold, and what the single POST of each does beside its insert."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Model
from django.utils import timezone
from pydantic import BaseModel, TypeAdapter, create_model

from apps.core.bodies import OptionalMoment
from apps.core.models import IdempotencyKey
from apps.memory.models import Thought
from apps.memory.schemas import ThoughtIn
from apps.operations.models import HeartbeatLog
from apps.operations.schemas import HeartbeatIn
from apps.security.models import SecurityEvent
from apps.security.schemas import SecurityEventIn
from apps.social.models import SocialPost
from apps.telemetry.actions import COOLDOWN_LOCK, COOLDOWNS, SESSIONS_LOCK, update_session
from apps.telemetry.models import ActivityLog, AgentSession, ModelUsage, SkillInvocation
from apps.telemetry.querysets import FINAL
from apps.telemetry.schemas.activities import ActivityIn
from apps.telemetry.schemas.sessions import SessionChanges, SessionIn
from apps.telemetry.schemas.skills import InvocationIn
from apps.telemetry.schemas.usage import UsageIn
from apps.warehouse.batch_report import Entry, Report
from apps.warehouse.mirror import is_public, post_of

# Against a session's deletion until the calls that name it are stored.
KNOWN_SESSIONS = "SELECT id FROM agent_sessions WHERE id = ANY(%s) ORDER BY id FOR KEY SHARE"


class SessionUpdateIn(SessionChanges):
    id: UUID | None = None
    session_id: UUID


def unchanged(entries: list[Entry], report: Report) -> list[Entry]:
    return entries


def rested(entries: list[Entry], report: Report) -> list[Entry]:
    """Without the activities that came too early, and not in an earlier try of theirs."""
    actions = COOLDOWNS.keys() & {entry.row["action"] for entry in entries}
    resting = {index for action in sorted(actions) for index in too_early(action, entries, report)}
    return [entry for entry in entries if entry.index not in resting]


def too_early(action: str, entries: list[Entry], report: Report) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [COOLDOWN_LOCK])
    ours = [entry for entry in entries if entry.row["action"] == action]
    known = set(ActivityLog.objects.filter(pk__in=[entry.row["id"] for entry in ours]).values_list("pk", flat=True))
    newest = ActivityLog.objects.filter(action=action).newest_first().values_list("created_at", flat=True).first()
    early = []
    for entry in ours:
        if entry.row["id"] in known:
            continue
        if newest and newest + COOLDOWNS[action] > timezone.now():
            next_allowed = (newest + COOLDOWNS[action]).isoformat()
            report.refuse(entry.index, "activity", f"cooldown_active, next allowed at {next_allowed}")
            early.append(entry.index)
        else:
            newest = entry.row["created_at"]
    return early


def mirror(entries: list[Entry]) -> None:
    public = [entry.row for entry in entries if is_public(entry.row["action"], entry.row["details"])]
    SocialPost.objects.bulk_create([post_of(ActivityLog(**row)) for row in public], ignore_conflicts=True)


def ended(entries: list[Entry], report: Report) -> list[Entry]:
    now = timezone.now()
    for entry in entries:
        if entry.row["status"] in FINAL and entry.row["ended_at"] is None:
            entry.row["ended_at"] = now
    return entries


def with_known_sessions(entries: list[Entry], report: Report) -> list[Entry]:
    """What a call cost is kept, where nobody knows its session too."""
    named = [entry for entry in entries if entry.row["session_id"]]
    with connection.cursor() as cursor:
        cursor.execute(KNOWN_SESSIONS, [list({entry.row["session_id"] for entry in named})])
        known = {key for (key,) in cursor.fetchall()}
    for entry in named:
        if entry.row["session_id"] not in known:
            detail = f"there is no session {entry.row['session_id']}; stored with session_id null"
            report.note(entry.index, "model_usage", detail)
            entry.row["session_id"] = None
    return entries


def changed(entries: list[Entry], report: Report) -> list[Entry]:
    """Change the sessions, in the order of the batch; what is stored is that it was done."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [SESSIONS_LOCK])
    done = IdempotencyKey.objects.filter(pk__in=[entry.row["id"] for entry in entries])
    known = set(done.values_list("pk", flat=True))
    found = [entry for entry in entries if entry.row["id"] in known or change(entry, report)]
    return [Entry(entry.index, {"id": entry.row["id"], "created_at": timezone.now()}) for entry in found]


def change(entry: Entry, report: Report) -> bool:
    names = ("status", "messages_count", "tokens_used", "cost_usd")
    changes = {name: entry.row[name] for name in names if entry.row[name] is not None}
    session_id = entry.row["session_id"]
    if changes.get("status") in FINAL:
        # It ended when that was seen, not when the news came.
        AgentSession.objects.filter(pk=session_id, ended_at=None).update(ended_at=entry.row["created_at"])
    try:
        update_session(session_id, changes)
    except AgentSession.DoesNotExist:
        report.refuse(entry.index, "session_update", f"there is no session {session_id}")
        return False
    return True


def dated(body: type[BaseModel]) -> TypeAdapter[Any]:
    """Of a list of bodies, which in a batch may say when they came about: they may have waited for the site."""
    item: Any = create_model(body.__name__, __base__=body, created_at=(OptionalMoment, None))
    return TypeAdapter(list[item])


@dataclass(frozen=True)
class Kind:
    model: type[Model]
    bodies: TypeAdapter[Any]  # of a list of them
    moment: str = "created_at"  # the column that says when the row came
    prepare: Callable[[list[Entry], Report], list[Entry]] = unchanged
    follow: Callable[[list[Entry]], None] = lambda entries: None


# Stored in this order: sessions before their changes and the calls of theirs.
KINDS = {
    "session": Kind(AgentSession, dated(SessionIn), moment="started_at", prepare=ended),
    "session_update": Kind(IdempotencyKey, dated(SessionUpdateIn), prepare=changed),
    "activity": Kind(ActivityLog, dated(ActivityIn), prepare=rested, follow=mirror),
    "thought": Kind(Thought, dated(ThoughtIn)),
    "invocation": Kind(SkillInvocation, dated(InvocationIn)),
    "model_usage": Kind(ModelUsage, dated(UsageIn), prepare=with_known_sessions),
    "security_event": Kind(SecurityEvent, dated(SecurityEventIn)),
    "heartbeat": Kind(HeartbeatLog, dated(HeartbeatIn)),
}
