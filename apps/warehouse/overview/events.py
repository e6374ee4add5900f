"""The latest events that are worth a line, of several tables."""

from dataclasses import dataclass
from datetime import datetime

from apps.core.ranges import TimeRange
from apps.core.statements import execute
from apps.goals.movement import MOVES
from apps.warehouse.overview.places import row

MOST = 12
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


def happened(kind: str, table: str, at: str, what: str, subject: str, who: str, where: str = "true") -> str:
    """SQL of the latest of one table, in columns that all tables can give."""
    return f"""
    (SELECT '{kind}', id::text AS key, {subject}, {who}, {what}, {at} AS at FROM {table}
      WHERE {where} AND {at} >= %(since)s AND {at} < %(until)s ORDER BY {at} DESC LIMIT {MOST})"""


# How the history says that a goal came in, and that it was begun, put on hold or given up.
MADE_BY = """(
    SELECT actor_name FROM site_change
     WHERE table_name = 'goals' AND operation = 'insert' AND row_id = goals.id::text LIMIT 1)"""
TURNS = f"""(
    SELECT row_id AS id, changed_at, after ->> 'status' AS status, actor_name,
           (SELECT title FROM goals WHERE id = row_id::uuid) AS title
      FROM site_change WHERE {MOVES}) AS turns"""
OUTCOME = "CASE WHEN blocked THEN 'blocked' ELSE 'let through' END"
FINISHED, FAILED = "status = 'completed'", "status = 'error'"
TURNED = "status IN ('active', 'paused', 'cancelled')"  # of a goal that is neither made nor finished
SEVERE = "threat_level IN ('HIGH', 'CRITICAL', 'high', 'critical')"
# Written once: of so many tables it took the ORM longer to write than it takes PostgreSQL to answer.
PARTS = (
    happened("goal", "goals", "created_at", "'made'", "title", MADE_BY),
    happened("goal", "goals", "completed_at", "'finished'", "title", "assigned_to", FINISHED),
    happened("goal", TURNS, "changed_at", "status", "title", "actor_name", TURNED),
    happened("session", "agent_sessions", "started_at", "'failed'", "session_type", "agent_id", FAILED),
    happened("lesson", "lessons_learned", "created_at", "'learnt'", "error_pattern", "skill_name"),
    happened("proposal", "improvement_proposals", "created_at", "'made'", "title", "category"),
    happened("proposal", "improvement_proposals", "reviewed_at", "status", "title", "reviewed_by"),
    happened("event", "security_events", "created_at", OUTCOME, "threat_type", "source", SEVERE),
)
LATEST = f"{' UNION ALL '.join(PARTS)} ORDER BY at DESC, key LIMIT {MOST}"


def latest_events(time: TimeRange) -> list[Event]:
    """The newest first, in one query."""
    return [event(*found) for found in execute(LATEST, {"since": time.since or "-infinity", "until": time.until})]


def event(kind: str, key: str, subject: str | None, who: str | None, what: str, at: datetime) -> Event:
    gone = subject is None  # a goal that was deleted since
    return Event(at, kind, what, subject or "deleted since", who or "", "" if gone else row(kind, key))
