"""A text, wherever it stands in what the agent did, thought or remembers."""

import re
from typing import Any

from django.db import connection

from apps.core.texts import escaped
from apps.warehouse.catalogue import rows

NEWEST = 20
# A text without three letters or digits in a row has no trigram that an index could know.
RECENT = 10_000

# ILIKE, because the indexes are of the columns as they are: see `site_activity_text` and `idx_thoughts_content_trgm`.
KINDS = {
    "activities": """
SELECT id, action, coalesce(nullif(details ->> 'message', ''), nullif(details ->> 'description', ''), details::text),
       created_at
  FROM {activity_log} AS a WHERE action ILIKE %(text)s OR details::text ILIKE %(text)s
""",
    "thoughts": """
SELECT id, category, content, created_at
  FROM {thoughts} AS t WHERE content ILIKE %(text)s OR category ILIKE %(text)s
""",
    "memories": """
SELECT id, category, value #>> '{{}}', created_at, key
  FROM {memories} AS m WHERE value #>> '{{}}' ILIKE %(text)s OR category ILIKE %(text)s OR key ILIKE %(text)s
""",
}
FIELDS = ("id", "type", "content", "timestamp", "key")
TABLES = ("activity_log", "thoughts", "memories")


def newest(kind: str, text: str) -> list[dict[str, Any]]:
    """The newest that hold `text`, upper or lower case; a text of less than three letters in a row only of late.

    Each with `id`, `type`, `content`, `timestamp`, and a memory with its `key`.
    """
    with connection.cursor() as cursor:
        cursor.execute(statement(kind, text), {"text": f"%{escaped(text)}%"})
        return [dict(zip(FIELDS, row, strict=False)) for row in cursor.fetchall()]


def statement(kind: str, text: str) -> str:
    tables = {table: table if has_trigram(text) else recent(table) for table in TABLES}
    return f"{KINDS[kind].format(**tables)} ORDER BY created_at DESC, id LIMIT {NEWEST}"


def has_trigram(text: str) -> bool:
    """Three letters or digits in a row; which others than a to z are letters, the database's locale decides."""
    if re.search("[a-z0-9]{3}", text, re.IGNORECASE | re.ASCII):
        return True
    word = re.search(r"[^\W_]{3}", text)
    if word is None:
        return False
    foreign = "".join(letter for letter in word[0] if not letter.isascii())
    return rows("SELECT show_trgm(%s) <> '{}'", [foreign]) == [(True,)]


def recent(table: str) -> str:
    return f"(SELECT * FROM {table} ORDER BY created_at DESC LIMIT {RECENT})"
