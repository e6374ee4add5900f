import time
from datetime import datetime

from django.apps import apps
from django.db import DatabaseError, connection
from django.http import HttpRequest
from ninja import Router, Schema

from apps.core.api import answer
from apps.memory.models import Memory, Thought
from apps.telemetry.models import ActivityLog
from apps.telemetry.sums import ActivitySum

router = Router(tags=["Health"])
STARTED = time.monotonic()
VERSION = "3.0.0"  # of the wire contract: clients compare it


class Health(Schema):
    status: str
    uptime_seconds: int
    database: str
    version: str


class Tables(Schema):
    """`error` where the database does not answer."""

    status: str
    tables: dict[str, bool]
    missing: list[str]
    existing_count: int
    expected_count: int
    pgvector_installed: bool
    extensions: list[str]
    error: str | None = None


class Totals(Schema):
    activities_count: int
    thoughts_count: int
    memories_count: int
    last_activity: datetime | None


@router.get("/health", auth=None, response={200: Health, 503: Health}, summary="Is the site well?")
def health(request: HttpRequest):
    """Asks the database; 503 when it does not answer."""
    database = database_error() is None
    return answer(
        {
            "status": "healthy" if database else "unhealthy",
            "uptime_seconds": int(time.monotonic() - STARTED),
            "database": "connected" if database else "disconnected",
            "version": VERSION,
        },
        status=200 if database else 503,
    )


@router.get("/health/db", response=Tables, summary="Which tables and extensions are there?")
def health_db(request: HttpRequest):
    expected = warehouse_tables()
    try:
        present, extensions = catalogue()
    except DatabaseError as error:
        failed = {
            "status": "error",
            "error": str(error)[:200],
            "tables": {},
            "missing": [],
            "pgvector_installed": False,
        }
        return answer(failed | {"existing_count": 0, "expected_count": len(expected), "extensions": []})
    missing = [table for table in expected if table not in present]
    return answer(
        {
            "status": "degraded" if missing else "ok",
            "tables": {table: table in present for table in expected},
            "missing": missing,
            "existing_count": len(expected) - len(missing),
            "expected_count": len(expected),
            "pgvector_installed": "vector" in extensions,
            "extensions": sorted(extensions),
        }
    )


@router.get("/stats", response=Totals, summary="How much is there?", operation_id="warehouse_totals")
def stats(request: HttpRequest):
    newest = ActivityLog.objects.order_by("-created_at").values_list("created_at", flat=True).first()
    return answer(
        {
            "activities_count": ActivitySum.objects.between(None).recorded(),
            "thoughts_count": Thought.objects.count(),
            "memories_count": Memory.objects.count(),
            "last_activity": newest,
        }
    )


def database_error() -> DatabaseError | None:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as error:
        return error
    return None


def warehouse_tables() -> list[str]:
    """The 28 tables that the models describe."""
    models = [model for model in apps.get_models() if model.__module__.startswith("apps.")]
    return sorted(model._meta.db_table for model in models if not model._meta.db_table.startswith("site_"))


def catalogue() -> tuple[set[str], set[str]]:
    """The names of all tables and extensions in the database."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT extname FROM pg_extension")
        extensions = {name for (name,) in cursor.fetchall()}
        return set(connection.introspection.table_names(cursor)), extensions
