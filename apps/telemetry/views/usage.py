from typing import Any

from django import forms
from django.db.models import F
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET

from apps.core.arrivals import live_page
from apps.core.export import export_rows, wanted_format
from apps.core.form_fields import NameSelect
from apps.core.keyset import KeysetPage, ordered
from apps.core.ranges import NAMES, chosen_range
from apps.core.together import together
from apps.telemetry.budgets.spending import most_strained
from apps.telemetry.models import Budget
from apps.telemetry.prices import Prices, with_costs
from apps.telemetry.usage_groups import Row, summed
from apps.telemetry.usage_page import COLUMNS, Wanted, charts, figures, skills_table, table, usage_of

EXPORTED = (
    *("id", "created_at", "model", "provider", "session_id", "agent", "input_tokens", "output_tokens"),
    *("latency_ms", "cost_usd", "cost_origin", "cost_estimated", "success", "error_message"),
)
TABLES = {"model": "Model", "provider": "Provider", "agent": "Agent", "skill": "Skill"}
BUDGETS = 4  # in its panel


class UsageFilter(forms.Form):
    """Selections among what there is in the shown time. What is chosen stays to be seen where there is none of it."""

    model = forms.CharField(required=False)
    provider = forms.CharField(required=False)
    agent = forms.CharField(required=False)

    def __init__(self, wanted: Wanted, rows: list[Row]) -> None:
        super().__init__(vars(wanted))
        for name, column in COLUMNS.items():
            self.fields[name].widget = NameSelect(name, (row[column] for row in rows), getattr(wanted, name))


@require_GET
def model_usage(request: HttpRequest) -> HttpResponseBase:
    time, range_form = chosen_range(request.GET)
    asked = {name: request.GET.get(name, "").replace("\0", "") for name in ("model", "provider", "agent")}
    wanted = Wanted(**asked)
    if wanted_format(request):
        calls = with_costs(wanted.calls(time).annotate(agent=F("session__agent_id")))
        return export_rows(request, ordered(calls, "created_at", request.GET), EXPORTED, "model-calls")
    prices = Prices()
    by = request.GET.get("by", "")
    by = by if by in TABLES else "model"
    context: dict[str, Any] = {
        "time": time,
        "ranges": NAMES,
        "range_form": range_form,
        "kept": [(name, request.GET[name]) for name in ("range", "since", "until", "by") if name in request.GET],
        "wanted": wanted,
        "tables": TABLES,
        "by": by,
        "budgets": most_strained(BUDGETS, prices, Budget.objects.of_calls()),
        "calls": with_spending(live_page(wanted.calls(time), "created_at", request), prices),
    }
    context |= together(request, lambda: summary(request, wanted, by, prices))
    return render(request, "telemetry/usage.html", context)


def summary(request: HttpRequest, wanted: Wanted, by: str, prices: Prices) -> dict[str, Any]:
    """All but the list."""
    time, _ = chosen_range(request.GET)
    everything, before = usage_of(Wanted(), time, prices), usage_of(wanted, time.previous, prices)
    rows = [row for row in everything if wanted.has(row)]
    return {
        "filter": UsageFilter(wanted, everything),
        "usage": summed(rows),
        "figures": figures(summed(rows), summed(before) if time.previous else None),
        "charts": charts(wanted, time, prices),
        "table": list(skills_table(wanted, time)) if by == "skill" else table(wanted, time, rows, by),
    }


def with_spending(page: KeysetPage, prices: Prices) -> KeysetPage:
    """Each call with what it cost as `spent`."""
    for call in page.rows:
        call.spent = prices.cost_of(call)
    return page
