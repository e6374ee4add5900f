from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET

from apps.core.export import export_rows, wanted_format
from apps.core.ranges import NAMES, chosen_range
from apps.operations.model_catalogue import latest
from apps.telemetry.models import ModelUsage
from apps.telemetry.prices import ModelPrice
from apps.warehouse.model_accounts import DAYS, accounts, litellm_spend
from apps.warehouse.models_page import ModelsPage

RECENT = 20
EXPORTED = ("name", "model", "input_usd", "output_usd", "source", "updated_at")


@require_GET
def language_models(request: HttpRequest) -> HttpResponseBase:
    if wanted_format(request):
        return export_rows(request, ModelPrice.objects.all(), EXPORTED, "model-prices")
    time, range_form = chosen_range(request.GET, default="30d")
    catalogue, problem = latest.current()
    page = ModelsPage(catalogue, time)
    context: dict[str, Any] = {
        "time": time,
        "ranges": NAMES,
        "range_form": range_form,
        "problem": problem,
        "page": page,
        "calls": page.recent_calls(ModelUsage.objects.real().newest_first().select_related("session")[:RECENT]),
    }
    return render(request, "warehouse/models.html", context)


@require_GET
def model_accounts(request: HttpRequest) -> HttpResponse:
    """Asks other systems, so it is a part of its own that the page does not wait for."""
    part = "#accounts" if request.headers.get("HX-Request") else ""
    context = {"litellm": litellm_spend(), "accounts": accounts(), "days": DAYS}
    return render(request, f"warehouse/model_accounts.html{part}", context)
