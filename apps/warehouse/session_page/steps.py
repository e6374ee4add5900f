"""What is asked of a session's steps. Each question is one statement over all kinds of steps; none loads them all."""

import json
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection

from apps.telemetry.models import AgentSession
from apps.warehouse.session_page.belonging import Life, parameters, sql_of_steps

# Idle enough to be drawn narrow: at least this long, and this share of what is shown.
IDLE_SECONDS, IDLE_SHARE = 10, 50
REPEAT_WITHIN = "1 minute"  # alike steps with more than this between them are no repeats
MOST_FAILURES, MOST_MODELS = 20, 200
COLUMNS = 100  # of the drawing's busy time; a few more where there are gaps
TABLES = {
    "model": "model_usage",
    "skill": "skill_invocations",
    "activity": "activity_log",
    "thought": "thoughts",
    "child": "agent_sessions",
}

ALIKE = "concat_ws(chr(31), kind, name, part, ok, named)"
NUMBERED = f"""
, numbered AS (
    SELECT steps.*, row_number() OVER w AS n,
           sum(cost) FILTER (WHERE named) OVER w AS spent, sum(tokens) FILTER (WHERE named) OVER w AS used,
           {ALIKE}
               IS DISTINCT FROM lag({ALIKE}) OVER w
               OR starts - lag(ends) OVER w > interval '{REPEAT_WITHIN}' AS is_new
      FROM steps WINDOW w AS (ORDER BY starts, id ROWS UNBOUNDED PRECEDING)
)
"""
# All that a page tells, because reading the steps takes longer than anything that is asked of them.
# That `run` is bounded lets PostgreSQL stop where the page ends.
OUTLINE = f"""
, extent AS (
    SELECT least(min(starts), %(start)s) AS first, greatest(max(ends), %(end)s) AS last FROM steps
), shown AS (
    SELECT CASE WHEN there THEN greatest(asked.since, first) ELSE first END AS first,
           CASE WHEN there THEN least(asked.until, last) ELSE last END AS last
      FROM extent, LATERAL (SELECT coalesce(%(from)s, first) AS since, coalesce(%(to)s, last) AS until) AS asked,
           LATERAL (SELECT since < until AND since < last AND until > first AS there) AS checked
), reached AS (
    SELECT starts, max(ends) OVER (ORDER BY starts ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS idle_since
      FROM (SELECT starts, ends FROM steps UNION ALL SELECT first, first FROM extent UNION ALL SELECT last, last
              FROM extent UNION ALL SELECT %(start)s, %(start)s) AS edges
), idle AS (
    SELECT greatest(idle_since, shown.first) AS since, least(starts, shown.last) AS until,
           shown.last - shown.first AS span
      FROM reached, shown WHERE starts > shown.first AND idle_since < shown.last
), gaps AS (
    SELECT coalesce(array_agg(since ORDER BY since), '{{}}') AS since,
           coalesce(array_agg(until ORDER BY since), '{{}}') AS until
      FROM idle WHERE until - since > greatest(span / {IDLE_SHARE}, interval '{IDLE_SECONDS} s')
), busy AS (
    SELECT since, until, extract(epoch FROM until - since) AS length
      FROM (SELECT unnest(array_prepend(first, gaps.until)) AS since, unnest(array_append(gaps.since, last)) AS until
              FROM shown, gaps) AS between_gaps
), columns AS (
    SELECT array_agg(begins ORDER BY begins) AS since, array_agg(begins + piece ORDER BY begins) AS until
      FROM (SELECT since, until, greatest(ceil({COLUMNS} * length / nullif(sum(length) OVER (), 0)), 1)::int AS pieces
              FROM busy) AS divided,
           LATERAL (SELECT (until - since) / pieces AS piece) AS divisor, generate_series(0, pieces - 1) AS number,
           LATERAL (SELECT since + piece * number AS begins) AS begun
), counted AS (
    SELECT kind, named, CASE WHEN starts <= last THEN width_bucket(starts, columns.since) END AS place,
           count(*) AS steps, count(*) FILTER (WHERE NOT ok) AS failed, sum(cost) AS cost, sum(tokens) AS tokens
      FROM steps, columns, shown GROUP BY 1, 2, 3
), totals AS (
    SELECT kind, named, sum(steps) AS steps, sum(failed) AS failed, sum(cost) AS cost, sum(tokens) AS tokens
      FROM counted GROUP BY kind, named
), heights AS (
    SELECT kind, place, sum(steps) AS steps, sum(failed) AS failed, sum(cost) FILTER (WHERE named) AS cost,
           sum(tokens) FILTER (WHERE named) AS tokens
      FROM counted WHERE place IS NOT NULL GROUP BY kind, place
), unpriced AS (
    SELECT name AS model, part AS provider, count(*) AS silent, sum(silent_in)::bigint AS silent_input,
           sum(silent_out)::bigint AS silent_output, 0 AS cost
      FROM steps WHERE named AND silent_in IS NOT NULL GROUP BY name, part LIMIT {MOST_MODELS}
), failing AS (
    SELECT kind, name, part, error, count(*) AS times, min(starts) AS first FROM steps WHERE NOT ok
     GROUP BY kind, name, part, error ORDER BY count(*) DESC, min(starts) LIMIT {MOST_FAILURES}
){NUMBERED}, listed AS (
    SELECT *, count(*) FILTER (WHERE is_new) OVER (ORDER BY starts, id ROWS UNBOUNDED PRECEDING) AS run
      FROM numbered
     WHERE starts <= (SELECT last FROM shown) AND ends >= (SELECT first FROM shown) AND n > %(after)s
), runs AS (
    SELECT min(n) AS first, max(n) AS last, count(*) AS times, min(starts) AS starts, max(ends) AS ends,
           sum(ms)::bigint AS ms, max(ms) AS longest, sum(cost) AS cost, sum(tokens)::bigint AS tokens,
           max(spent) AS spent, max(used)::bigint AS used, count(silent_in) AS silent,
           sum(silent_in)::bigint AS silent_input, sum(silent_out)::bigint AS silent_output,
           (array_agg(id ORDER BY n))[1] AS first_id, (array_agg(id ORDER BY n DESC))[1] AS last_id, kind, name, part,
           (array_agg(note ORDER BY n))[1] AS note, ok, (array_agg(error ORDER BY n))[1] AS error, named
      FROM listed WHERE run <= %(limit)s GROUP BY run, kind, name, part, ok, named ORDER BY min(n) LIMIT %(limit)s
)
SELECT extent.first, extent.last, shown.first, shown.last, gaps.since, gaps.until, columns.since, columns.until,
       (SELECT jsonb_agg(totals) FROM totals),
       (SELECT jsonb_agg(heights) FROM heights),
       (SELECT jsonb_agg(unpriced) FROM unpriced),
       (SELECT jsonb_agg(failing) FROM failing),
       (SELECT jsonb_agg(runs) FROM runs)
  FROM extent, shown, gaps, columns
"""
FAILED = f"{NUMBERED} SELECT n, starts FROM numbered WHERE NOT ok"
FAILED_AFTER = f"{FAILED} ORDER BY n <= %(n)s, n LIMIT 1"
FAILED_BEFORE = f"{FAILED} ORDER BY n >= %(n)s, n DESC LIMIT 1"
FAILED_AT = f"{FAILED} AND starts >= %(at)s ORDER BY n LIMIT 1"
OF_RUN = f"""{NUMBERED}
SELECT id FROM numbered WHERE kind = %(kind)s
   AND n BETWEEN (SELECT n FROM numbered WHERE id = %(first)s) AND (SELECT n FROM numbered WHERE id = %(last)s)
 ORDER BY n LIMIT %(limit)s
"""


