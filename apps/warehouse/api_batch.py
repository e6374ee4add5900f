"""Telemetry of all kinds in one request."""

from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema
from ninja.errors import HttpError

from apps.core.api import answer
from apps.core.bodies import UnreadableBody
from apps.core.metrics import count_rows
from apps.core.retries import knows_retries, row_id
from apps.warehouse import batch, batch_body
from apps.warehouse.batch_kinds import KINDS
from apps.warehouse.batch_report import Report

router = Router(tags=["Telemetry"])
ITEM = {
    "type": "object",
    "required": ["kind"],
    "properties": {"kind": {"enum": list(KINDS)}, "id": {"type": "string", "format": "uuid"}},
}
BODY = {
    "application/json": {
        "schema": {"type": "array", "items": ITEM, "maxItems": batch_body.MOST},
        "example": [{"kind": "heartbeat"}, {"kind": "thought", "content": "The report is due."}],
    },
    batch_body.NDJSON: {"schema": ITEM},
}


class Told(Schema):
    index: int
    kind: str | None
    detail: str


class KindCounts(Schema):
    stored: int
    duplicates: int


class Outcome(Schema):
    """`received` is `stored` and `duplicates` and the number of `invalid`."""

    received: int
    stored: int
    duplicates: int
    invalid: list[Told]
    notes: list[Told]
    by_kind: dict[str, KindCounts]


@router.post(
    "/batch",
    response=Outcome,
    summary="Report telemetry of all kinds at once",
    openapi_extra={"requestBody": {"required": True, "content": BODY}},
)
@knows_retries
def record_batch(request: HttpRequest):
    """An array, or one object a line, of up to 10,000 items and 16 MB. An item is the body of its kind's own POST
    and a `kind`. Valid items are stored, whatever the others are; what is there already is left as it is.

    A line that is no JSON counts as an item, an empty one does not. A model call of an unknown session is
    stored without it, and noted. An activity that came too early is among the invalid, and so is a change
    (`session_update`, with a `session_id`) of an unknown session. `created_at` tells when an item came about.
    """
    body = batch_body.read(request)
    items = readable(body, request.content_type)
    report = batch.store(items, row_id(request, None), suspect=batch_body.is_suspect(body, items))
    count(report)
    return answer(report.answer())


def count(report: Report) -> None:
    for name, rows in report.by_kind.items():
        count_rows(table_of(name), stored=rows["stored"], duplicate=rows["duplicates"])
    for item in report.invalid:
        count_rows(table_of(item["kind"]), invalid=1)


def table_of(kind: str | None) -> str:
    return KINDS[kind].model._meta.db_table if kind in KINDS else "unknown"


def readable(body: bytes, content_type: str | None) -> list[Any]:
    try:
        return batch_body.items_of(body, content_type)
    except UnreadableBody as error:
        raise HttpError(422, "Cannot parse request body") from error
