from dataclasses import replace
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from apps.core.ranges import NAMES, RangeForm, TimeRange, chosen_range
from apps.core.requests import HtmxRequest
from apps.core.together import together
from apps.telemetry.budgets.spending import most_strained
from apps.warehouse.models import Visit
from apps.warehouse.overview import surroundings
from apps.warehouse.overview.attention import attention
from apps.warehouse.overview.events import latest_events
from apps.warehouse.overview.since import happened
from apps.warehouse.overview.timeline import charts
from apps.warehouse.overview.visits import COOKIE, asks_by_itself

LAST_VISIT = "visit"
RANGES = {LAST_VISIT: "Last visit"} | NAMES
MOST_BUDGETS = 4
FIRST_VISIT = "24h"  # which has no visit before it


@require_GET
def overview(request: HtmxRequest) -> HttpResponse:
    time, range_form = time_of(request)
    context: dict[str, Any] = {
        "time": time,
        "ranges": RANGES,
        "range_form": range_form,
        "label": RANGES.get(time.name),
        "since": happened(time),
        "attention": together(request, attention),  # the rest depends on when the person last looked
        "charts": charts(time),
        "events": latest_events(time),
    }
    return render(request, "warehouse/overview.html", context)


def time_of(request: HtmxRequest) -> tuple[TimeRange, RangeForm]:
    """What the URL asks for; without it, what is new to this person."""
    since = last_look(request)
    query = request.GET.copy()
    if query.get("range") == LAST_VISIT:
        del query["range"]
    time, form = chosen_range(query, default=LAST_VISIT if since else FIRST_VISIT)
    return (replace(time, since=since) if time.name == LAST_VISIT else time), form


def last_look(request: HtmxRequest) -> datetime | None:
    """When the visit before this one ended. What an open page fetches by itself is no look."""
    if asks_by_itself(request):
        return Visit.objects.since(person_of(request))
    return Visit.objects.look(person_of(request), goes_on=COOKIE in request.COOKIES)


def person_of(request: HtmxRequest) -> int:
    assert request.user.pk is not None  # pages are for those who logged in
    return request.user.pk


@require_POST
def mark_all_seen(request: HtmxRequest) -> HttpResponse:
    Visit.objects.mark_all_seen(person_of(request))
    messages.success(request, "All is marked as seen. From now on you are told what is newer than this.")
    return redirect("home")


@require_GET
def services(request: HtmxRequest) -> HttpResponse:
    """Asked of other systems, so apart from the page: a fragment of it, or a page for who comes without a script."""
    host, used = surroundings.host()
    lights, unset = surroundings.lights()
    context = {"lights": lights, "unset": unset, "host": host, "used": used}
    return render(request, "warehouse/services.html" + ("#lights" if request.htmx else ""), context)


@require_GET
def budgets(request: HtmxRequest) -> HttpResponse:
    """The panel alone, for it has questions enough of its own."""
    return render(request, "telemetry/_budgets.html", {"budgets": most_strained(MOST_BUDGETS)})