@dataclass(frozen=True)
class Total:
    """Of the steps of one kind that name the session, or of those matched by time."""

    kind: str
    named: bool
    steps: int
    failed: int
    cost: Decimal | None
    tokens: int | None


@dataclass(frozen=True)
class Run:
    """A step, or several alike that followed one another; `first` and `last` count the session's steps from 1.

    `ms` is None where no duration is known. `spent` and `used` are the cost and the tokens of the session so far.
    """

    first: int
    last: int
    times: int
    starts: datetime
    ends: datetime
    ms: int | None
    longest: int | None
    cost: Decimal | None
    tokens: int | None
    spent: Decimal | None
    used: int | None
    silent: int
    silent_input: int | None
    silent_output: int | None
    first_id: UUID
    last_id: UUID
    kind: str
    name: str
    part: str  # a model's provider, a skill's tool
    note: str
    ok: bool
    error: str | None
    named: bool

    @classmethod
    def of(cls, told: dict[str, Any]) -> "Run":
        starts, ends = (datetime.fromisoformat(told[name]) for name in ("starts", "ends"))
        ids = {name: UUID(told[name]) for name in ("first_id", "last_id")}
        return cls(**told | ids | {"starts": starts, "ends": ends})

    @property
    def label(self) -> str:
        return f"{self.name}.{self.part}" if self.kind == "skill" else self.name


