"""Which goals moved in a time, and who wanted them: a person, or the agent itself."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from django.db import connection

Origin = Literal["person", "agent", "unknown"]
MOVES = "table_name = 'goals' AND operation = 'update' AND after ?| '{status,board_column}'"  # as an index has it
# The history tells who made a goal. Where it does not (goals that are older than it, or came in by a command or past
# the site), only being assigned to somebody who logs in here shows that a person is behind it.
MOVED = f"""
WITH events AS (
    SELECT id, created_at AS at, true AS made, false AS finished FROM goals
     WHERE created_at >= %(first)s AND created_at < %(until)s
    UNION ALL
    SELECT id, completed_at, false, true FROM goals
     WHERE completed_at >= %(first)s AND completed_at < %(until)s AND status = 'completed'
    UNION ALL
    SELECT row_id::uuid, changed_at, false, false FROM site_change
     WHERE {MOVES} AND changed_at >= %(first)s AND changed_at < %(until)s
), moved AS (
    SELECT events.at >= %(since)s AS lately, assigned_to, (array_agg(maker.actor_kind ORDER BY maker.id))[1] AS maker,
           bool_or(made) AS made, bool_or(finished) AS finished
      FROM events JOIN goals ON goals.id = events.id
      LEFT JOIN site_change AS maker
        ON maker.table_name = 'goals' AND maker.row_id = goals.id::text AND maker.operation = 'insert'
     GROUP BY goals.id, 1, 2
)
SELECT lately,
       CASE WHEN maker = 'person' OR (maker IS DISTINCT FROM 'token' AND person.id IS NOT NULL)
            THEN 'person' WHEN maker = 'token' THEN 'agent' ELSE 'unknown' END AS origin,
       count(*), count(*) FILTER (WHERE made), count(*) FILTER (WHERE finished)
  FROM moved LEFT JOIN site_user AS person ON person.username = moved.assigned_to
 GROUP BY 1, 2
"""


@dataclass
class Movement:
    """Goals, each counted once: `moved` are those that were made, finished or put into another column."""

    moved: int = 0
    made: int = 0
    finished: int = 0


def movement(
    since: datetime | None, until: datetime, before: datetime | None = None
) -> tuple[dict[Origin, Movement], dict[Origin, Movement]]:
    """By their origin, those of the time and those from `before` to its beginning, in one query."""
    since = since or datetime.min.replace(tzinfo=UTC)
    times = {"since": since, "until": until, "first": before or since}
    lately: dict[Origin, Movement] = {}
    earlier: dict[Origin, Movement] = {}
    with connection.cursor() as cursor:
        cursor.execute(MOVED, times)
        for is_lately, origin, *counts in cursor.fetchall():
            (lately if is_lately else earlier)[origin] = Movement(*counts)
    return lately, earlier
