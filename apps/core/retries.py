"""Telemetry that is sent twice is stored once: the row's id is the sender's own, or made from its Idempotency-Key."""

from typing import Any
from uuid import UUID, uuid4, uuid5

from django.db import connection
from django.db.models import Model
from django.http import HttpRequest

from apps.core.actors import actor_of
from apps.core.metrics import count_rows

KEYS = UUID("6f1d6c1c-52f1-4b57-8f5e-0a4d3f3f9a11")


def row_id(request: HttpRequest, given: UUID | None) -> UUID:
    """The same for each try of one sender: its own id, else one derived from its Idempotency-Key, else a new one."""
    if given:
        return given
    if key := request.headers.get("Idempotency-Key"):
        return uuid5(KEYS, f"{actor_of(request).name} {request.method} {request.path} {key}")
    return uuid4()


def store_once(row: Model) -> None:
    """Insert `row`; where its id is there already it was a retry, and nothing happens."""
    stored = 0

    def note(execute: Any, sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        nonlocal stored
        result = execute(sql, params, many, context)
        stored = context["cursor"].rowcount
        return result

    with connection.execute_wrapper(note):
        type(row)._default_manager.bulk_create([row], ignore_conflicts=True)
    count_rows(row._meta.db_table, stored=stored, duplicate=1 - stored)
