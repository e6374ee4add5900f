from typing import Any, cast

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from apps.core.models import User
from apps.memory.models import address_of
from apps.warehouse.names import found_by_name
from apps.warehouse.search import KINDS, newest

LONGEST = 200
PAGES = {"activities": "activity", "thoughts": "thought"}


@require_GET
def search_page(request: HttpRequest) -> HttpResponse:
    """What is called so, and the texts in which it stands."""
    text = asked(request)
    context = {
        "text": text,
        "groups": found_by_name(text, cast(User, request.user)) if text else {},
        "texts": {kind: linked(kind, text) for kind in KINDS} if text else {},
    }
    return render(request, "warehouse/search.html", context)


@require_GET
def palette(request: HttpRequest) -> HttpResponse:
    """What is called so, as the part of the search page that shows it; without a text all pages."""
    text = asked(request)
    context = {"text": text, "groups": found_by_name(text, cast(User, request.user))}
    return render(request, "warehouse/search.html#found", context)


def linked(kind: str, text: str) -> list[dict[str, Any]]:
    return [one | {"url": address(kind, one)} for one in newest(kind, text)]


def address(kind: str, one: dict[str, Any]) -> str:
    """The page of a text that `newest` found."""
    return address_of(one["key"]) if kind == "memories" else reverse(PAGES[kind], args=[one["id"]])


def asked(request: HttpRequest) -> str:
    return request.GET.get("q", "").replace("\0", "").strip()[:LONGEST]
