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
from apps.core.form_fields import NameSelect
from apps.core.keyset import ordered
from apps.core.ranges import NAMES, TimeRange, chosen_range
from apps.core.requests import HtmxRequest
from apps.core.texts import KNOWN_LETTERS
from apps.telemetry.activities_page import Wanted, chart, figures, largest, with_origins
from apps.telemetry.creative_page import Pulse
from apps.telemetry.models import ActivityLog
from apps.telemetry.querysets import CREATIVE
from apps.telemetry.sums import ActivitySum

EXPORTED = ("id", "created_at", "action", "skill", "success", "error_message", "details")
MOST_NAMES = 500


class ActivityFilter(forms.Form):
    """Selections among what there is in the shown time, and a text that only the rows know."""

    action = forms.CharField(required=False)
    skill = forms.CharField(required=False)
    outcome = forms.ChoiceField(
        required=False, choices=[("", "Outcome: all"), ("succeeded", "Succeeded"), ("failed", "Failed")]
    )
    work = forms.ChoiceField(
        required=False, choices=[("", "Work: all"), ("scheduled", "By the schedule"), ("other", "All but the schedule")]
    )
    text = forms.RegexField(KNOWN_LETTERS, required=False, max_length=200)
    text.error_messages["invalid"] = "Give at least three letters or digits in a row."

    def wanted(self) -> Wanted:
        """What was asked for as far as it makes sense; the form says what does not."""
        self.is_valid()
        return Wanted(**{name: value for name, value in self.cleaned_data.items() if value})

    def offer(self, time: TimeRange) -> None:
        """What is chosen stays to be seen where there is none of it."""
        there = ActivitySum.objects.between(time.since, time.until).names(MOST_NAMES)
        for name in ("action", "skill"):
            chosen = self.cleaned_data.get(name, "")
            self.fields[name].widget = NameSelect(name, (row[name] for row in there), chosen)
        for name in ("outcome", "work"):
            self.fields[name].widget.attrs = {"class": "field", "aria-label": name.capitalize()}


@require_GET
def activities(request: HttpRequest) -> HttpResponseBase:
    time, range_form = chosen_range(request.GET)
    filters = ActivityFilter(request.GET)
    wanted = filters.wanted()
    rows = wanted.activities(time)
    if wanted_format(request):
        return export_rows(request, ordered(rows, "created_at", request.GET), EXPORTED, "activities")
    filters.offer(time)
    page = live_page(rows.described(), "created_at", request)
    context: dict[str, Any] = {
        "time": time,
        "ranges": NAMES,
        "range_form": range_form,
        "kept": kept(request),
        "wanted": wanted,
        "filter": filters,
        "figures": figures(wanted, time),
        "chart": chart(wanted, time),
        "actions": largest(wanted, time, "action"),
        "skills": largest(wanted, time, "skill"),
        "page": page,
        "activities": with_origins(page.rows),
    }
    return render(request, "telemetry/activities.html", context)


@require_GET
def activity(request: HtmxRequest, pk: UUID) -> HttpResponse:
    """One activity with all its details; to the log just the details, as JSON."""
    found = get_object_or_404(ActivityLog.objects.described(), pk=pk)
    with_origins([found])
    context = {"activity": found, "details": json.dumps(found.details, indent=2, ensure_ascii=False)}
    fragment = request.htmx and not request.htmx.boosted and not request.htmx.history_restore_request
    return render(request, "telemetry/activity.html#details" if fragment else "telemetry/activity.html", context)


@require_GET
def creative_pulse(request: HttpRequest) -> HttpResponseBase:
    time, range_form = chosen_range(request.GET)
    asked = request.GET.get("skill", "")
    pulse = Pulse(time, asked if asked in CREATIVE else "")
    rows = pulse.activities()
    if wanted_format(request):
        return export_rows(request, ordered(rows, "created_at", request.GET), EXPORTED, "creative-activities")
    page = live_page(rows.described(), "created_at", request)
    context: dict[str, Any] = {
        "time": time,
        "ranges": NAMES,
        "range_form": range_form,
        "targets": CREATIVE,
        "pulse": pulse,
        "figures": pulse.figures(),
        "chart": pulse.chart(),
        "actions": pulse.actions(),
        "latest": pulse.latest(rows),
        "page": page,
        "activities": with_origins(page.rows),
    }
    return render(request, "telemetry/creative_pulse.html", context)


def kept(request: HttpRequest) -> list[tuple[str, str]]:
    """Of the URL, beside the filters."""
    return [(name, request.GET[name]) for name in ("range", "since", "until", "sort") if name in request.GET]
