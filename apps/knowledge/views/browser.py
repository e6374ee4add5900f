from collections.abc import Iterable
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET

from apps.core.keyset import keyset_page
from apps.core.requests import HtmxRequest
from apps.core.snapshots import snapshot
from apps.knowledge.browser.downloads import KINDS, download
from apps.knowledge.browser.drawing import drawing
from apps.knowledge.browser.found import find
from apps.knowledge.browser.kinds import kinds_of
from apps.knowledge.browser.neighbourhood import Neighbourhood, neighbourhood
from apps.knowledge.browser.node_page import as_json, history_of, maker_of, properties_of
from apps.knowledge.browser.pages import PAGES
from apps.knowledge.browser.relations import Count, counts
from apps.knowledge.browser.wanted import DEPTHS, SHOWN, Wanted, wanted
from apps.knowledge.graphs import ENDS, Direction
from apps.knowledge.merging import heir_of
from apps.knowledge.tasks import explained

LONGEST_TEXT = 200


@require_GET
def search(request: HtmxRequest, of: str) -> HttpResponse:
    pages = PAGES[of]
    text, type, relation = (cleaned(request, name) for name in ("q", "type", "relation"))
    context: dict[str, Any] = {
        "pages": pages,
        "text": text,
        "type": type,
        "relation": relation,
        "found": find(pages.graph, text, type, relation),
    }
    if of == "skill":
        task = cleaned(request, "task")
        context |= {"task": task, "answers": explained(task) if task else None}
    return render(request, "knowledge/search.html", context)


def cleaned(request: HtmxRequest, name: str) -> str:
    return request.GET.get(name, "").replace("\0", "").strip()[:LONGEST_TEXT]


@require_GET
def node(request: HtmxRequest, of: str, pk: UUID) -> HttpResponse:
    pages, asked = PAGES[of], wanted(request.GET)
    with snapshot():
        found: Any = pages.graph.entities.objects.filter(pk=pk).first()
        if found is None:
            return to_its_heir(request, of, pk)
        relations = counts(pages.graph, found.pk)
        shown = neighbourhood(pages.graph, found, relations, asked)
        history = history_of(found)
        kinds = kinds_of(pages.graph, shown.types)
    pages.link(shown, asked)
    picture = drawing(shown, kinds, in_layers=pages.layered)
    if (kind := request.GET.get("format", "")) in KINDS:
        return download(kind, pages.graph, shown, picture)
    context: dict[str, Any] = {
        "pages": pages,
        "node": found,
        "wanted": asked,
        "depths": [(depth, pages.node(pk, replace(asked, depth=depth))) for depth in DEPTHS],
        "sizes": SHOWN,
        "relations": relations,
        "more": more(shown, relations, asked),
        "relation_types": offered([one.relation_type for one in relations], shown.relation_types, asked.relation),
        "types": offered(kinds, shown.types, asked.type),
        "shown": shown,
        "drawing": picture,
        "properties": properties_of(found),
        "raw": as_json(found.properties),
        "history": history,
        "made": maker_of(history),
        "picture_label": f"{found.name[:80]} and its neighbours; the table below says the same",
    }
    return render(request, "knowledge/node.html", context)


def to_its_heir(request: HtmxRequest, of: str, pk: UUID) -> HttpResponse:
    """A link to an entity that was merged leads to what it is part of."""
    heir = heir_of(pk) if of == "knowledge" else None
    if heir is None:
        raise Http404
    messages.info(request, "What stood at this address was merged into this one.")
    return redirect("knowledge_node", pk=heir)


def offered(*names: Iterable[str]) -> list[str]:
    return sorted({name for some in names for name in some}, key=str.lower)


def more(shown: Neighbourhood, relations: list[Count], asked: Wanted) -> str:
    """How many of the relations that the filters allow are not shown; empty if none."""
    allowed = [
        one
        for one in relations
        if one.relation_type in (asked.relation or (one.relation_type,)) and asked.direction in ("both", one.direction)
    ]
    hidden = sum(one.relations for one in allowed) - shown.centre.drawn
    return f"{hidden:,}{'+' if any(one.capped for one in allowed) else ''}" if hidden > 0 else ""


@require_GET
def relations(request: HtmxRequest, of: str, pk: UUID) -> HttpResponse:
    """All relations of a node, or those of one type and direction, the newest first."""
    pages = PAGES[of]
    found = get_object_or_404(pages.graph.entities, pk=pk)
    direction: Direction = "incoming" if request.GET.get("direction") == "incoming" else "outgoing"
    [(end, other)] = ENDS[direction]
    rows = pages.graph.relations.objects.filter(**{end: found}).select_related(other)
    if relation := cleaned(request, "relation"):
        rows = rows.filter(relation_type=relation)
    page = keyset_page(rows, "created_at", request.GET)
    for row in page.rows:
        row.said = properties_of(row)
    context = {
        "pages": pages,
        "node": found,
        "direction": direction,
        "relation": relation,
        "counts": counts(pages.graph, found.pk),
        "page": page,
    }
    return render(request, "knowledge/relations.html", context)
