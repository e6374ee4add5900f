"""Making, changing and deleting entities."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from apps.core.actors import actor_of
from apps.core.conflicts import Conflict, revision_of
from apps.core.requests import HtmxRequest
from apps.knowledge import actions
from apps.knowledge.browser.kinds import kinds_of
from apps.knowledge.browser.relations import counts
from apps.knowledge.forms import EntityForm, SeenForm
from apps.knowledge.graphs import KNOWLEDGE
from apps.knowledge.models import KnowledgeEntity


@require_http_methods(["GET", "POST"])
def new(request: HtmxRequest) -> HttpResponse:
    form = EntityForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        entity = actions.create_entity(actor_of(request), **form.cleaned_data)
        messages.success(request, "Made.")
        return redirect("knowledge_node", pk=entity.pk)
    return show(request, form)


@require_http_methods(["GET", "POST"])
def edit(request: HtmxRequest, pk: UUID) -> HttpResponse:
    entity = get_object_or_404(KnowledgeEntity, pk=pk)
    if request.method == "GET":
        return show(request, EntityForm(instance=entity), node=entity)
    form = EntityForm(request.POST, instance=entity)
    if not form.is_valid():
        return show(request, form, node=KnowledgeEntity.objects.get(pk=pk))
    try:
        actions.update_entity(actor_of(request), pk, form.changes(), form.seen())
    except KnowledgeEntity.DoesNotExist:
        raise Http404("It has been deleted meanwhile.") from None
    except Conflict as conflict:
        return show_conflict(request, form, conflict, conflict.row.name)
    messages.success(request, "Saved.")
    return redirect("knowledge_node", pk=pk)


@require_http_methods(["GET", "POST"])
def delete(request: HtmxRequest, pk: UUID) -> HttpResponse:
    """What goes with it, before it goes."""
    entity = get_object_or_404(KnowledgeEntity, pk=pk)
    status = 200
    if request.method == "POST":
        try:
            edit = actions.delete_entity(actor_of(request), pk, request.POST.get("revision", ""))
        except KnowledgeEntity.DoesNotExist:
            raise Http404("It has been deleted meanwhile.") from None
        except Conflict as conflict:
            entity, status = conflict.row, 409
        else:
            messages.success(request, f"Deleted {edit.about}. It can be restored here.")
            return redirect("knowledge_edits")
    context = {
        "node": entity,
        "relations": counts(KNOWLEDGE, pk),
        "revision": revision_of(entity.updated_at),
        "changed": status == 409,
    }
    return render(request, "knowledge/delete.html", context, status=status)


def show(request: HtmxRequest, form: EntityForm, **context: Any) -> HttpResponse:
    status = 422 if form.errors else 200
    context |= {"form": form, "types": kinds_of(KNOWLEDGE, ())}
    return render(request, "knowledge/entity_form.html", context, status=status)


def show_conflict(request: HtmxRequest, form: SeenForm, conflict: Conflict, name: str) -> HttpResponse:
    """Both versions of what the person changed: theirs, and what is there now."""
    context = {"name": name, "versions": form.versions(conflict.row), "repeated": form.repeated(conflict.row)}
    return render(request, "knowledge/conflict.html", context, status=409)
