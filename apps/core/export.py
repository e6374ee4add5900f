"""Rows of any number as a file: PostgreSQL writes them, and they are sent as they come, in constant memory."""

import csv
import json
from collections.abc import AsyncIterator, Generator, Iterable, Sequence
from contextlib import closing
from io import StringIO
from typing import Any, Literal

from asgiref.sync import sync_to_async
from django.core.exceptions import EmptyResultSet
from django.core.handlers.asgi import ASGIRequest
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, StreamingHttpResponse
from psycopg.sql import Identifier

Format = Literal["json", "ndjson", "csv"]
Blocks = Generator[bytes, None, None]
Parameters = Sequence[Any] | None
TYPES: dict[Format, str] = {
    "json": "application/json",
    "ndjson": "application/x-ndjson",
    "csv": "text/csv; charset=utf-8",
}
ROWS_A_FETCH = 200
BLOCK = 1 << 16  # bytes
# Spreadsheets run a text that starts with one of these as a formula, and the texts are a language model's.
ARMED = ("=", "+", "@", "\t", "\r", "-")
UNARMED = """CASE WHEN pg_typeof(r.{0}) IN ('text'::regtype, 'varchar'::regtype) AND r.{0}::text ~ '^[=+@\\t\\r-]'
    THEN '''' || r.{0}::text ELSE r.{0}::text END AS {0}"""


def wanted_format(request: HttpRequest) -> Format | None:
    """What `?format=` of a page asks for; None is the page itself.

    Raises: Http404 for another format
    """
    asked = request.GET.get("format")
    if not asked:
        return None
    found = next((kind for kind in TYPES if kind == asked), None)
    if found is None:
        raise Http404(f"There is no export as {asked!r}; there are {', '.join(TYPES)}.")
    return found


def export_rows(request: HttpRequest, rows: QuerySet, fields: Sequence[str], name: str) -> StreamingHttpResponse:
    """Exactly `rows`, in their order, with the named columns, in the format that the URL asks for."""
    kind = wanted_format(request) or "csv"
    try:
        sql, parameters = rows.values(*fields).query.sql_with_params()
    except EmptyResultSet:
        columns = ", ".join(f"NULL AS {Identifier(field).as_string(None)}" for field in fields)
        sql, parameters = f"SELECT {columns} WHERE false", ()
    return download(request, written_as(kind, sql, parameters, unarmed=True), name, kind)


def export_table(
    request: HttpRequest, columns: Sequence[str], rows: Iterable[Sequence[Any]], name: str
) -> StreamingHttpResponse:
    """A table that is no query's, in the format that the URL asks for."""
    kind = wanted_format(request) or "csv"
    if kind == "csv":
        content = table_as_csv(columns, rows)
    else:
        lines = (
            json.dumps(dict(zip(columns, row, strict=True)), cls=DjangoJSONEncoder).encode() + b"\n" for row in rows
        )
        content = enclosed(lines) if kind == "json" else lines
    return download(request, in_blocks(content), name, kind)


def download(request: HttpRequest, content: Blocks, name: str, kind: Format) -> StreamingHttpResponse:
    return StreamingHttpResponse(
        in_threads(content) if isinstance(request, ASGIRequest) else content,
        content_type=TYPES[kind],
        headers={"Content-Disposition": f'attachment; filename="{name}.{kind}"'},
    )


async def in_threads(content: Blocks) -> AsyncIterator[bytes]:
    """Under ASGI Django would collect a plain iterator as a whole before it sends the first byte."""
    following = sync_to_async(lambda: next(content, b""))
    try:
        while block := await following():
            yield block
    finally:
        await sync_to_async(content.close)()


def written_as(kind: Format, sql: str, parameters: Parameters = None, *, unarmed: bool = False) -> Blocks:
    """All rows of a SELECT, in blocks of some 64 kB; neither the site nor PostgreSQL ever holds more of them.

    With `unarmed` a CSV holds no text that a spreadsheet would run.
    """
    if kind == "csv":
        parts = as_csv(disarmed(sql, parameters) if unarmed else sql, parameters)
    else:
        parts = as_json(sql, parameters) if kind == "json" else as_lines(sql, parameters)
    with closing(parts) as found:
        yield from in_blocks(found)


def as_lines(sql: str, parameters: Parameters) -> Blocks:
    with transaction.atomic(), connection.chunked_cursor() as cursor:
        cursor.execute(f"SELECT row_to_json(r)::text FROM ({sql}) AS r", parameters or None)
        while found := cursor.fetchmany(ROWS_A_FETCH):
            yield from (f"{row}\n".encode() for (row,) in found)


def as_json(sql: str, parameters: Parameters) -> Blocks:
    with closing(as_lines(sql, parameters)) as lines:
        yield from enclosed(lines)


def enclosed(lines: Iterable[bytes]) -> Blocks:
    yield b'{"records": ['
    for number, line in enumerate(lines):
        yield b"," + line if number else line
    yield b"]}"


def as_csv(sql: str, parameters: Parameters) -> Blocks:
    with transaction.atomic(), connection.cursor() as cursor:
        copying: Any = cursor.copy(f"COPY ({sql}) TO STDOUT WITH (FORMAT csv, HEADER)", parameters or None)
        with copying as lines:
            yield from map(bytes, lines)


def table_as_csv(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> Blocks:
    for row in (columns, *rows):
        line = StringIO()
        csv.writer(line, lineterminator="\n").writerow([disarmed_text(value) for value in row])
        yield line.getvalue().encode()


def disarmed_text(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(ARMED) else value


def disarmed(sql: str, parameters: Parameters) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM ({sql}) AS r LIMIT 0", parameters or None)
        columns = [Identifier(column.name).as_string(None) for column in cursor.description]
    return f"SELECT {', '.join(UNARMED.format(column) for column in columns)} FROM ({sql}) AS r"


def in_blocks(parts: Iterable[bytes]) -> Blocks:
    block = bytearray()
    for part in parts:
        block += part
        if len(block) >= BLOCK:
            yield bytes(block)
            block.clear()
    if block:
        yield bytes(block)
