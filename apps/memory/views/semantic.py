import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db.models import TextChoices
from django.db.models.fields.json import KT
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.core.actors import actor_of
from apps.core.conflicts import Conflict
from apps.core.export import export_rows, export_table, wanted_format
from apps.core.keyset import keyset_page, ordered
from apps.core.requests import HtmxRequest
from apps.memory import semantic_editing
from apps.memory.embeddings import NoEmbedding
from apps.memory.history import SHOWN, history_of
from apps.memory.models import Retrieval, SemanticMemory, WaitingText
from apps.memory.semantic_page import MOST_SHOWN, most_retrieved, near_duplicates, recall_of, shown
from apps.memory.semantic_querysets import SemanticMemoryQuerySet
from apps.memory.semantic_search import Found, Mode, search
from apps.memory.views.deletions import chosen, listed, numbers, say_what_came_back, undoable

EXPORTED = ("id", "content", "summary", "category", "metadata", "importance", "source", "created_at", "access_count")
FOUND = ("id", "place", "similarity", "content", "category", "importance", "source", "created_at", "access_count")
HOURS = {24: "a day", 168: "a week", 720: "30 days", 2160: "90 days", 8760: "a year"}
MOST_NAMES = 200
RETRIEVALS = 20
STEPS = {"up": 0.1, "down": -0.1}
LATEST_OF_QUEUE = 1000


class Show(TextChoices):
    LATEST = "", "Latest"
    NEVER = "never", "Never retrieved"
    MOST = "most", "Most retrieved"
    BURIED = "buried", "Buried"
    DELETED = "deleted", "Deleted"


@dataclass(frozen=True)
class Wanted:
    q: str = ""
    mode: Mode = "hybrid"
    category: str = ""
    source: str = ""
    min_importance: float = 0
    hours: int | None = None
    show: str = ""

    @property
    def filters(self) -> dict[str, Any]:
        return {
            "category": self.category,
            "source": self.source,
            "min_importance": self.min_importance,
            "max_age_hours": self.hours,
        }

    @property
    def narrows(self) -> bool:
        return any(self.filters.values())


class SearchForm(forms.Form):
    q = forms.CharField(required=False, max_length=2_000)
    mode = forms.ChoiceField(
        required=False,
        choices=[("", "By meaning and words"), ("vector", "By meaning alone"), ("text", "By words alone")],
    )
    category = forms.CharField(required=False, max_length=50)
    source = forms.CharField(required=False, max_length=100)
    min_importance = forms.FloatField(required=False, min_value=-1e9, max_value=1e9)
    hours = forms.TypedChoiceField(
        required=False,
        coerce=int,
        choices=[("", "Age: any"), *((number, f"Up to {name}") for number, name in HOURS.items())],
    )
    show = forms.ChoiceField(required=False, choices=Show.choices)

    def wanted(self) -> Wanted:
        """As far as it makes sense; the form says what does not."""
        self.is_valid()
        return Wanted(**{name: value for name, value in self.cleaned_data.items() if value})

    def offer(self) -> None:
        """What is chosen stays to be seen where there is none of it."""
        for name in ("category", "source"):
            there = SemanticMemory.objects.names(name, MOST_NAMES)
            values = sorted({value for value in there if value} | {self.cleaned_data.get(name, "")})
            choices = [("", f"{name.capitalize()}: all"), *((value, value) for value in values if value)]
            self.fields[name].widget = forms.Select(choices=choices)
        for name in ("category", "source", "mode", "hours"):
            self.fields[name].widget.attrs = {"class": "field", "aria-label": name.capitalize()}


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
        fields = ("content", "summary", "category", "importance", "source")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        # A browser's line ends turned back into plain ones
        return {name: value.replace("\r\n", "\n") if isinstance(value, str) else value for name, value in data.items()}


