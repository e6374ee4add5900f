import json
from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from apps.core.arrivals import live_page
from apps.core.export import export_rows, wanted_format
from apps.core.keyset import ordered
from apps.core.ranges import NAMES, chosen_range
from apps.core.texts import KNOWN_LETTERS
from apps.core.together import together
from apps.memory.models import Thought
from apps.memory.thoughts_page import Wanted, categories, chart, figures

EXPORTED = ("id", "created_at", "category", "content", "metadata")


class ThoughtFilter(forms.Form):
    category = forms.CharField(required=False)
    text = forms.RegexField(KNOWN_LETTERS, required=False, max_length=200)
    text.error_messages["invalid"] = "Give at least three letters or digits in a row."

    def wanted(self) -> Wanted:
        """What was asked for as far as it makes sense; the form says what does not."""
        self.is_valid()
        return Wanted(**{name: value for name, value in self.cleaned_data.items() if value})


@require_GET
def thoughts(request: HttpRequest) -> HttpResponseBase:
    time, range_form = chosen_range(request.GET)
    filters = ThoughtFilter(request.GET)
    wanted = filters.wanted()
    rows = wanted.thoughts(time)
    if wanted_format(request):
        return export_rows(request, ordered(rows, "created_at", request.GET), EXPORTED, "thoughts")
    context: dict[str, Any] = {
        "time": time,
        "ranges": NAMES,
        "range_form": range_form,
        "kept": [(name, request.GET[name]) for name in ("range", "since", "until", "sort") if name in request.GET],
        "wanted": wanted,
        "filter": filters,
        "page": live_page(rows.excerpted(wanted.text), "created_at", request),
    }
    return render(request, "memory/thoughts.html", context | together(request, lambda: summary(request, wanted)))


def summary(request: HttpRequest, wanted: Wanted) -> dict[str, Any]:
    """All but the list."""
    time, _ = chosen_range(request.GET)
    return {"categories": categories(wanted, time), "figures": figures(wanted, time), "chart": chart(wanted, time)}


@require_GET
def thought(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One thought whole, with its metadata."""
    found = get_object_or_404(Thought, pk=pk)
    metadata = json.dumps(found.metadata, indent=2, ensure_ascii=False) if found.metadata else ""
    return render(request, "memory/thought.html", {"thought": found, "metadata": metadata})
