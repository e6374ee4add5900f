"""All tables of the database: how many rows, how large, whose, and when last written.

The catalogue knows the sizes; only tables of up to a megabyte are counted, so the answer takes no longer
for a large warehouse than for a small one.
"""

from dataclasses import dataclass
from datetime import datetime

from django.apps import apps
from django.db import connection

from apps.warehouse.catalogue import SITE_PREFIXES, rows

SMALL = 1 << 20
# Columns that are set when a row is written; of a large table only those that an index can answer for.
WRITTEN = [
    *("created_at", "updated_at", "started_at", "posted_at", "rotated_at", "synced_at", "changed_at", "date_joined"),
    *("applied_at", "applied", "action_time", "fetched_at", "noted_at", "found_at", "at"),
]
DOMAINS = {
    "Core": "activity_log goals thoughts memories working_memory",
    "Telemetry": "skill_invocations",
    "Operations": "agent_sessions model_usage pending_complex_tasks heartbeat_log model_cost_reference "
    "agent_performance rate_limits",
    "Knowledge": "skill_graph_entities skill_graph_relations knowledge_query_log knowledge_entities "
    "knowledge_relations",
    "Social": "social_posts moltbook_posts",
    "Self-Improve": "lessons_learned improvement_proposals",
    "Scheduling": "hourly_goals scheduled_jobs schedule_tick",
    "Registry": "skill_status",
    "Security": "security_events api_key_rotations",
    "Performance": "performance_log",
    "Memory": "semantic_memories",
    "System": "schema_migrations",
}
DOMAIN_OF = {table: domain for domain, tables in DOMAINS.items() for table in tables.split()}

# As PostgreSQL's planner does it: rows a page when last analysed, times the pages of now.
TABLES = """
SELECT c.relname, pg_total_relation_size(c.oid), pg_relation_size(c.oid) <= %s,
       has_table_privilege(c.oid, 'SELECT'),
       CASE WHEN c.reltuples < 0 OR c.relpages = 0 THEN greatest(s.n_live_tup, 0)
            ELSE c.reltuples / c.relpages * (pg_relation_size(c.oid) / current_setting('block_size')::int)
       END::bigint,
       (SELECT coalesce(array_agg(a.attname::text), '{}')
          FROM pg_attribute a
         WHERE a.attrelid = c.oid AND NOT a.attisdropped AND a.attname = ANY(%s)
           AND a.atttypid IN ('timestamptz'::regtype, 'timestamp'::regtype)
           AND (pg_relation_size(c.oid) <= %s
                OR EXISTS (SELECT FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid
                             JOIN pg_am m ON m.oid = x.relam
                            WHERE i.indrelid = c.oid AND i.indkey[0] = a.attnum AND m.amname = 'btree'
                              AND i.indisvalid AND i.indpred IS NULL)))
  FROM pg_class c LEFT JOIN pg_stat_user_tables s ON s.relid = c.oid
 WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p')
   AND NOT EXISTS (SELECT FROM pg_depend d
                    WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
 ORDER BY c.relname
"""


@dataclass(frozen=True)
class Entry:
    table: str
    rows: int
    is_estimate: bool
    size: int  # bytes, indexes included
    domain: str
    model: str | None
    last_write: datetime | None

    @property
    def is_site(self) -> bool:
        return self.domain == "Site"


def tables() -> list[Entry]:
    """The warehouse's tables, then the site's own, each from the most rows to the fewest."""
    found = rows(TABLES, [SMALL, WRITTEN, SMALL])
    measured = measure([(table, small, columns) for table, _, small, readable, _, columns in found if readable])
    models = {model._meta.db_table: model.__name__ for model in apps.get_models()}
    entries = []
    for table, size, _, _, estimate, _ in found:
        count, last_write = measured.get(table, (None, None))
        entries.append(
            Entry(
                table=table,
                rows=estimate if count is None else count,
                is_estimate=count is None,
                size=size,
                domain=domain_of(table),
                model=models.get(table),
                last_write=last_write,
            )
        )
    return sorted(entries, key=lambda entry: (entry.is_site, -entry.rows, entry.table))


def measure(found: list[tuple[str, bool, list[str]]]) -> dict[str, tuple[int | None, datetime | None]]:
    """(count, last write) by table, in one statement; no count for large tables."""
    selects, names = [], []
    for table, small, columns in found:
        name = connection.ops.quote_name(table)
        count = f"(SELECT count(*) FROM {name})" if small else "NULL::bigint"
        latest = [f"(SELECT max({connection.ops.quote_name(column)})::timestamptz FROM {name})" for column in columns]
        selects.append(f"SELECT %s, {count}, greatest(NULL::timestamptz{''.join(', ' + part for part in latest)})")
        names.append(table)
    if not selects:
        return {}
    return {table: (count, latest) for table, count, latest in rows(" UNION ALL ".join(selects), names)}


def domain_of(table: str) -> str:
    return "Site" if table.startswith(SITE_PREFIXES) else DOMAIN_OF.get(table, "Legacy")
