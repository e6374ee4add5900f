"""Sessions from outside become rows, without taking anything back that is known here."""

from typing import Any
from uuid import UUID

import orjson
from django.db import connection, transaction

from apps.telemetry.actions import SESSIONS_LOCK
from apps.telemetry.models import AgentSession, ModelUsage
from apps.telemetry.querysets import FINAL, STALE_MARK

# A session that was closed stays closed. Being marked stale is no closing: a sign of life ends it.
SETTLED = f"""(
    (s.status = ANY(%(final)s) OR s.ended_at IS NOT NULL)
    AND NOT coalesce(
        s.metadata ? '{STALE_MARK}'
        AND (EXCLUDED.metadata #>> '{{openclaw_session,updatedAt}}')::timestamptz > s.ended_at,
        false)
)"""
# What the entry leaves open is null in its `openclaw_session`, and stays as it is here. A session of which
# nothing new is told is neither written nor locked. Counters are the skills' own.
UPSERT = f"""
INSERT INTO agent_sessions AS s (id, agent_id, session_type, started_at, ended_at, status, metadata)
SELECT id, agent_id, session_type, started_at, ended_at, status, metadata
  FROM jsonb_to_recordset(%(rows)s) AS told (
       id uuid, agent_id text, session_type text, started_at timestamptz, ended_at timestamptz, status text,
       metadata jsonb)
 WHERE NOT EXISTS (
       SELECT 1 FROM agent_sessions AS known WHERE known.id = told.id
          AND known.metadata -> 'openclaw_session' @> jsonb_strip_nulls(told.metadata -> 'openclaw_session'))
 ORDER BY id
    ON CONFLICT (id) DO UPDATE SET
       agent_id = left(coalesce(EXCLUDED.metadata #>> '{{openclaw_session,agentId}}', s.agent_id), 100),
       session_type = left(coalesce(EXCLUDED.metadata #>> '{{openclaw_session,type}}', s.session_type), 50),
       started_at = least(s.started_at, EXCLUDED.started_at),
       ended_at = CASE WHEN {SETTLED} THEN s.ended_at ELSE EXCLUDED.ended_at END,
       status = CASE WHEN {SETTLED} THEN s.status ELSE EXCLUDED.status END,
       metadata = CASE jsonb_typeof(s.metadata)
                       WHEN 'object' THEN s.metadata - CASE WHEN {SETTLED} THEN '' ELSE '{STALE_MARK}' END
                       ELSE jsonb_build_object('message', s.metadata) END
               || jsonb_strip_nulls(EXCLUDED.metadata)
"""


@transaction.atomic
def store(rows: list[dict[str, Any]]) -> int:
    """How many sessions are as told afterwards, or know better."""
    if not rows:
        return 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [SESSIONS_LOCK])
        replace_unkeyed({row["unkeyed_id"]: row["id"] for row in rows if row["unkeyed_id"] != row["id"]})
        cursor.execute(UPSERT, {"rows": orjson.dumps(rows).decode(), "final": list(FINAL)})
    return len(rows)


def replace_unkeyed(keyed: dict[UUID, UUID]) -> None:
    """A session first told without its key gets the id that belongs to the key, with all that is known of it."""
    sessions = list(AgentSession.objects.select_for_update().filter(pk__in=keyed))
    unkeyed = [session.pk for session in sessions]
    for session in sessions:
        session.pk = keyed[session.pk]
    AgentSession.objects.bulk_create(sessions, ignore_conflicts=True)
    for key in unkeyed:
        ModelUsage.objects.filter(session=key).update(session=keyed[key])
    AgentSession.objects.filter(pk__in=unkeyed).delete()
