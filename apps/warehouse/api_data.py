"""The tables as they are: records, export, search and what keeps them fast."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import orjson
from django.http import HttpRequest
from ninja import Query, Router, Schema
from ninja.errors import HttpError

from apps.core.api import answer, require_admin
from apps.core.bodies import Limit, PageNumber
from apps.core.export import Format, download, written_as
from apps.core.openapi import may_fail
from apps.warehouse import maintenance, records, search

router = Router(tags=["Data"])
EXPORTED = may_fail(400)
EXPORTED["responses"][200] = {
    "content": {
        "application/json": {
            "schema": {
                "type": "object",
                "required": ["records"],
                "properties": {"records": {"type": "array", "items": {"type": "object"}}},
            }
        },
        "application/x-ndjson": {"schema": {"type": "string"}},
        "text/csv": {"schema": {"type": "string"}},
    }
}
TableName = Annotated[str, Query(max_length=100, description="Any table of the warehouse, the older ones too.")]
SearchText = Annotated[str, Query(max_length=500)]


class Maintenance(Schema):
    maintenance: str
    tables: dict[str, str]


class TableStats(Schema):
    table: str
    live_tuples: int
    dead_tuples: int
    last_vacuum: datetime | None


class Records(Schema):
    records: list[dict[str, Any]]
    total: int
    page: int
    limit: int


class FoundText(Schema):
    id: UUID
    type: str
    content: str | None
    timestamp: datetime


class FoundMemory(FoundText):
    key: str


class SearchResult(Schema):
    activities: list[FoundText]
    thoughts: list[FoundText]
    memories: list[FoundMemory]


@router.post(
    "/maintenance",
    response=Maintenance,
    summary="Make the busy tables' statistics anew",
    operation_id="maintain_tables",
)
def maintain(request: HttpRequest):
    """Needs the scope `admin`."""
    require_admin(request)
    return {"maintenance": "complete", "tables": maintenance.analyze()}


@router.get("/table-stats", response=list[TableStats], summary="Live and dead rows of the busy tables")
def table_stats(request: HttpRequest):
    return answer(maintenance.table_stats())


@router.get("/records", response=Records, summary="The rows of a table, the newest first", openapi_extra=may_fail(400))
def list_records(request: HttpRequest, table: TableName = "activities", page: PageNumber = 1, limit: Limit = 25):
    """Columns under their database names; vectors are left out."""
    found, total = records.page(readable(table), page, limit)
    return answer({"records": orjson.Fragment(found), "total": total, "page": page, "limit": limit})


@router.get(
    "/export", summary="A whole table, the newest rows first", operation_id="export_table", openapi_extra=EXPORTED
)
def export(request: HttpRequest, table: TableName = "activities", format: Literal["json", "ndjson", "csv", ""] = ""):
    """Streamed: `{"records": [...]}`, one object a line (`ndjson`), or `csv` with a head line."""
    kind: Format = format or "json"
    return download(request, written_as(kind, readable(table).select()), table, kind)


@router.get(
    "/search", response=SearchResult, summary="A text in activities, thoughts and memories", operation_id="search_texts"
)
def search_all(
    request: HttpRequest,
    q: SearchText = "",
    activities: bool = True,
    thoughts: bool = True,
    memories: bool = True,
):
    """The newest 20 of each; a text without three letters or digits in a row is looked for in the newest 10,000."""
    wanted = {"activities": activities, "thoughts": thoughts, "memories": memories}
    return answer({kind: search.newest(kind, q) if asked and q.strip() else [] for kind, asked in wanted.items()})


def readable(table: str) -> records.Source:
    try:
        return records.source(table or "activities")
    except records.UnknownTable:
        raise HttpError(400, "Invalid table") from None
