"""Making, changing and deleting relations."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import IntegrityError
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from apps.core.actors import actor_of
from apps.core.conflicts import Conflict
from apps.core.requests import HtmxRequest
from apps.knowledge import actions
from apps.knowledge.browser.found import FoundNode, find
from apps.knowledge.browser.node_page import history_of
from apps.knowledge.browser.relations import all_relation_types
from apps.knowledge.forms import NewRelationForm, RelationForm
from apps.knowledge.graphs import KNOWLEDGE
from apps.knowledge.models import KnowledgeEntity, KnowledgeRelation
from apps.knowledge.views.editing import show_conflict

MOST_MEANT = 8


@require_http_methods(["GET", "POST"])
def new(request: HtmxRequest, pk: UUID) -> HttpResponse:
    entity = get_object_or_404(KnowledgeEntity, pk=pk)
    form = NewRelationForm(request.POST if request.method == "POST" else None)
    meant: list[FoundNode] = []
    if form.is_valid():
        other, meant = named(form.cleaned_data["other"])
        if other and relate(request, entity, other, form):
            return redirect("knowledge_node", pk=pk)
        form.add_error("other", "Which is meant?" if meant else "No entity is called so, or nearly so.")
    context = {"node": entity, "form": form, "meant": meant, "relation_types": all_relation_types(KNOWLEDGE)}
    return render(request, "knowledge/new_relation.html", context, status=422 if form.errors else 200)


def named(text: str) -> tuple[Any, list[FoundNode]]:
    """The one entity of this name or id, else the few that may be meant."""
    text = text.strip()
    several = KnowledgeEntity.objects.called(text)[:MOST_MEANT]
    if len(several) > 1:
        return None, [FoundNode(one.pk, one.name, one.type, "") for one in several]
    found = KNOWLEDGE.find(text)
    return found, [] if found else find(KNOWLEDGE, text).nodes[:MOST_MEANT]


def relate(request: HtmxRequest, entity: KnowledgeEntity, other: KnowledgeEntity, form: NewRelationForm) -> bool:
    start, end = (entity, other) if form.cleaned_data["direction"] == "outgoing" else (other, entity)
    fields = {name: form.cleaned_data[name] for name in ("relation_type", "properties")}
    try:
        actions.create_relation(actor_of(request), from_entity=start.pk, to_entity=end.pk, **fields)
    except IntegrityError:
        return False
    messages.success(request, f"“{start.name}” {fields['relation_type']} “{end.name}”: added.")
    return True


@require_http_methods(["GET", "POST"])
def edit(request: HtmxRequest, pk: UUID) -> HttpResponse:
    relation = get_object_or_404(KnowledgeRelation.objects.with_ends(), pk=pk)
    if request.method == "GET":
        return show(request, relation, RelationForm(instance=relation))
    form = RelationForm(request.POST, instance=relation)
    if not form.is_valid():
        return show(request, KnowledgeRelation.objects.with_ends().get(pk=pk), form)
    try:
        actions.update_relation(actor_of(request), pk, form.changes(), form.seen())
    except KnowledgeRelation.DoesNotExist:
        raise Http404("It has been deleted meanwhile.") from None
    except Conflict as conflict:
        return show_conflict(request, form, conflict, conflict.row.relation_type)
    messages.success(request, "Saved.")
    return redirect("knowledge_node", pk=relation.from_entity_id)


def show(request: HtmxRequest, relation: Any, form: RelationForm) -> HttpResponse:
    context = {
        "relation": relation,
        "form": form,
        "history": history_of(relation),
        "relation_types": all_relation_types(KNOWLEDGE),
    }
    return render(request, "knowledge/relation.html", context, status=422 if form.errors else 200)


@require_POST
def delete(request: HtmxRequest, pk: UUID) -> HttpResponse:
    try:
        edit = actions.delete_relation(actor_of(request), pk)
    except KnowledgeRelation.DoesNotExist:
        messages.error(request, "This relation had already been deleted.")
    else:
        messages.success(request, f"Deleted {edit.about}. It can be restored here.")
    return redirect("knowledge_edits")
