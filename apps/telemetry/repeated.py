"""Errors that come again and again: of one fingerprint, which is their text without what differs between them."""

import re
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.utils import timezone

WITHIN = timedelta(hours=24)
REPEATED = 5  # times, to be worth a look
NEWEST = 1_000  # failures of each stream that are compared
LONGEST = 300  # characters of a message that count
MOST = 5
# What differs from one error to the next, the more particular first.
PLACEHOLDERS = (
    (re.compile(r"(?i)\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b"), "<id>"),
    (re.compile(r"(?i)\b[a-z][a-z+.-]*://[^\s'\"<>]+"), "<address>"),
    (re.compile(r"'[^'\n]{1,200}'|\"[^\"\n]{1,200}\"|`[^`\n]{1,200}`"), "<text>"),
    (re.compile(r"(?<![\w<])(?:~|\.{1,2})?(?:/[\w.@+-]+){2,}/?"), "<path>"),
    (re.compile(r"(?i)\b(?=[a-f]*\d)[0-9a-f]{8,}\b|\b0x[0-9a-f]+\b"), "<id>"),
    (re.compile(r"\d+(?:[.,:]\d+)*"), "<n>"),
)
# Activities and model calls tell what went wrong; calls of tools only its kind, which says little without the skill.
FAILURES = """
SELECT stream, name, message, count(*), min(at), max(at) FROM (
    (SELECT 'activities' AS stream, coalesce(skill, action) AS name, left(error_message, %(longest)s) AS message,
            created_at AS at
       FROM activity_log WHERE created_at >= %(since)s AND NOT success AND error_message <> ''
      ORDER BY created_at DESC LIMIT %(newest)s)
    UNION ALL
    (SELECT 'model calls', model, left(error_message, %(longest)s), created_at
       FROM model_usage WHERE created_at >= %(since)s AND NOT success AND error_message <> ''
      ORDER BY created_at DESC LIMIT %(newest)s)
    UNION ALL
    (SELECT 'skill calls', skill_name, skill_name || ': ' || error_type, created_at
       FROM skill_invocations WHERE created_at >= %(since)s AND NOT success AND error_type <> ''
      ORDER BY created_at DESC LIMIT %(newest)s)
) AS failed GROUP BY stream, name, message
"""


@dataclass
class Repeated:
    """Errors of one fingerprint, of the last 24 hours."""

    stream: str  # 'activities', 'model calls' or 'skill calls'
    fingerprint: str
    names: set[str]  # of the skills or models
    times: int
    first: datetime
    last: datetime


def fingerprint(message: str) -> str:
    for pattern, placeholder in PLACEHOLDERS:
        message = pattern.sub(placeholder, message)
    return " ".join(message.split())


def repeated_errors(least: int = REPEATED) -> list[Repeated]:
    """The most frequent first, at most MOST, in one query."""
    with connection.cursor() as cursor:
        since = timezone.now() - WITHIN
        cursor.execute(FAILURES, {"since": since, "longest": LONGEST, "newest": NEWEST})
        rows = cursor.fetchall()
    groups: dict[tuple[str, str], list[tuple]] = defaultdict(list)
    for row in rows:
        groups[row[0], fingerprint(row[2])].append(row)
    found = [together(*key, group) for key, group in groups.items()]
    frequent = (one for one in found if one.times >= least)
    return sorted(frequent, key=lambda one: (-one.times, one.stream, one.fingerprint))[:MOST]


def together(stream: str, text: str, rows: list[tuple]) -> Repeated:
    _, names, _, counts, firsts, lasts = zip(*rows, strict=True)
    return Repeated(stream, text, set(names), sum(counts), min(firsts), max(lasts))
