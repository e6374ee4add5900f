"""What is sent twice is done once: telemetry by its rows' ids, all other writes by their Idempotency-Key."""

from collections.abc import Callable
from functools import wraps
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4, uuid5

from django.db import connection, transaction
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from ninja.errors import HttpError

from apps.core.actors import actor_of
from apps.core.api import to_json
from apps.core.bodies import TelemetryBody
from apps.core.metrics import count_rows
from apps.core.models import IdempotencyKey

KEYS = UUID("6f1d6c1c-52f1-4b57-8f5e-0a4d3f3f9a11")
View = Callable[..., Any]


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


def knows_retries(view: View) -> View:
    """Mark an endpoint that tells a retry by a `row_id` of its own."""
    view.knows_retries = True  # type: ignore[attr-defined]
    return view


def once(view: View) -> View:
    """Decorates all endpoints: a write whose Idempotency-Key has succeeded before is answered as it was then.

    Another try that comes while the first is at work waits for it. What fails leaves no trace, and may be tried anew.
    The key of another write is refused, for to answer as if this one were done would lose it.
    """
    if getattr(view, "knows_retries", False):
        return view

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        is_keyed = request.method not in ("GET", "HEAD") and "Idempotency-Key" in request.headers
        if not is_keyed or any(isinstance(value, TelemetryBody) for value in kwargs.values()):
            return view(request, *args, **kwargs)
        with transaction.atomic():
            asked = digest_of(request)
            done, is_new = IdempotencyKey.objects.get_or_create(pk=row_id(request, None), defaults={"request": asked})
            if not is_new and done.request not in (asked, None):
                raise HttpError(422, "This Idempotency-Key was used for another request")
            if not is_new:
                return HttpResponse(done.answer, content_type="application/json")
            result = view(request, *args, **kwargs)
            remember(done, result)
            return result

    return wrapped


def digest_of(request: HttpRequest) -> str:
    """Of its query and body; method and path are in the key's id."""
    return sha256(request.META.get("QUERY_STRING", "").encode() + b"\n" + request.body).hexdigest()


def remember(done: IdempotencyKey, result: Any) -> None:
    if isinstance(result, HttpResponse) and result.status_code >= 400:
        transaction.set_rollback(True)
        return
    body = result.content if isinstance(result, HttpResponse) else to_json(result)
    done.answer = body.decode()
    done.save(update_fields=["answer"])
