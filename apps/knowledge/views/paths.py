from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from apps.core.requests import HtmxRequest
from apps.core.snapshots import snapshot
from apps.knowledge.browser.downloads import KINDS, download
from apps.knowledge.browser.drawing import drawing
from apps.knowledge.browser.found import FoundNode, find
from apps.knowledge.browser.kinds import kinds_of
from apps.knowledge.browser.pages import PAGES, Pages
from apps.knowledge.browser.paths import paths_between
from apps.knowledge.browser.relations import all_relation_types
from apps.knowledge.browser.wanted import wanted
from apps.knowledge.views.browser import cleaned, offered

MOST_MEANT = 6


@require_GET
def paths(request: HtmxRequest, of: str) -> HttpResponse:
    """Between two nodes, each named by its id or its exact name."""
    pages, asked = PAGES[of], wanted(request.GET)
    start, end = (end_named(pages, cleaned(request, name)) for name in ("from", "to"))
    types = offered(all_relation_types(pages.graph), asked.relation)
    context: dict[str, Any] = {"pages": pages, "wanted": asked, "start": start, "end": end, "relation_types": types}
    if start["node"] and end["node"]:
        with snapshot():
            found = paths_between(pages.graph, start["node"].pk, end["node"].pk, asked)
            kinds = kinds_of(pages.graph, found.shown.types)
        pages.link(found.shown, asked)
        picture = drawing(found.shown, kinds, in_layers=True)
        if (kind := request.GET.get("format", "")) in KINDS:
            return download(kind, pages.graph, found.shown, picture)
        context |= {"paths": found, "shown": found.shown, "drawing": picture}
    return render(request, "knowledge/paths.html", context)


def end_named(pages: Pages, text: str) -> dict[str, Any]:
    """The node, or the few that may be meant."""
    node = pages.graph.find(text) if text else None
    meant: list[FoundNode] = find(pages.graph, text).nodes[:MOST_MEANT] if text and node is None else []
    return {"text": node.name if node else text, "node": node, "meant": meant}
