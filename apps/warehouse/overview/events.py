"""The latest events that are worth a line, of several tables."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Case, CharField, F, OuterRef, QuerySet, Subquery, TextField, UUIDField, Value, When
from django.db.models.fields.json import KT
from django.db.models.functions import Cast

from apps.core.models import Change
from apps.core.ranges import TimeRange
from apps.goals.models import Goal
from apps.improvement.models import ImprovementProposal, LessonLearned
from apps.security.models import SecurityEvent
from apps.telemetry.models import AgentSession
from apps.warehouse.overview.places import row

MOST = 12
SEVERE = ("HIGH", "CRITICAL", "high", "critical")
TURNS = ("active", "paused", "cancelled")  # of a goal that is neither made nor finished
TONES = {"finished": "ok", "approved": "ok", "implemented": "ok", "failed": "bad", "let through": "bad"}


@dataclass(frozen=True)
class Event:
    at: datetime
    kind: str  # 'goal', 'session', 'lesson', 'proposal' or 'event', which is one of security
    what: str
    subject: str
    who: str
    url: str

    @property
    def noun(self) -> str:
        return {"event": "attack"}.get(self.kind, self.kind)

    @property
    def tone(self) -> str:
        return TONES.get(self.what, "")


def latest_events(time: TimeRange) -> list[Event]:
    """The newest first, in one query."""
    proposals, goals = ImprovementProposal.objects.all(), Goal.objects.all()
    parts = [
        happened(time, goals, "goal", "created_at", "made", "title", Subquery(of_goal("pk").values("actor_name")[:1])),
        happened(time, goals.filter(status="completed"), "goal", "completed_at", "finished", "title", "assigned_to"),
        turns(time),
        happened(
            time,
            AgentSession.objects.filter(status="error"),
            "session",
            "started_at",
            "failed",
            "session_type",
            "agent_id",
        ),
        happened(time, LessonLearned.objects.all(), "lesson", "created_at", "learnt", "error_pattern", "skill_name"),
        happened(time, proposals, "proposal", "created_at", "made", "title", "category"),
        happened(time, proposals, "proposal", "reviewed_at", F("status"), "title", "reviewed_by"),
        attacks(time),
    ]
    union = parts[0].union(*parts[1:], all=True)
    return [event(**found) for found in union.order_by("-at", "key")[:MOST]]


def happened(
    time: TimeRange, rows: QuerySet, kind: str, at: str, what: Any, subject: Any, who: Any, key: str = "pk"
) -> QuerySet:
    """Uniform rows, of which a union can be made."""
    within = {f"{at}__lt": time.until} | ({f"{at}__gte": time.since} if time.since else {})
    what = Value(what) if isinstance(what, str) else what
    texts = {"key": key, "what": what, "subject": subject, "who": who}
    shown = {name: Cast(text, TextField()) for name, text in texts.items()}
    return rows.filter(**within).order_by(f"-{at}").values(kind=Value(kind), at=F(at), **shown)[:MOST]


def of_goal(key: str) -> QuerySet:
    """How the history says that a goal came in."""
    return Change.objects.filter(table_name="goals", operation="insert", row_id=Cast(OuterRef(key), TextField()))


def turns(time: TimeRange) -> QuerySet:
    """Goals that were begun, put on hold or given up."""
    changes = Change.objects.filter(table_name="goals", operation="update", after__status__in=TURNS)
    title = Goal.objects.filter(pk=Cast(OuterRef("row_id"), UUIDField())).values("title")[:1]
    return happened(
        time, changes, "goal", "changed_at", KT("after__status"), Subquery(title), "actor_name", key="row_id"
    )


def attacks(time: TimeRange) -> QuerySet:
    events = SecurityEvent.objects.filter(threat_level__in=SEVERE)
    outcome = Case(When(blocked=True, then=Value("blocked")), default=Value("let through"), output_field=CharField())
    return happened(time, events, "event", "created_at", outcome, "threat_type", "source")


def event(*, kind: str, key: str, subject: str | None, who: str | None, what: str, at: datetime) -> Event:
    gone = subject is None  # a goal that was deleted since
    return Event(at, kind, what, subject or "deleted since", who or "", "" if gone else row(kind, key))
