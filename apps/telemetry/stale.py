"""Sessions that have not reported for long: nobody ended them, but nobody is in them any more."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection
from django.utils import timezone

from apps.telemetry.querysets import STALE_MARK

BATCH = 1_000


def time_in(path: str) -> str:
    """SQL for the time at a path of the metadata, which may hold anything."""
    text = f"(s.metadata #>> '{path}')"
    return f"CASE WHEN pg_input_is_valid({text}, 'timestamptz') THEN {text}::timestamptz END"


REPORTED, TOLD = time_in("{reported_at}"), time_in("{openclaw_session,updatedAt}")
# A session reports by a change of its own, by what OpenClaw tells of it, and by its calls of models.
# The end of a stale one is its last report.
MARK = f"""
WITH silent AS (
    SELECT s.id, greatest(s.started_at, told.at,
                          (SELECT max(u.created_at) FROM model_usage AS u WHERE u.session_id = s.id)) AS last_report
      FROM agent_sessions AS s, LATERAL (SELECT greatest({REPORTED}, {TOLD}) AS at) AS told
     WHERE s.status = 'active' AND s.started_at < %(since)s AND (told.at < %(since)s) IS NOT FALSE
       AND NOT EXISTS (SELECT 1 FROM model_usage AS u WHERE u.session_id = s.id AND u.created_at >= %(since)s)
     LIMIT %(batch)s
       FOR NO KEY UPDATE OF s SKIP LOCKED
)
UPDATE agent_sessions AS s
   SET status = 'ended', ended_at = silent.last_report,
       metadata = CASE jsonb_typeof(s.metadata) WHEN 'object' THEN s.metadata
                       ELSE jsonb_build_object('message', s.metadata) END
               || jsonb_build_object('{STALE_MARK}', now())
  FROM silent
 WHERE s.id = silent.id
"""
# A stale one whose calls show that it lives: reports of other kinds end the mark by themselves.
REVIVE = f"""
WITH calls AS MATERIALIZED (
    SELECT session_id, max(created_at) AS last FROM model_usage WHERE created_at >= %(since)s GROUP BY session_id
), alive AS (
    SELECT s.id FROM agent_sessions AS s JOIN calls ON calls.session_id = s.id
     WHERE s.metadata ? '{STALE_MARK}' AND s.ended_at < calls.last
     LIMIT %(batch)s
       FOR NO KEY UPDATE OF s SKIP LOCKED
)
UPDATE agent_sessions AS s
   SET status = 'active', ended_at = NULL, metadata = s.metadata - '{STALE_MARK}'
  FROM alive
 WHERE s.id = alive.id
"""


def update_stale(hours: int | None = None) -> tuple[int, int]:
    """How many sessions were marked, and how many have reported again since they were.

    Without `hours`, those of the settings; 0 marks none.
    """
    hours = settings.ARIA_SESSION_STALE_HOURS if hours is None else hours
    if hours <= 0:
        return 0, 0
    since = timezone.now() - timedelta(hours=hours)
    return in_batches(MARK, since), in_batches(REVIVE, since)


def in_batches(statement: str, since: datetime) -> int:
    """Each a transaction of its own, so that nobody waits for all of them."""
    changed = 0
    with connection.cursor() as cursor:
        while True:
            cursor.execute(statement, {"since": since, "batch": BATCH})
            changed += cursor.rowcount
            if cursor.rowcount < BATCH:
                return changed
