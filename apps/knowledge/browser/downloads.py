"""What is shown of a graph as a file: exactly the nodes and relations of the page."""

import re
from typing import Any
from uuid import UUID
from xml.etree import ElementTree

from django.http import HttpResponse, JsonResponse
from django.template.loader import render_to_string

from apps.knowledge.browser.drawing import Drawing
from apps.knowledge.browser.neighbourhood import Neighbourhood
from apps.knowledge.browser.node_page import as_json
from apps.knowledge.graphs import Graph

KINDS = ("svg", "graphml", "json")
NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")  # what XML cannot say
KEYS = (("node", "name"), ("node", "type"), ("node", "properties"), ("edge", "relation_type"), ("edge", "created_at"))


def download(kind: str, graph: Graph, shown: Neighbourhood, drawing: Drawing) -> HttpResponse:
    if kind == "svg":
        answer = HttpResponse(as_svg(drawing), content_type="image/svg+xml")
    elif kind == "graphml":
        answer = HttpResponse(as_graphml(graph, shown), content_type="application/graphml+xml")
    else:
        answer = JsonResponse(as_data(graph, shown), json_dumps_params={"ensure_ascii": False})
    answer["Content-Disposition"] = f'attachment; filename="graph.{kind}"'
    return answer


def as_svg(drawing: Drawing) -> str:
    return NO_XML.sub("\ufffd", render_to_string("knowledge/picture.svg", {"drawing": drawing}))


def as_data(graph: Graph, shown: Neighbourhood) -> dict[str, Any]:
    properties = properties_of(graph, shown)
    return {
        "centre": shown.centre.id,
        "nodes": [
            {"id": node.id, "name": node.name, "type": node.type, "properties": properties.get(node.id, {})}
            for node in shown.nodes.values()
        ],
        "edges": [
            {
                "from_entity": edge.start,
                "to_entity": edge.end,
                "relation_type": edge.relation_type,
                "created_at": edge.created_at,
            }
            for edge in shown.edges
        ],
    }


def as_graphml(graph: Graph, shown: Neighbourhood) -> bytes:
    root = ElementTree.Element("graphml", xmlns="http://graphml.graphdrawing.org/xmlns")
    for of, name in KEYS:
        ElementTree.SubElement(root, "key", {"id": name, "for": of, "attr.name": name, "attr.type": "string"})
    drawn = ElementTree.SubElement(root, "graph", edgedefault="directed")
    data = as_data(graph, shown)
    for node in data["nodes"]:
        element = ElementTree.SubElement(drawn, "node", id=str(node["id"]))
        say(element, name=node["name"], type=node["type"], properties=as_json(node["properties"]))
    for edge in data["edges"]:
        ends = {"source": str(edge["from_entity"]), "target": str(edge["to_entity"])}
        element = ElementTree.SubElement(drawn, "edge", ends)
        say(element, relation_type=edge["relation_type"], created_at=edge["created_at"].isoformat())
    return ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)


def say(element: ElementTree.Element, **values: str) -> None:
    for key, value in values.items():
        ElementTree.SubElement(element, "data", key=key).text = NO_XML.sub("\ufffd", value)


def properties_of(graph: Graph, shown: Neighbourhood) -> dict[UUID, Any]:
    return dict(graph.entities.objects.filter(pk__in=shown.nodes).values_list("id", "properties"))
