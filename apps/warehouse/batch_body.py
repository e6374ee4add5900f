"""The body of a batch, which may be larger than that of any other request."""

from typing import Any

import orjson
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest

from apps.core.bodies import UnreadableBody, is_too_deep
from apps.warehouse.batch_report import Unreadable

LARGEST = 16 * 1024 * 1024
MOST = 10_000
NDJSON = "application/x-ndjson"


def read(request: HttpRequest) -> bytes:
    """Past `request.body`, which has the site's bound for all other requests."""
    body = request.read(LARGEST + 1)
    if len(body) > LARGEST:
        raise RequestDataTooBig
    return body.strip()


def items_of(body: bytes, content_type: str | None) -> list[Any]:
    """Of an array, or of one object a line: no line of those begins with a bracket."""
    if body.startswith(b"["):
        items = parsed(body)
    elif body.startswith(b"{") or (body and content_type == NDJSON):
        items = of_lines([line for line in body.splitlines() if line.strip()])
    else:
        raise UnreadableBody("a batch is an array, or one object a line")
    if len(items) > MOST:
        raise RequestDataTooBig
    return items


def parsed(text: bytes) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise UnreadableBody(str(error)) from error


def of_lines(lines: list[bytes]) -> list[Any]:
    """Read in one go; where that fails line by line, so that one broken line costs no other."""
    if len(lines) > MOST:
        raise RequestDataTooBig
    try:
        items = orjson.loads(b"[%s]" % b",".join(lines))
        if len(items) == len(lines):
            return items
    except orjson.JSONDecodeError:
        pass
    items = [parsed_line(line) for line in lines]
    if all(isinstance(item, Unreadable) for item in items):
        raise UnreadableBody(items[0].problem)
    return items


def parsed_line(line: bytes) -> Any:
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError as error:
        return Unreadable(f"no JSON: {error}")


def is_suspect(body: bytes, items: list[Any]) -> bool:
    """Whether some item may hold what no row can: rare, and too dear to ask of each."""
    return b"\\u0000" in body or is_too_deep(items)
