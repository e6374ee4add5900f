"""Sessions that a session started, with what they and theirs cost."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection

from apps.core.ranges import LATEST
from apps.telemetry.models import AgentSession
from apps.warehouse.session_page.belonging import Life, facts, known_ids

PARENT_IDS = ("parent_session_id", "parentSessionId", "parent_id")  # what names a parent in metadata: by its id
PARENT_KEYS = ("spawned_by", "spawnedBy")  # or by its key
MOST, DEEPEST = 200, 5


def names_parent(parent: str) -> str:
    """Containment of one name at a time, because the index on metadata answers it. A null names nobody."""
    values = {"id::text": PARENT_IDS, "gateway": PARENT_IDS, "key": PARENT_KEYS}
    named = [
        f"s.metadata @> CASE WHEN {parent}.{value} <> '' THEN jsonb_build_object('{name}', {parent}.{value}) END"
        for value, names in values.items()
        for name in names
    ]
    return f"({' OR '.join(named)})"


GATEWAY, KEY = "s.metadata ->> 'openclaw_session_id'", "s.metadata ->> 'openclaw_source_key'"
LABEL = "coalesce(s.metadata #>> '{openclaw_session,label}', s.metadata ->> 'label', '')"
NO_PARENT = f"NOT s.metadata ?| ARRAY{[*PARENT_IDS, *PARENT_KEYS]}"
FAMILY = f"""
WITH RECURSIVE self (id, gateway, key) AS (
    VALUES (%(id)s::uuid, %(gateway)s::text, %(key)s::text)
), family (root, id, gateway, key, path, named) AS (
    (SELECT s.id, s.id, {GATEWAY}, {KEY}, ARRAY[self.id, s.id], true
       FROM self JOIN agent_sessions AS s ON {names_parent("self")} WHERE s.id <> self.id LIMIT {MOST})
    UNION ALL
    (SELECT s.id, s.id, {GATEWAY}, {KEY}, ARRAY[%(id)s::uuid, s.id], false FROM agent_sessions AS s
      WHERE s.agent_id = %(agent)s AND s.started_at BETWEEN %(start)s AND %(until)s AND {NO_PARENT}
        AND {KEY} LIKE '%%:subagent:%%' AND s.id <> %(id)s ORDER BY s.started_at LIMIT {MOST})
    UNION ALL
    SELECT f.root, s.id, {GATEWAY}, {KEY}, f.path || s.id, f.named
      FROM family AS f JOIN agent_sessions AS s ON {names_parent("f")}
     WHERE s.id <> ALL (f.path) AND cardinality(f.path) <= {DEEPEST}
), members AS (
    SELECT DISTINCT ON (id) root, id, named FROM (SELECT * FROM family LIMIT {2 * MOST}) AS bounded
     ORDER BY id, cardinality(path)
), spent AS (
    SELECT m.root, m.named, count(*) - 1 AS below, sum(coalesce(calls.cost, s.cost_usd)) AS cost,
           sum(coalesce(calls.tokens, s.tokens_used)) AS tokens
      FROM members AS m JOIN agent_sessions AS s USING (id), LATERAL (
           SELECT sum(cost_usd) AS cost, sum(input_tokens::bigint + output_tokens) AS tokens
             FROM model_usage WHERE session_id = m.id) AS calls
     GROUP BY m.root, m.named
)
SELECT s.id, s.agent_id, s.session_type, s.started_at, s.ended_at, s.status, {LABEL}, spent.cost, spent.tokens::bigint,
       spent.below, spent.named
  FROM spent JOIN agent_sessions AS s ON s.id = spent.root WHERE isfinite(s.started_at) ORDER BY s.started_at, s.id
"""


@dataclass(frozen=True)
class Child:
    """`cost` and `tokens` are also those of the `below` sessions that it started itself."""

    id: UUID
    agent: str
    session_type: str
    starts: datetime
    ended_at: datetime | None
    status: str
    label: str
    cost: Decimal
    tokens: int
    below: int
    named: bool

    @property
    def as_step(self) -> dict[str, Any]:
        ends = self.ended_at if self.ended_at and self.starts <= self.ended_at < LATEST else None
        below = f"{self.below} more below it" if self.below else ""
        return {
            "id": self.id,
            "starts": self.starts,
            "ends": ends or self.starts,
            "ms": (ends - self.starts) // timedelta(milliseconds=1) if ends else None,
            "name": self.agent,
            "note": " · ".join(filter(None, (self.label, below))),
            "ok": self.status != "error",
            "error": "ended with an error" if self.status == "error" else None,
            "cost": self.cost or (None if self.tokens else 0),  # that nothing was reported does not make it free
            "tokens": self.tokens,
            "named": self.named,
        }


def children_of(session: AgentSession) -> list[Child]:
    life, key = Life.of(session), str(facts(session).get("openclaw_source_key") or "")
    is_one = ":subagent:" in key  # sub-agents that name no parent go to those that are none
    with connection.cursor() as cursor:
        cursor.execute(
            FAMILY,
            {
                "id": session.pk,
                "gateway": known_ids(session)[1],
                "key": key,
                "agent": session.agent_id,
                "start": life.starts,
                "until": None if is_one else life.by_time_until,
            },
        )
        return [Child(*row) for row in cursor.fetchall()]
