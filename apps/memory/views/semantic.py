from dataclasses import dataclass
from typing import Any

from django import forms
from django.db.models import TextChoices
from django.db.models.fields.json import KT
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET

from apps.core.actors import actor_of
from apps.core.admin_filters import names_in
from apps.core.export import export_rows, export_table, wanted_format
from apps.core.form_fields import NameSelect
from apps.core.keyset import keyset_page, ordered
from apps.core.requests import HtmxRequest
from apps.memory.alike import most_alike, progress
from apps.memory.embeddings import NoEmbedding
from apps.memory.models import SemanticMemory, WaitingText
from apps.memory.semantic_page import MOST_SHOWN, most_retrieved, recall_of, shown
from apps.memory.semantic_querysets import SemanticMemoryQuerySet
from apps.memory.semantic_search import Found, Mode, search
from apps.memory.views.deletions import listed, undoable

EXPORTED = ("id", "content", "summary", "category", "metadata", "importance", "source", "created_at", "access_count")
FOUND = ("id", "place", "similarity", "content", "category", "importance", "source", "created_at", "access_count")
HOURS = {24: "a day", 168: "a week", 720: "30 days", 2160: "90 days", 8760: "a year"}
MOST_NAMES = 200
LATEST_OF_QUEUE = 1000


class Show(TextChoices):
    LATEST = "", "Latest"
    NEVER = "never", "Never retrieved"
    MOST = "most", "Most retrieved"
    ALIKE = "alike", "Near-duplicates"
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
            chosen = self.cleaned_data.get(name, "")
            self.fields[name].widget = NameSelect(name, names_in(SemanticMemory, name, MOST_NAMES), chosen)
        for name in ("mode", "hours"):
            self.fields[name].widget.attrs = {"class": "field", "aria-label": name.capitalize()}


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
    if wanted.show == Show.ALIKE:
        return render(request, "memory/memory_search.html", context | {"alike": most_alike(), "progress": progress()})
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
    """How much of the exact answer a search finds, for the query of the URL."""
    wanted = SearchForm(request.GET).wanted()
    context: dict[str, Any] = {"wanted": wanted}
    try:
        context["recall"] = recall_of(wanted.q, MOST_SHOWN, wanted.filters) if wanted.q else None
    except NoEmbedding as problem:
        context["problem"] = problem
    is_fragment = request.htmx and not request.htmx.history_restore_request
    return render(request, f"memory/recall.html{'#recall' if is_fragment else ''}", context)
