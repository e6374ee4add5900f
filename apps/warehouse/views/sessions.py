import json
import math
import re
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET

from apps.core.requests import HtmxRequest
from apps.telemetry.models import AgentSession
from apps.warehouse.session_page.compare import Comparison
from apps.warehouse.session_page.page import SessionPage
from apps.warehouse.session_page.part import Asked
from apps.warehouse.session_page.steps import TABLES

LONGEST_AGO = 1e9  # seconds; no session is as long as thirty years
MOST_STEPS = 10**9
KEPT = ("from", "to", "only")
CONTEXT = 4  # steps shown before one that was jumped to
MOST_RAW = 50
AN_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def asked(query: QueryDict) -> Asked:
    """What is no number counts as not asked for."""
    return Asked(
        seconds(query.get("from", "")),
        seconds(query.get("to", "")),
        count(query.get("after", "")),
        count(query.get("failure", "")),
        by_time=query.get("only") != "named",
    )


def seconds(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) and abs(value) < LONGEST_AGO else None


def count(text: str) -> int:
    return min(int(text), MOST_STEPS) if text.isascii() and text.isdecimal() and len(text) < 20 else 0


@require_GET
def session(request: HtmxRequest, pk: UUID) -> HttpResponse:
    page = SessionPage(get_object_or_404(AgentSession, pk=pk), asked(request.GET))
    context = {"page": page, "session": page.session}
    if request.htmx.target == "more-steps":
        return render(request, "warehouse/session.html#steps", context)
    return render(request, "warehouse/session.html", context)


@require_GET
def session_failure(request: HttpRequest, pk: UUID) -> HttpResponse:
    """To the next failed step after `after`, or the one before `before`, or the first one at `at` seconds or later.

    Within the part that the URL names, if it is there.
    """
    page = SessionPage(get_object_or_404(AgentSession, pk=pk), asked(request.GET))
    found = failure(page, request.GET)
    if found is None:
        return redirect("session", pk)
    number, started = found
    since, until = page.asked.window(page.life.starts)
    is_in_part = since and until and since <= started <= until
    kept = {name: request.GET[name] for name in KEPT if name in request.GET and (name == "only" or is_in_part)}
    place = {"after": max(number - 1 - CONTEXT, 0), "failure": number}
    return redirect(f"{page.url}?{urlencode(kept | place)}#failure")


def failure(page: SessionPage, query: QueryDict) -> tuple[int, datetime] | None:
    """The number and the start of the step that failed."""
    moment = seconds(query.get("at", ""))
    if moment is not None:
        return page.steps.failed_at(page.life.starts + timedelta(seconds=moment))
    if before := count(query.get("before", "")):
        return page.steps.failed_beside(before, onward=False)
    return page.steps.failed_beside(page.asked.after, onward=True)


@require_GET
def session_step(request: HtmxRequest, pk: UUID, kind: str, first: UUID) -> HttpResponse:
    """The rows themselves of a step, or of the run of steps up to `last`."""
    if kind not in TABLES:
        raise Http404
    page = SessionPage(get_object_or_404(AgentSession, pk=pk), asked(request.GET))
    last = UUID(text) if AN_ID.fullmatch(text := request.GET.get("last", "")) else first
    rows = page.steps.raw(kind, first, last, limit=MOST_RAW)
    if not rows:
        raise Http404
    steps = [{"row": row, "json": json.dumps(row, indent=2, ensure_ascii=False)} for row in rows]
    in_drawer = request.htmx.target == "raw"
    context = {"session": page.session, "kind": kind, "steps": steps, "most": MOST_RAW, "in_drawer": in_drawer}
    return render(request, f"warehouse/session_step.html{'#raw' if in_drawer else ''}", context)


@require_GET
def compare_sessions(request: HttpRequest, pk: UUID, other: UUID | None = None) -> HttpResponse:
    """With `other`, or with the session whose id, or the link to it, is in `with`."""
    one = get_object_or_404(AgentSession, pk=pk)
    text = request.GET.get("with", "").lower()
    named = AN_ID.findall(text)
    if other is None and named:
        query = {"only": "named"} if request.GET.get("only") == "named" else {}
        return redirect(f"{reverse('compare_sessions', args=[pk, named[-1]])}{'?' if query else ''}{urlencode(query)}")
    context: dict[str, Any] = {"session": one, "text": request.GET.get("with", "").replace("\0", "")[:200]}
    if other is None:
        context["neighbours"] = AgentSession.objects.neighbours(one)
        return render(request, "warehouse/compare.html", context)
    by_time = request.GET.get("only") != "named"
    context["comparison"] = Comparison.of(one, get_object_or_404(AgentSession, pk=other), by_time=by_time)
    return render(request, "warehouse/compare.html", context)
