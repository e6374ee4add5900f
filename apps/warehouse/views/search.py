from typing import cast

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from apps.core.models import User
from apps.warehouse.names import found_by_name
from apps.warehouse.search import KINDS, newest

LONGEST = 200


@require_GET
def search_page(request: HttpRequest) -> HttpResponse:
    """What is called so, and the texts in which it stands."""
    text = asked(request)
    context = {
        "text": text,
        "groups": found_by_name(text, cast(User, request.user)) if text else {},
        "texts": {kind: newest(kind, text) for kind in KINDS} if text else {},
    }
    return render(request, "warehouse/search.html", context)


@require_GET
def palette(request: HttpRequest) -> HttpResponse:
    """What is called so, as the part of the search page that shows it; without a text all pages."""
    text = asked(request)
    context = {"text": text, "groups": found_by_name(text, cast(User, request.user))}
    return render(request, "warehouse/search.html#found", context)


def asked(request: HttpRequest) -> str:
    return request.GET.get("q", "").replace("\0", "").strip()[:LONGEST]
