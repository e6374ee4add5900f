"""The tables that grow fastest: how they are, and their statistics anew."""

from datetime import datetime
from typing import Any

from django.db import DatabaseError, connection, transaction

from apps.warehouse.catalogue import rows

BUSY = ("activity_log", "model_usage", "heartbeat_log", "thoughts")
STATS = """
SELECT relname, n_live_tup, n_dead_tup, greatest(last_vacuum, last_autovacuum)
  FROM pg_stat_user_tables WHERE schemaname = current_schema() AND relname = ANY (%s)
 ORDER BY n_dead_tup DESC, relname
"""


def table_stats() -> list[dict[str, Any]]:
    """Of the busy tables, most dead rows first; the last vacuum is by hand or by PostgreSQL itself."""
    found: list[tuple[str, int, int, datetime | None]] = rows(STATS, [list(BUSY)])
    return [dict(zip(("table", "live_tuples", "dead_tuples", "last_vacuum"), row, strict=True)) for row in found]


def analyze() -> dict[str, str]:
    return {table: analyzed(table) for table in BUSY}


def analyzed(table: str) -> str:
    """What became of it; one table's trouble does not keep the others from it."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '5s'")
            cursor.execute(f"ANALYZE {table}")
    except DatabaseError as error:
        return f"error: {str(error).splitlines()[0]}"
    return "analyzed"
