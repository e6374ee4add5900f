"""Which format a file is in, and the JSON ones.

- the MCP memory server's file: {"type": "entity", "name", "entityType", "observations"} and
  {"type": "relation", "from", "to", "relationType"}, an object a line;
- JSON: {"entities": [...], "relations": [...]} as the API, the MCP server and the site's own export say it, or
  {"nodes": [...], "edges": [...]} as the download of a picture;
- GraphML.
"""

from typing import Any

from apps.core.bodies import UnreadableBody, storable_json
from apps.knowledge.imports.draft import Draft
from apps.knowledge.imports.graphml import read_graphml

LISTS = {"entities": "relations", "nodes": "edges"}


def read(content: bytes) -> Draft:
    """Raises: UnreadableBody: it is none of the formats; what is wrong with single items is in the draft."""
    content = content.removeprefix(b"\xef\xbb\xbf").strip()
    if content.startswith(b"<"):
        return read_graphml(content)
    if not content.startswith((b"{", b"[")):
        raise UnreadableBody("this is no JSON, no JSON lines and no GraphML")
    lines = content.splitlines()
    if len(lines) > 1 and is_object(lines[0]):
        return read_lines(lines)
    whole = storable_json(content)
    if isinstance(whole, dict) and not LISTS.keys() & whole.keys():
        whole = [whole]
    return read_items(whole) if isinstance(whole, list) else read_lists(whole)


def is_object(line: bytes) -> bool:
    try:
        return isinstance(storable_json(line), dict)
    except UnreadableBody:
        return line.rstrip().endswith(b"}") and b'"type"' in line


def read_lines(lines: list[bytes]) -> Draft:
    draft = Draft()
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                add_item(draft, f"line {number}", storable_json(line))
            except UnreadableBody as error:
                draft.refuse(f"line {number}", str(error))
    return draft


def read_items(items: list[Any]) -> Draft:
    draft = Draft()
    for number, item in enumerate(items, 1):
        add_item(draft, f"item {number}", item)
    return draft


def read_lists(whole: dict[str, Any]) -> Draft:
    draft = Draft()
    for nodes, edges in LISTS.items():
        for what, add, items in (("entity", add_node, whole.get(nodes)), ("relation", add_edge, whole.get(edges))):
            for number, item in enumerate(items if isinstance(items, list) else [], 1):
                if isinstance(item, dict):
                    add(draft, f"{what} {number}", item)
                else:
                    draft.refuse(f"{what} {number}", "this is no object")
    return draft


def add_item(draft: Draft, place: str, item: Any) -> None:
    kind = item.get("type") if isinstance(item, dict) else None
    if kind == "entity":
        add_node(draft, place, item)
    elif kind == "relation":
        add_edge(draft, place, item)
    else:
        draft.refuse(place, 'this is no object whose type is "entity" or "relation"')


def add_node(draft: Draft, place: str, item: dict[str, Any]) -> None:
    # Of the MCP server's lines `type` only says that it is an entity.
    type = item["entityType"] if "entityType" in item else item.get("type")
    properties = item.get("properties") or {}
    if (observations := item.get("observations")) and isinstance(properties, dict):
        properties = properties | {"observations": observations if isinstance(observations, list) else [observations]}
    draft.node(place, item.get("name"), type, properties, item.get("id"))


def add_edge(draft: Draft, place: str, item: dict[str, Any]) -> None:
    start, end = (first(item, *names) for names in (("from_id", "from_entity", "from"), ("to_id", "to_entity", "to")))
    relation_type = first(item, "relation_type", "relationType")
    draft.edge(place, start, end, relation_type, item.get("properties") or {})


def first(item: dict[str, Any], *names: str) -> Any:
    return next((item[name] for name in names if name in item), None)