@dataclass(frozen=True)
class Column:
    """Steps of one kind that began in one column of the drawing, counted from 1; 0 is before what is shown.

    Cost and tokens are of those that name the session.
    """

    kind: str
    place: int
    steps: int
    failed: int
    cost: Decimal | None
    tokens: int | None


@dataclass(frozen=True)
class Outline:
    """When the first step began and the last one ended, or the session itself; what there is, and when nothing was.

    `since` and `until` are what is shown: what was asked for, as far as it is there. `spans` are the times that the
    drawing's columns stand for, `runs` the steps that are listed.
    """

    first: datetime
    last: datetime
    since: datetime
    until: datetime
    gaps: list[tuple[datetime, datetime]]
    spans: list[tuple[datetime, datetime]]
    totals: list[Total]
    columns: list[Column]
    silent: list[dict[str, Any]]  # calls whose cost was not reported, by model and provider
    failures: list[dict[str, Any]]
    runs: list[Run]


class Steps:
    def __init__(self, session: AgentSession, children: list[dict[str, Any]], *, by_time: bool = True) -> None:
        self.life = Life.of(session)
        self.parameters = parameters(session, self.life, children)
        self.sql = sql_of_steps(by_time=by_time and self.life.by_time_until is not None)

    def ask(self, question: str, **more: Any) -> list[tuple[Any, ...]]:
        with connection.cursor() as cursor:
            cursor.execute(f"WITH {self.sql}{question}", self.parameters | more)
            return cursor.fetchall()

    def outline(self, since: datetime | None, until: datetime | None, *, after: int = 0, limit: int) -> Outline:
        """Of all steps; the gaps and runs are those of what is shown, which is all of it where there is no such part.

        The runs are `limit` at the most, of the steps from number `after` on.
        """
        [row] = self.ask(OUTLINE, **{"from": since, "to": until, "after": after, "limit": limit})
        first, last, since, until, idle, busy, begun, over, totals, columns, silent, failures, runs = row
        return Outline(
            first,
            last,
            since,
            until,
            gaps=list(zip(idle, busy, strict=True)),
            spans=list(zip(begun, over, strict=True)),
            totals=[Total(**one) for one in read(totals)],
            columns=[Column(**one) for one in read(columns)],
            silent=read(silent),
            failures=read(failures),
            runs=[Run.of(one) for one in read(runs)],
        )

    def failed_beside(self, n: int, *, onward: bool) -> tuple[int, datetime] | None:
        """The number and the start of the next failed step after step `n`, or before it; round the end if need be."""
        found = self.ask(FAILED_AFTER if onward else FAILED_BEFORE, n=n)
        return found[0] if found else None  # type: ignore[return-value]

    def failed_at(self, moment: datetime) -> tuple[int, datetime] | None:
        """The number and the start of the first failed step at that moment or later."""
        found = self.ask(FAILED_AT, at=moment)
        return found[0] if found else None  # type: ignore[return-value]

    def raw(self, kind: str, first: UUID, last: UUID, *, limit: int) -> list[dict[str, Any]]:
        """The rows themselves, of one step or of a run."""
        ids = [first]
        if first != last:
            ids = [key for (key,) in self.ask(OF_RUN, kind=kind, first=first, last=last, limit=limit)]
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT id, to_jsonb(t)::text FROM {TABLES[kind]} AS t WHERE id = ANY(%s)", [ids])
            rows = dict(cursor.fetchall())
        return [json.loads(rows[one]) for one in ids if one in rows]


def read(text: str | None) -> list[dict[str, Any]]:
    return json.loads(text, parse_float=Decimal) if text else []
