"""The whole organic graph as a file, of one moment, written while it is read."""

import json
from collections.abc import Callable, Iterable
from contextlib import closing
from typing import Any, Literal
from xml.etree import ElementTree

from django.core.handlers.asgi import ASGIRequest
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.http import HttpRequest, StreamingHttpResponse

from apps.core.export import Blocks, in_blocks, in_threads
from apps.core.snapshots import snapshot
from apps.knowledge.browser.downloads import KEYS, say
from apps.knowledge.browser.node_page import as_json
from apps.knowledge.models import KnowledgeEntity, KnowledgeRelation

Kind = Literal["jsonl", "json", "graphml"]
A_FETCH = 500
ENTITY = ("id", "name", "type", "properties", "created_at")
RELATION = ("id", "from_entity", "to_entity", "relation_type", "properties", "created_at", "from_name", "to_name")
Rows = Iterable[dict[str, Any]]


def export_graph(request: HttpRequest, kind: Kind) -> StreamingHttpResponse:
    content = of_one_moment(WRITERS[kind])
    return StreamingHttpResponse(
        in_threads(content) if isinstance(request, ASGIRequest) else content,
        content_type=TYPES[kind],
        headers={"Content-Disposition": f'attachment; filename="knowledge.{kind}"'},
    )


def of_one_moment(written: Callable[[Rows, Rows], Blocks]) -> Blocks:
    with snapshot():
        entities = KnowledgeEntity.objects.order_by("created_at", "id").values(*ENTITY)
        relations = KnowledgeRelation.objects.with_ends().order_by("created_at", "id").values(*RELATION)
        with closing(written(each(entities), each(relations))) as parts:
            yield from in_blocks(parts)


def each(rows: models.QuerySet) -> Rows:
    return rows.iterator(chunk_size=A_FETCH)


def as_lines(entities: Rows, relations: Rows) -> Blocks:
    """As the MCP memory server reads it; ids and other properties, which it skips, make our own way back exact."""
    for row in entities:
        own = row["properties"]
        properties = dict(own) if isinstance(own, dict) else {}
        observations = properties.pop("observations", [])
        item = {"type": "entity", "name": row["name"], "entityType": row["type"]}
        item |= {"observations": observations if isinstance(observations, list) else [observations]}
        yield line(item | {"id": row["id"]} | ({"properties": properties} if properties else {}))
    for row in relations:
        item = {"type": "relation", "from": row["from_name"], "to": row["to_name"]}
        item |= {"relationType": row["relation_type"], "from_id": row["from_entity"], "to_id": row["to_entity"]}
        yield line(item | ({"properties": row["properties"]} if row["properties"] else {}))


def as_whole(entities: Rows, relations: Rows) -> Blocks:
    yield b'{"entities": [\n'
    yield from listed(entities)
    yield b'], "relations": [\n'
    yield from listed(relations)
    yield b"]}\n"


def listed(rows: Rows) -> Blocks:
    for number, row in enumerate(rows):
        yield (b"," if number else b"") + line(row)


def line(item: dict[str, Any]) -> bytes:
    return json.dumps(item, cls=DjangoJSONEncoder, ensure_ascii=False).encode() + b"\n"


def as_graphml(entities: Rows, relations: Rows) -> Blocks:
    yield b'<?xml version="1.0" encoding="utf-8"?>\n<graphml xmlns="http://graphml.graphdrawing.org/xmlns">\n'
    for of, name in (*KEYS, ("edge", "properties")):
        # One id for each: `properties` is of nodes and of edges.
        key = {"id": name if of == "node" else f"edge_{name}", "for": of, "attr.name": name, "attr.type": "string"}
        yield element("key", key)
    yield b'<graph edgedefault="directed">\n'
    for row in entities:
        yield element("node", {"id": str(row["id"])}, name=row["name"], type=row["type"], properties=said(row))
    for row in relations:
        ends = {"source": str(row["from_entity"]), "target": str(row["to_entity"])}
        values = {"edge_relation_type": row["relation_type"], "edge_properties": said(row)}
        yield element("edge", ends, **values, edge_created_at=row["created_at"].isoformat())
    yield b"</graph>\n</graphml>\n"


def element(tag: str, attributes: dict[str, str], **values: str) -> bytes:
    made = ElementTree.Element(tag, attributes)
    say(made, **values)
    return ElementTree.tostring(made, encoding="utf-8") + b"\n"


def said(row: dict[str, Any]) -> str:
    return as_json(row["properties"])


TYPES: dict[Kind, str] = {
    "jsonl": "application/x-ndjson",
    "json": "application/json",
    "graphml": "application/graphml+xml",
}
WRITERS: dict[Kind, Callable[[Rows, Rows], Blocks]] = {"jsonl": as_lines, "json": as_whole, "graphml": as_graphml}
