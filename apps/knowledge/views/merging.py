"""Entities that may be the same: which ones, and making one of two."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.core.actors import actor_of
from apps.core.conflicts import Conflict, revision_of
from apps.core.requests import HtmxRequest
from apps.knowledge.browser.found import find
from apps.knowledge.browser.wanted import uuid_of
from apps.knowledge.duplicates import keep_apart, like, likely, offer_again, progress
from apps.knowledge.graphs import KNOWLEDGE
from apps.knowledge.merging import MOST_LOOKED_AT, counted, fates, joined, merge
from apps.knowledge.models import KnowledgeEntity, MergeCandidate
from apps.knowledge.views.browser import cleaned

MOST_MEANT = 10


@require_GET
def queue(request: HtmxRequest) -> HttpResponse:
    """The likeliest pairs, or those of one entity (`of`), or the few that a text may mean."""
    of = uuid_of(request.GET.get("of", ""))
    context: dict[str, Any] = {"of": get_object_or_404(KnowledgeEntity, pk=of) if of else None}
    if of:
        text = cleaned(request, "q")
        context |= {"pairs": like(of), "text": text, "found": find(KNOWLEDGE, text).nodes[:MOST_MEANT] if text else []}
    else:
        looked_through, every = progress()
        context |= {"pairs": likely(), "looked_through": looked_through, "every": every}
    return render(request, "knowledge/merge.html", context)


@require_POST
def apart(request: HtmxRequest, pk: UUID, other: UUID) -> HttpResponse:
    """They are not duplicates; `again` takes that back."""
    if request.POST.get("again"):
        offer_again(pk, other)
        messages.success(request, "They may be duplicates again.")
    else:
        keep_apart(actor_of(request), pk, other)
        messages.success(request, "Noted: they are not the same. They are not offered again.")
    return redirect("knowledge_merge")


@require_http_methods(["GET", "POST"])
def merge_two(request: HtmxRequest, pk: UUID, other: UUID) -> HttpResponse:
    """What would become of the two, then one of them. `pk` is kept."""
    if pk == other:
        raise Http404("An entity is not merged with itself.")
    if request.method == "GET":
        return preview(request, pk, other)
    revisions = request.POST.get("revision", ""), request.POST.get("other_revision", "")
    try:
        edit = merge(actor_of(request), pk, other, request.POST.getlist("take"), revisions)
    except KnowledgeEntity.DoesNotExist:
        messages.error(request, "One of the two has been merged or deleted meanwhile.")
        return redirect("knowledge_merge")
    except Conflict:
        return preview(request, pk, other, changed=True)
    messages.success(request, f"Merged {edit.about}. It can be undone here.")
    return redirect("knowledge_edits")


def preview(request: HtmxRequest, pk: UUID, other: UUID, *, changed: bool = False) -> HttpResponse:
    kept, gone = get_object_or_404(KnowledgeEntity, pk=pk), get_object_or_404(KnowledgeEntity, pk=other)
    found = fates(pk, other)
    context: dict[str, Any] = {
        "kept": kept,
        "gone": gone,
        "joined": joined(kept.properties, gone.properties),
        "relations": counted(found),
        "capped": len(found) >= MOST_LOOKED_AT,
        "revision": revision_of(kept.updated_at),
        "other_revision": revision_of(gone.updated_at),
        "changed": changed,
        "apart": MergeCandidate.objects.of(pk, other).exclude(dismissed_at=None).first(),
    }
    return render(request, "knowledge/merge_two.html", context, status=409 if changed else 200)
