"""The counters behind rate limits. Each is one statement, so that many skills at once lose no count."""

from dataclasses import dataclass

from django.db import connection

# The window is judged and, when over, begun anew in one statement. The SELECT sees the row as it was before:
# of two checks at the end of a window one begins the next, and both know that the old one is over.
CHECK = """
WITH begun AS (
    UPDATE rate_limits SET action_count = 0, window_start = statement_timestamp(), updated_at = statement_timestamp()
     WHERE skill = %(skill)s AND window_start <= statement_timestamp() - make_interval(secs => %(seconds)s)
)
SELECT action_count, greatest(0, extract(epoch FROM statement_timestamp() - window_start))::float8,
       window_start <= statement_timestamp() - make_interval(secs => %(seconds)s)
  FROM rate_limits WHERE skill = %(skill)s
"""
COUNT = """
INSERT INTO rate_limits AS known (skill, action_count, window_start, last_post, last_action)
VALUES (%(skill)s, 1, statement_timestamp(),
        CASE WHEN %(post)s THEN statement_timestamp() END, CASE WHEN NOT %(post)s THEN statement_timestamp() END)
ON CONFLICT (skill) DO UPDATE SET
    (action_count, window_start) = (
        SELECT CASE WHEN is_over THEN 1 ELSE known.action_count + 1 END,
               CASE WHEN is_over THEN excluded.window_start ELSE known.window_start END
          FROM (SELECT known.window_start <= excluded.window_start - make_interval(secs => %(seconds)s)) AS w (is_over)
    ),
    last_post = coalesce(excluded.last_post, known.last_post),
    last_action = coalesce(excluded.last_action, known.last_action),
    updated_at = statement_timestamp()
"""


@dataclass(frozen=True)
class Window:
    count: int
    age: float  # seconds


def current_window(skill: str, seconds: int) -> Window | None:
    """The skill's window of that length, or None where a new one begins now or the skill is unknown."""
    with connection.cursor() as cursor:
        cursor.execute(CHECK, {"skill": skill, "seconds": seconds})
        row = cursor.fetchone()
    return None if row is None or row[2] else Window(count=row[0], age=row[1])


def count_action(skill: str, *, is_post: bool, seconds: int | None) -> None:
    """One more action; with the length of the window given, it begins a new one where the old one is over."""
    with connection.cursor() as cursor:
        cursor.execute(COUNT, {"skill": skill, "post": is_post, "seconds": seconds})
