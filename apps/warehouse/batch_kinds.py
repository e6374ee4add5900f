"""The kinds of telemetry that a batch may hold, and what the single POST of each does beside its insert."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Model
from django.utils import timezone
from pydantic import TypeAdapter

from apps.memory.models import Thought
from apps.memory.schemas import ThoughtIn
from apps.operations.models import HeartbeatLog
from apps.operations.schemas import HeartbeatIn
from apps.security.models import SecurityEvent
from apps.security.schemas import SecurityEventIn
from apps.social.models import SocialPost
from apps.telemetry.actions import COOLDOWN_LOCK, COOLDOWNS
from apps.telemetry.models import ActivityLog, AgentSession, ModelUsage, SkillInvocation
from apps.telemetry.querysets import FINAL
from apps.telemetry.schemas.activities import ActivityIn
from apps.telemetry.schemas.sessions import SessionIn
from apps.telemetry.schemas.skills import InvocationIn
from apps.telemetry.schemas.usage import UsageIn
from apps.warehouse.batch_report import Entry, Report
from apps.warehouse.mirror import is_public, post_of

# Against a session's deletion until the calls that name it are stored.
KNOWN_SESSIONS = "SELECT id FROM agent_sessions WHERE id = ANY(%s) ORDER BY id FOR KEY SHARE"


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


@dataclass(frozen=True)
class Kind:
    model: type[Model]
    bodies: TypeAdapter[Any]  # of a list of them
    moment: str = "created_at"  # the column that says when the row came
    prepare: Callable[[list[Entry], Report], list[Entry]] = unchanged
    follow: Callable[[list[Entry]], None] = lambda entries: None


# Stored in this order: sessions before the calls of theirs.
KINDS = {
    "session": Kind(AgentSession, TypeAdapter(list[SessionIn]), moment="started_at", prepare=ended),
    "activity": Kind(ActivityLog, TypeAdapter(list[ActivityIn]), prepare=rested, follow=mirror),
    "thought": Kind(Thought, TypeAdapter(list[ThoughtIn])),
    "invocation": Kind(SkillInvocation, TypeAdapter(list[InvocationIn])),
    "model_usage": Kind(ModelUsage, TypeAdapter(list[UsageIn]), prepare=with_known_sessions),
    "security_event": Kind(SecurityEvent, TypeAdapter(list[SecurityEventIn])),
    "heartbeat": Kind(HeartbeatLog, TypeAdapter(list[HeartbeatIn])),
}
