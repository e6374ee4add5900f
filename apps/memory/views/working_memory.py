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
from apps.core.together import together
from apps.memory.models import WorkingMemory, WorkingMemoryCheckpoint
from apps.memory.querysets import Weights
from apps.memory.schemas import ITEM_FIELDS
from apps.memory.working_memory_page import Wanted, figures, relevant

SORTS = ("importance", "access_count")
STATES = [("", "In mind"), ("expired", "Expired"), ("all", "In mind and expired")]
USUAL_LIMIT, MOST = 20, 200


class ItemFilter(forms.Form):
    """Which items, and how much each part of the score counts, in the names of the API."""

    category = forms.CharField(required=False, max_length=50)
    key = forms.CharField(required=False, max_length=200)
    state = forms.ChoiceField(required=False, choices=STATES)
    weight_recency = forms.FloatField(required=False, min_value=0, max_value=1000)
    weight_importance = forms.FloatField(required=False, min_value=0, max_value=1000)
    weight_access = forms.FloatField(required=False, min_value=0, max_value=1000)
    limit = forms.IntegerField(required=False, min_value=1, max_value=MOST)

    def wanted(self) -> Wanted:
        """What was asked for as far as it makes sense; the form says what does not."""
        self.is_valid()
        return Wanted(**{name: self.cleaned_data.get(name, "") for name in ("category", "key", "state")})

    def weights(self) -> Weights:
        asked = {name: self.cleaned_data.get(f"weight_{name}") for name in vars(Weights())}
        return Weights(**{name: weight for name, weight in asked.items() if weight is not None})

    def limit_of_context(self) -> int:
        return self.cleaned_data.get("limit") or USUAL_LIMIT


@require_GET
def items(request: HttpRequest) -> HttpResponseBase:
    filters = ItemFilter(request.GET)
    wanted, weights = filters.wanted(), filters.weights()
    rows = wanted.items()
    if wanted_format(request):
        found = ordered(rows, "created_at", request.GET, SORTS)
        return export_rows(request, found, ITEM_FIELDS, "working-memory")
    context: dict[str, Any] = {
        "wanted": wanted,
        "filter": filters,
        "states": STATES,
        "weights": vars(weights),
        "limit": filters.limit_of_context(),
        "page": live_page(rows.excerpted(), "created_at", request, changing=True, sorts=SORTS),
    }
    context |= together(request, lambda: summary(wanted, weights, context["limit"]))
    return render(request, "memory/working_memory.html", context)


def summary(wanted: Wanted, weights: Weights, limit: int) -> dict[str, Any]:
    categories = list(WorkingMemory.objects.totals())
    return {
        "categories": categories,
        "figures": figures(categories, WorkingMemoryCheckpoint.objects.count()),
        "relevant": relevant(weights, limit, wanted.category),
    }


@require_GET
def item(request: HttpRequest, pk: UUID) -> HttpResponse:
    found = get_object_or_404(WorkingMemory, pk=pk)
    value = json.dumps(found.value, indent=2, ensure_ascii=False)
    return render(request, "memory/working_memory_item.html", {"item": found, "value": value})
