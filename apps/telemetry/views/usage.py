from typing import Any

from django import forms
from django.db.models import F
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET

from apps.core.export import export_rows, wanted_format
from apps.core.keyset import keyset_page, ordered
from apps.core.ranges import NAMES, TimeRange, chosen_range
from apps.telemetry.usage_page import Wanted, charts, figures, shares

EXPORTED = (
    *("id", "created_at", "model", "provider", "session_id", "agent", "input_tokens", "output_tokens"),
    *("latency_ms", "cost_usd", "success", "error_message"),
)


class UsageFilter(forms.Form):
    """Selections among what there is in the shown time. What is chosen stays to be seen where there is none of it."""

    model = forms.CharField(required=False)
    provider = forms.CharField(required=False)
    agent = forms.CharField(required=False)

    def __init__(self, wanted: Wanted, time: TimeRange) -> None:
        super().__init__(vars(wanted))
        names = Wanted().of(time).names()
        for name in self.fields:
            there = {row[name] or "" for row in names} | {getattr(wanted, name)}
            choices = [("", f"{name.capitalize()}: all"), *((value, value) for value in sorted(there) if value)]
            attributes = {"class": "field", "aria-label": name.capitalize()}
            self.fields[name].widget = forms.Select(attributes, choices)


@require_GET
def model_usage(request: HttpRequest) -> HttpResponseBase:
    time, range_form = chosen_range(request.GET)
    asked = {name: request.GET.get(name, "").replace("\0", "") for name in ("model", "provider", "agent")}
    wanted = Wanted(**asked)
    if wanted_format(request):
        calls = ordered(wanted.calls(time).annotate(agent=F("session__agent_id")), "created_at", request.GET)
        return export_rows(request, calls, EXPORTED, "model-calls")
    context: dict[str, Any] = {
        "time": time,
        "ranges": NAMES,
        "range_form": range_form,
        "kept": [(name, request.GET[name]) for name in ("range", "since", "until") if name in request.GET],
        "wanted": wanted,
        "filter": UsageFilter(wanted, time),
        "figures": figures(wanted, time),
        "charts": charts(wanted, time),
        "models": shares(wanted.of(time).by_model().order_by("-cost", "-requests", "model", "provider")),
        "agents": shares(wanted.of(time).by_agent()),
        "calls": keyset_page(wanted.calls(time), "created_at", request.GET),
    }
    return render(request, "telemetry/usage.html", context)
