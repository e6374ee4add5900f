from typing import Any, cast

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from apps.core.models import User
from apps.memory.models import Memory
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
        "texts": {kind: linked(kind, newest(kind, text)) for kind in KINDS} if text else {},
    }
    return render(request, "warehouse/search.html", context)


@require_GET
def palette(request: HttpRequest) -> HttpResponse:
    """What is called so, as the part of the search page that shows it; without a text all pages."""
    text = asked(request)
    context = {"text": text, "groups": found_by_name(text, cast(User, request.user))}
    return render(request, "warehouse/search.html#found", context)


def linked(kind: str, found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each with the `url` of its page; a memory has one by its key, as long as it is there."""
    ids = [one["id"] for one in found]
    if kind == "memories":
        urls = {memory.pk: memory.get_absolute_url() for memory in Memory.objects.filter(pk__in=ids).only("key")}
    else:
        urls = {id: reverse(PAGES[kind], args=[id]) for id in ids}
    return [one | {"url": urls.get(one["id"])} for one in found]


def asked(request: HttpRequest) -> str:
    return request.GET.get("q", "").replace("\0", "").strip()[:LONGEST]
