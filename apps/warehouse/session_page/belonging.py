"""Which rows are a session's: the parts of the one question that all others about its steps are put to."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from apps.core.ranges import EARLIEST, LATEST
from apps.telemetry.models import AgentSession
from apps.telemetry.prices import SILENT_SQL
from apps.telemetry.querysets import RUNTIME

NAMES = ("session_id", "sessionId", "openclaw_session_id")  # what names a session in details and metadata
AGENTS = ("agent_id", "agentId", "agent")
BY_TIME_AT_MOST = timedelta(hours=24)
REPORTED_LATE = timedelta(seconds=2)
MOST = 50_000  # rows of each part, the earliest; a page says so when it has reached them
COLUMNS = "kind, id, starts, ends, ms, name, part, note, ok, error, cost, tokens, silent_in, silent_out, named"


def said(column: str, names: tuple[str, ...]) -> str:
    texts = ", ".join(f"{column} ->> '{name}'" for name in names)
    return f"coalesce({texts})"


def naming(column: str) -> str:
    """Containment, because the indexes on JSON answer it."""
    return " OR ".join(f"{column} @> %(name_{number})s::jsonb" for number in range(2 * len(NAMES)))


def same_agent(column: str) -> str:
    return f"{said(column, NAMES)} IS NULL AND coalesce({said(column, AGENTS)} = %(agent)s, true)"


# `silent_in` and `silent_out` are the tokens of model calls whose cost was not reported.
SILENT = SILENT_SQL.format("model_usage")
CALL = f"""
SELECT 'model', id, created_at - greatest(coalesce(latency_ms, 0), 0) * interval '1 ms', created_at,
       latency_ms::bigint, model::text, coalesce(provider, ''), '', success, left(error_message, 300),
       CASE WHEN NOT ({SILENT}) THEN cost_usd END, input_tokens::bigint + output_tokens,
       CASE WHEN {SILENT} THEN input_tokens::bigint END, CASE WHEN {SILENT} THEN output_tokens::bigint END,
       session_id IS NOT NULL
  FROM model_usage"""
INVOCATION = """
SELECT 'skill', id, created_at - greatest(coalesce(duration_ms, 0), 0) * interval '1 ms', created_at,
       duration_ms::bigint, skill_name::text, tool_name::text, coalesce(model_used, ''), success, error_type::text,
       NULL::numeric, tokens_used::bigint, NULL::bigint, NULL::bigint, false
  FROM skill_invocations"""
ACTIVITY = f"""
SELECT 'activity', id, created_at, created_at, NULL::bigint, action::text, '',
       left(coalesce(nullif(details ->> 'message', ''), nullif(details ->> 'description', ''), skill, ''), 200),
       success, left(error_message, 300), NULL::numeric, NULL::bigint, NULL::bigint, NULL::bigint,
       {said("details", NAMES)} IS NOT NULL
  FROM activity_log"""
THOUGHT = f"""
SELECT 'thought', id, created_at, created_at, NULL::bigint, category::text, '', left(content, 200), true, NULL::text,
       NULL::numeric, NULL::bigint, NULL::bigint, NULL::bigint, {said("metadata", NAMES)} IS NOT NULL
  FROM thoughts"""
CHILD = """
SELECT 'child', id, starts, ends, ms, name, '', note, ok, error, cost, tokens, NULL::bigint, NULL::bigint, named
  FROM jsonb_to_recordset(%(children)s) AS child (
       id uuid, starts timestamptz, ends timestamptz, ms bigint, name text, note text, ok bool, error text,
       cost numeric, tokens bigint, named bool)"""
WHEN = "created_at BETWEEN %(since)s AND %(until)s"
LIVED = "created_at BETWEEN %(start)s AND %(lived_until)s"
NAMED = (
    f"{CALL} WHERE session_id = %(id)s AND isfinite(created_at)",
    f"{ACTIVITY} WHERE ({naming('details')}) AND isfinite(created_at)",
    f"{THOUGHT} WHERE {LIVED} AND {said('metadata', NAMES)} = ANY(%(ids)s)",
)
BY_TIME = (
    f"{CALL} WHERE {WHEN} AND session_id IS NULL",
    f"{INVOCATION} WHERE {WHEN} AND (%(skill)s = '' OR skill_name = %(skill)s)"
    " AND (%(function)s = '' OR tool_name = %(function)s)",
    f"{ACTIVITY} WHERE {WHEN} AND {same_agent('details')}",
    f"{THOUGHT} WHERE {WHEN} AND {same_agent('metadata')}",
)


@dataclass(frozen=True)
class Life:
    """From a session's start to its end; `ends` is now for one that is open, and None where it is not known."""

    starts: datetime
    ends: datetime | None
    is_open: bool

    @classmethod
    def of(cls, session: AgentSession) -> "Life":
        starts = min(max(session.started_at, EARLIEST), LATEST)
        ends = session.ended_at if session.ended_at and session.ended_at < LATEST else None
        is_open = ends is None and session.status == "active"
        ends = timezone.now() if is_open else ends
        return cls(starts, ends if ends and ends >= starts else None, is_open)

    @property
    def duration(self) -> timedelta | None:
        return self.ends - self.starts if self.ends else None

    @property
    def by_time_until(self) -> datetime | None:
        return min(self.ends, self.starts + BY_TIME_AT_MOST) + REPORTED_LATE if self.ends else None


def facts(session: AgentSession) -> dict[str, Any]:
    return session.metadata if isinstance(session.metadata, dict) else {}


def known_ids(session: AgentSession) -> tuple[str, str | None]:
    """Its own, and the gateway's where it has one."""
    gateways = facts(session).get("openclaw_session_id")
    return str(session.pk), str(gateways) if gateways else None


def sql_of_steps(*, by_time: bool) -> str:
    """In the order in which they are numbered."""
    parts = [*NAMED, *BY_TIME] if by_time else NAMED
    bounded = [f"({part} ORDER BY created_at LIMIT {MOST})" for part in parts]
    return f"steps ({COLUMNS}) AS ({' UNION ALL '.join([*bounded, f'({CHILD})'])} ORDER BY 3, 2)"


def parameters(session: AgentSession, life: Life, children: list[dict[str, Any]]) -> dict[str, Any]:
    ids = known_ids(session)
    namings = [one and json.dumps({name: one}) for one in ids for name in NAMES]
    runner = facts(session) if session.session_type == RUNTIME else {}
    return {
        "id": session.pk,
        "ids": list(ids),
        "agent": session.agent_id,
        "start": life.starts,
        "end": life.ends or life.starts,
        "lived_until": life.ends or timezone.now(),
        "since": life.starts,
        "until": life.by_time_until,
        "skill": str(runner.get("skill") or ""),
        "function": str(runner.get("function") or ""),
        "children": json.dumps(children, default=str),
    } | {f"name_{number}": text for number, text in enumerate(namings)}
