"""Files in and out: looked through first, then stored in one action that can be undone."""

from datetime import timedelta
from typing import Any, get_args
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db import IntegrityError
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from apps.core.actors import actor_of
from apps.core.bodies import UnreadableBody
from apps.core.requests import HtmxRequest
from apps.knowledge.exports import Kind, export_graph
from apps.knowledge.imports.reading import read
from apps.knowledge.imports.storing import planned, store
from apps.knowledge.models import GraphImport

KEPT = timedelta(days=1)  # until somebody has decided
SHOWN = 100  # problems


class UploadForm(forms.Form):
    file = forms.FileField(help_text="JSON lines of an MCP memory server, JSON or GraphML, up to 16 MB")


@require_http_methods(["GET", "POST"])
def upload(request: HtmxRequest) -> HttpResponse:
    form = UploadForm(request.POST, request.FILES) if request.method == "POST" else UploadForm()
    if form.is_valid():
        file = form.cleaned_data["file"]
        content = file.read()
        try:
            read(content)
        except UnreadableBody as error:
            form.add_error("file", f"Nothing can be read: {error}.")
        else:
            GraphImport.objects.filter(made_at__lt=timezone.now() - KEPT).delete()
            kept = GraphImport.objects.create(name=file.name[:200], content=content)
            return redirect("knowledge_import_preview", pk=kept.pk)
    context = {"form": form, "kinds": get_args(Kind)}
    return render(request, "knowledge/import.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
def preview(request: HtmxRequest, pk: UUID) -> HttpResponse:
    """What the file would change; then it does."""
    kept = get_object_or_404(GraphImport, pk=pk)
    draft = read(bytes(kept.content))
    if request.method == "POST":
        try:
            plan, edit = store(actor_of(request), draft, kept.name)
        except IntegrityError:
            messages.error(request, "Nothing was imported: somebody deleted what it needs meanwhile. Look again.")
            return redirect("knowledge_import_preview", pk=pk)
        kept.delete()
        messages.success(
            request, f"Imported {edit.about}. It can be undone here." if edit.about else "Nothing was new."
        )
        return redirect("knowledge_edits")
    plan = planned(draft)
    context: dict[str, Any] = {
        "kept": kept,
        "plan": plan,
        "problems": plan.problems[:SHOWN],
        "differing": plan.differing[:SHOWN],
    }
    return render(request, "knowledge/import_preview.html", context)


@require_GET
def export(request: HtmxRequest) -> HttpResponseBase:
    kind = next((kind for kind in get_args(Kind) if kind == request.GET.get("format")), None)
    if kind is None:
        raise Http404("There is no export of this format.")
    return export_graph(request, kind)
