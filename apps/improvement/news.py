from dataclasses import dataclass
from datetime import UTC, datetime

from django.db import connection

COUNTS = """
SELECT count(*) FILTER (WHERE created_at >= %(since)s), count(*) FILTER (WHERE created_at < %(since)s),
       (SELECT count(*) FROM improvement_proposals WHERE status = 'proposed'),
       (SELECT count(*) FROM improvement_proposals WHERE created_at >= %(since)s AND created_at < %(until)s)
  FROM lessons_learned
 WHERE created_at >= %(first)s AND created_at < %(until)s
"""


@dataclass(frozen=True)
class News:
    lessons: int
    lessons_before: int
    waiting: int  # proposals, however old
    proposals: int


def news(since: datetime | None, until: datetime, before: datetime | None = None) -> News:
    """Lessons and proposals of a time, beside the lessons from `before` to its beginning; in one query."""
    since = since or datetime.min.replace(tzinfo=UTC)
    with connection.cursor() as cursor:
        cursor.execute(COUNTS, {"since": since, "until": until, "first": before or since})
        return News(*cursor.fetchone())
