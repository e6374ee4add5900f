import json
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from apps.core.actors import actor_of
from apps.core.conflicts import Conflict
from apps.core.models import Change
from apps.core.requests import HtmxRequest
from apps.memory import semantic_editing
from apps.memory.history import SHOWN, history_of
from apps.memory.models import Retrieval, SemanticMemory
from apps.memory.semantic_page import near_duplicates
from apps.memory.semantic_querysets import EDITED
from apps.memory.views.deletions import chosen, numbers, say_what_came_back

RETRIEVALS = 20
STEPS = {"up": 0.1, "down": -0.1}


class EditForm(forms.ModelForm):
    """`revision` is the state that the person saw when they began."""

    content = forms.CharField(max_length=100_000, strip=False, widget=forms.Textarea(attrs={"rows": 8}))
    summary = forms.CharField(
        required=False, empty_value=None, max_length=10_000, widget=forms.Textarea(attrs={"rows": 2})
    )
    importance = forms.FloatField(min_value=-1e9, max_value=1e9, widget=forms.NumberInput(attrs={"step": "any"}))
    revision = forms.CharField(required=False, widget=forms.HiddenInput)

    class Meta:
        model = SemanticMemory
        fields = EDITED

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        # A browser's line ends turned back into plain ones
        return {name: value.replace("\r\n", "\n") if isinstance(value, str) else value for name, value in data.items()}


@require_http_methods(["GET", "POST"])
def memory(request: HttpRequest, pk: UUID) -> HttpResponse:
    found = get_object_or_404(SemanticMemory.objects.written(), pk=pk)
    if request.method == "GET":
        return show_memory(request, found, EditForm(instance=found, initial={"revision": found.revision}))
    # Of a copy, as the form writes into it
    form = EditForm(request.POST, instance=SemanticMemory.objects.written().get(pk=pk))
    if not form.is_valid():
        return show_memory(request, found, form, status=422)
    fields = {name: form.cleaned_data[name] for name in EDITED}
    try:
        problem = semantic_editing.change(actor_of(request), pk, form.cleaned_data["revision"], **fields)
    except SemanticMemory.DoesNotExist:
        raise Http404("It has been deleted meanwhile.") from None
    except Conflict as conflict:
        return show_conflict(request, conflict.row, form)
    say_saved(request, problem)
    return redirect(found)


@require_POST
def revert(request: HttpRequest, pk: int) -> HttpResponse:
    change = get_object_or_404(Change, pk=pk, table_name=SemanticMemory._meta.db_table)
    memory_id = UUID(change.row_id)
    try:
        problem = semantic_editing.revert(actor_of(request), memory_id, change, request.POST.get("revision", ""))
    except SemanticMemory.DoesNotExist:
        raise Http404("It has been deleted.") from None
    except Conflict:
        messages.error(request, "It was changed meanwhile, so nothing was reverted. This is what it is now.")
    else:
        say_saved(request, problem)
    return redirect("semantic_memory", pk=memory_id)


def say_saved(request: HttpRequest, problem: str) -> None:
    if problem:
        messages.warning(request, f"Saved. It is found by its new words, and by its meaning later: {problem}.")
    else:
        messages.success(request, "Saved.")


@require_POST
def bury(request: HttpRequest, pk: UUID) -> HttpResponse:
    """`buried=no` lets it be found again."""
    buried = request.POST.get("buried") != "no"
    if not semantic_editing.bury(actor_of(request), pk, buried=buried):
        raise Http404("It has been deleted.")
    said = "Buried: it is kept, and no search finds it." if buried else "Restored: searches find it again."
    messages.success(request, said)
    return redirect("semantic_memory", pk=pk)


@require_POST
def weigh(request: HtmxRequest, pk: UUID) -> HttpResponse:
    step = STEPS.get(request.POST.get("step", ""))
    if step is None:
        return HttpResponse("step is up or down", status=422, content_type="text/plain")
    try:
        importance = semantic_editing.weigh(actor_of(request), pk, step)
    except SemanticMemory.DoesNotExist:
        raise Http404("It has been deleted.") from None
    if request.htmx:
        return render(request, "memory/_importance.html", {"pk": pk, "importance": importance})
    messages.success(request, f"Its importance is {importance:g} now.")
    return redirect("semantic_memory", pk=pk)


@require_POST
def delete(request: HttpRequest, pk: UUID) -> HttpResponse:
    action = semantic_editing.delete(actor_of(request), pk)
    if not action:
        messages.error(request, "It had already been deleted.")
    return redirect(f"{reverse('memory_search')}?{urlencode({'undo': str(action or '')})}")


@require_POST
def restore(request: HttpRequest) -> HttpResponse:
    changes = chosen(request)
    back = semantic_editing.bring_back(actor_of(request), changes)
    say_what_came_back(request, len(changes), len(back), "they are there, or the history does not know them")
    if back:
        messages.info(request, "What is back is found by its words at once, and by its meaning in a moment.")
    return redirect("semantic_memory", pk=back[0]) if len(back) == 1 else redirect("memory_search")


def show_memory(request: HttpRequest, memory: SemanticMemory, form: EditForm, *, status: int = 200) -> HttpResponse:
    asked = numbers([request.GET.get("before", "")])
    others = ("summary", "category", "importance", "source", "site_buried")
    history = history_of(memory, "content", others, until=asked[0] if asked else None)
    context = {
        "memory": memory,
        "form": form,
        "metadata": json.dumps(memory.metadata, indent=2, ensure_ascii=False),
        "retrievals": Retrieval.objects.of(memory.pk)[:RETRIEVALS],
        "alike": near_duplicates(memory),
        "history": history[:SHOWN],
        "older": history[SHOWN - 1].change.pk if len(history) > SHOWN else None,
        "is_newest": not asked,
    }
    return render(request, "memory/semantic_memory.html", context, status=status)


def show_conflict(request: HttpRequest, current: SemanticMemory, form: EditForm) -> HttpResponse:
    """Both versions; the form saves the person's own over the one that is there now."""
    mine = {name: form.cleaned_data[name] for name in EDITED}
    versions = [(form[name].label, getattr(current, name), value) for name, value in mine.items()]
    again = EditForm(initial=mine | {"revision": current.revision})
    for field in again.fields.values():
        field.widget = forms.HiddenInput()
    context = {
        "memory": current,
        "form": again,
        "versions": [version for version in versions if version[1] != version[2]],
    }
    return render(request, "memory/semantic_conflict.html", context, status=409)
