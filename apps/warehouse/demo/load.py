"""Filling a warehouse: all tables in one transaction, so that an interrupted demo leaves nothing."""

from collections.abc import Callable, Iterator
from typing import Any

from django.db import connection

from apps.core.actors import Actor, acting
from apps.warehouse.demo.copying import Progress, copy_lines, copy_rows
from apps.warehouse.demo.goals import goals, hourly_goals
from apps.warehouse.demo.improvement import (
    improvement_proposals,
    lessons_learned,
    performance_log,
    spread_occurrences,
)
from apps.warehouse.demo.knowledge import knowledge_entities, knowledge_query_log, knowledge_relations
from apps.warehouse.demo.memories import memories, thoughts, working_memory
from apps.warehouse.demo.operations import (
    agent_performance,
    heartbeat_log,
    pending_complex_tasks,
    schedule_tick,
    scheduled_jobs,
)
from apps.warehouse.demo.prices import add_prices
from apps.warehouse.demo.registry import skill_status
from apps.warehouse.demo.security import api_key_rotations, rate_limits, security_events
from apps.warehouse.demo.semantic import semantic_memories
from apps.warehouse.demo.sessions import Telemetry
from apps.warehouse.demo.skillgraph import skill_graph_entities, skill_graph_relations
from apps.warehouse.demo.social import social_posts
from apps.warehouse.demo.steps import COLUMNS
from apps.warehouse.demo.world import COUNTS, Row, World

TABLES: dict[str, Callable[[World], Iterator[Row]]] = {
    "goals": goals,
    "hourly_goals": hourly_goals,
    "memories": memories,
    "working_memory": working_memory,
    "thoughts": thoughts,
    "semantic_memories": semantic_memories,
    "knowledge_entities": knowledge_entities,
    "knowledge_relations": knowledge_relations,
    "knowledge_query_log": knowledge_query_log,
    "skill_graph_entities": skill_graph_entities,
    "skill_graph_relations": skill_graph_relations,
    "lessons_learned": lessons_learned,
    "improvement_proposals": improvement_proposals,
    "performance_log": performance_log,
    "scheduled_jobs": scheduled_jobs,
    "schedule_tick": schedule_tick,
    "heartbeat_log": heartbeat_log,
    "pending_complex_tasks": pending_complex_tasks,
    "agent_performance": agent_performance,
    "security_events": security_events,
    "api_key_rotations": api_key_rotations,
    "rate_limits": rate_limits,
    "social_posts": social_posts,
}
NUMBERED = ("hourly_goals", "performance_log", "pending_complex_tasks", "agent_performance", "schedule_tick")


def tables_with_rows() -> list[str]:
    """Those of the warehouse's tables that have rows; before the first migration there are none at all."""
    with connection.cursor() as cursor:
        known = sorted(COUNTS.keys() & connection.introspection.table_names(cursor))
        return [table for table in known if has_rows(cursor, table)]


def has_rows(cursor: Any, table: str) -> bool:
    cursor.execute(f"SELECT EXISTS (SELECT FROM {table})")
    return bool(cursor.fetchone()[0])


def fill(world: World, progress: Progress = lambda count: None) -> None:
    with acting(Actor("command", "demo")), connection.cursor() as cursor:
        # Bigger batches for the two GIN indexes that every row of telemetry goes into.
        cursor.execute("SET LOCAL gin_pending_list_limit = '64MB'; SET LOCAL work_mem = '64MB'")
        for table, rows in TABLES.items():
            copy_rows(cursor, table, rows(world), progress)
        fill_telemetry(world, cursor, progress)
        add_prices(cursor)
        spread_occurrences(cursor)
        for table in NUMBERED:  # the demo brings its own numbers
            cursor.execute(f"SELECT setval('{table}_id_seq', max(id)) FROM {table}")


def fill_telemetry(world: World, cursor: Any, progress: Progress) -> None:
    telemetry = Telemetry(world)
    for chunk in telemetry.chunks():
        for table, lines in chunk.items():
            copy_lines(cursor, table, COLUMNS[table], lines, progress)
    copy_rows(cursor, "skill_status", skill_status(world, telemetry.steps), progress)


def analyze() -> None:
    """Fresh statistics and visibility for the planner, as a warehouse in use has them."""
    with connection.cursor() as cursor:
        for table in COUNTS:
            cursor.execute(f"VACUUM (ANALYZE) {table}")
