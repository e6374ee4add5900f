"""What was done to the graph, and taking it back."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from apps.core.actors import actor_of
from apps.core.keyset import keyset_page
from apps.core.models import Change
from apps.core.requests import HtmxRequest
from apps.knowledge.models import GraphEdit, KnowledgeEntity
from apps.knowledge.undoing import CannotUndo, undo


@require_GET
def edits(request: HtmxRequest) -> HttpResponse:
    page = keyset_page(GraphEdit.objects.all(), "made_at", request.GET)
    shown = {edit.entity for edit in page.rows}
    there = set(KnowledgeEntity.objects.filter(pk__in=shown).values_list("pk", flat=True))
    return render(request, "knowledge/edits.html", {"page": page, "there": there})


@require_POST
def take_back(request: HtmxRequest, action: UUID) -> HttpResponse:
    try:
        edit = undo(actor_of(request), action)
    except Change.DoesNotExist:
        messages.error(request, "The history does not know what this changed.")
    except CannotUndo as reason:
        messages.error(request, f"Not undone, for {reason}")
    else:
        messages.success(request, f"Undone: {edit.about}.")
        if edit.entity and KnowledgeEntity.objects.filter(pk=edit.entity).exists():
            return redirect("knowledge_node", pk=edit.entity)
    return redirect("knowledge_edits")