@require_GET
def memory_search(request: HttpRequest) -> HttpResponseBase:
    form = SearchForm(request.GET)
    wanted = form.wanted()
    form.offer()
    context: dict[str, Any] = {
        "form": form,
        "wanted": wanted,
        "show": Show,
        "undo": undoable(request, SemanticMemory),
        "most": None,
    }
    context["waiting"] = WaitingText.objects.order_by("try_after")[:LATEST_OF_QUEUE].count()
    if wanted.q:
        return show_found(request, wanted, context)
    if wanted.show == Show.DELETED:
        page = keyset_page(listed(SemanticMemory, "summary", KT("before__content")), "changed_at", request.GET)
        return render(request, "memory/memory_search_deleted.html", context | {"page": page})
    if wanted.show == Show.MOST:
        return render(request, "memory/memory_search.html", context | {"most": most_retrieved(MOST_SHOWN)})
    rows = rows_of(wanted)
    if wanted_format(request):
        return export_rows(
            request, ordered(rows, "created_at", request.GET, ("importance",)), EXPORTED, "semantic-memories"
        )
    page = keyset_page(rows.listed(), "created_at", request.GET, sorts=("importance",))
    return render(request, "memory/memory_search.html", context | {"page": page})


def rows_of(wanted: Wanted) -> SemanticMemoryQuerySet:
    if wanted.show == Show.BURIED:
        return SemanticMemory.objects.filter(buried=True)
    rows = SemanticMemory.objects.narrowed(**wanted.filters)
    return rows.filter(access_count=0) if wanted.show == Show.NEVER else rows


def show_found(request: HttpRequest, wanted: Wanted, context: dict[str, Any]) -> HttpResponseBase:
    try:
        found = search(actor_of(request), wanted.q, MOST_SHOWN, wanted.mode, **wanted.filters)
    except NoEmbedding as problem:
        found = Found(wanted.mode, note=f"Nothing can be found by its meaning now: {problem}.")
    if wanted_format(request):
        rows = ([getattr(memory, name) for name in FOUND] for memory in found.memories)
        return export_table(request, FOUND, rows, "found-memories")
    return render(request, "memory/memory_search.html", context | {"found": found, "shown": shown(found)})


@require_GET
def recall(request: HtmxRequest) -> HttpResponse:
    """How much of the exact answer the index finds, for the query of the URL."""
    wanted = SearchForm(request.GET).wanted()
    context: dict[str, Any] = {"wanted": wanted}
    try:
        context["recall"] = recall_of(wanted.q, MOST_SHOWN, wanted.filters) if wanted.q else None
    except NoEmbedding as problem:
        context["problem"] = problem
    is_fragment = request.htmx and not request.htmx.history_restore_request
    return render(request, f"memory/recall.html{'#recall' if is_fragment else ''}", context)


@require_http_methods(["GET", "POST"])
def memory(request: HttpRequest, pk: UUID) -> HttpResponse:
    found = get_object_or_404(SemanticMemory.objects.written(), pk=pk)
    if request.method == "GET":
        return show_memory(request, found, EditForm(instance=found, initial={"revision": found.revision}))
    # Of a copy, as the form writes into it
    form = EditForm(request.POST, instance=SemanticMemory.objects.written().get(pk=pk))
    if not form.is_valid():
        return show_memory(request, found, form, status=422)
    fields = {name: form.cleaned_data[name] for name in form.Meta.fields}
    try:
        problem = semantic_editing.change(actor_of(request), pk, form.cleaned_data["revision"], **fields)
    except SemanticMemory.DoesNotExist:
        raise Http404("It has been deleted meanwhile.") from None
    except Conflict as conflict:
        return show_conflict(request, conflict.row, form)
    if problem:
        messages.warning(request, f"Saved. It is found by its new words, and by its meaning later: {problem}.")
    else:
        messages.success(request, "Saved.")
    return redirect(found)


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
    }
    return render(request, "memory/semantic_memory.html", context, status=status)


def show_conflict(request: HttpRequest, current: SemanticMemory, form: EditForm) -> HttpResponse:
    """Both versions; the form saves the person's own over the one that is there now."""
    mine = {name: form.cleaned_data[name] for name in form.Meta.fields}
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
