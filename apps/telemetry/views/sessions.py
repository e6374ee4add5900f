from typing import Any

from django import forms
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET

from apps.core.arrivals import live_page
from apps.core.export import export_rows, wanted_format
from apps.core.form_fields import NameSelect
from apps.core.keyset import ordered
from apps.core.ranges import NAMES, TimeRange, chosen_range
from apps.core.together import together
from apps.telemetry.querysets import CRON, RUNTIME
from apps.telemetry.sessions_page import Wanted, charts, figures, hidden, with_calls

SORTS = ("cost_usd",)
EXPORTED = (
    *("id", "agent_id", "session_type", "status", "started_at", "ended_at", "messages_count", "tokens_used"),
    *("cost_usd", "metadata"),
)
LETTERS = r".*[^\W_]{3}"  # what the index of the texts knows


class SessionFilter(forms.Form):
    """Selections among what there is in the shown time, and what only the rows tell."""

    status = forms.CharField(required=False)
    agent = forms.CharField(required=False)
    type = forms.CharField(required=False)
    channel = forms.CharField(required=False)
    cost = forms.DecimalField(required=False, min_value=0, max_digits=10, decimal_places=6)
    text = forms.RegexField(LETTERS, required=False, max_length=200)
    runtime = forms.BooleanField(required=False)
    cron = forms.BooleanField(required=False)

    names = ("status", "agent", "type", "channel")
    text.error_messages["invalid"] = "Give at least three letters or digits in a row."

    def wanted(self) -> Wanted:
        """What was asked for as far as it makes sense; the form says what does not."""
        self.is_valid()
        return Wanted(**{name: value for name, value in self.cleaned_data.items() if value})

    def offer(self, time: TimeRange) -> None:
        """What is chosen stays to be seen where there is none of it."""
        there = Wanted().all_of(time).names()
        for name in self.names:
            chosen = self.cleaned_data.get(name, "")
            self.fields[name].widget = NameSelect(name, (row[name] for row in there), chosen)


@require_GET
def sessions(request: HttpRequest) -> HttpResponseBase:
    time, range_form = chosen_range(request.GET)
    filters = SessionFilter(request.GET)
    wanted = filters.wanted()
    rows = wanted.sessions(time)
    if wanted_format(request):
        return export_rows(request, ordered(rows, "started_at", request.GET, SORTS), EXPORTED, "sessions")
    page = live_page(rows, "started_at", request, changing=True, sorts=SORTS)
    context: dict[str, Any] = {
        "time": time,
        "ranges": NAMES,
        "range_form": range_form,
        "kept": [(name, request.GET[name]) for name in ("range", "since", "until", "sort") if name in request.GET],
        "wanted": wanted,
        "kinds": {RUNTIME: "runtime", CRON: "cron"},
        "page": page,
        "sessions": with_calls(list(page.rows)),
    }
    return render(request, "telemetry/sessions.html", context | together(request, lambda: summary(request)))


def summary(request: HttpRequest) -> dict[str, Any]:
    """All but the list."""
    time, _ = chosen_range(request.GET)
    filters = SessionFilter(request.GET)
    wanted = filters.wanted()
    filters.offer(time)
    return {
        "filter": filters,
        "figures": figures(wanted, time),
        "charts": charts(wanted, time),
        "hidden": hidden(wanted, time),
    }
