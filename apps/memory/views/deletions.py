"""What was deleted and can come back, of either kind of memory."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import Model, QuerySet, TextField
from django.db.models.fields.json import KT, KeyTransform
from django.db.models.functions import Cast, Left
from django.http import HttpRequest

from apps.core.models import Change
from apps.memory.history import deleted

MOST_AT_ONCE = 200
PREVIEW = 300


def listed(model: type[Model], name: str, text: Any) -> QuerySet[Change]:
    """With what a list shows of each: `name`, the beginning of the text, which may be long, and `category`."""
    shown = {
        "name": Left(KT(f"before__{name}"), PREVIEW),
        "preview": Left(text, PREVIEW),
        "category": KT("before__category"),
    }
    return deleted(model).defer("before", "after").annotate(**shown)


def as_json(column: str) -> Any:
    return Cast(KeyTransform(column, "before"), TextField())


def undoable(request: HttpRequest, model: type[Model]) -> list[int]:
    """Of the deletions of the action that the URL names, those that nobody has undone yet."""
    return [
        pk
        for action in uuids([request.GET.get("undo", "")])
        for pk in deleted(model).filter(action=action).values_list("pk", flat=True)[:MOST_AT_ONCE]
    ]


def chosen(request: HttpRequest) -> list[int]:
    return numbers(request.POST.getlist("change")[:MOST_AT_ONCE])


def say_what_came_back(request: HttpRequest, wanted: int, back: int, why_not: str) -> None:
    if back < wanted:
        messages.error(request, f"{wanted - back} of {wanted} did not come back: {why_not}.")
    if back:
        messages.success(request, f"{back} {'memory is' if back == 1 else 'memories are'} back.")


def uuids(texts: Iterable[str]) -> Iterator[UUID]:
    for text in texts:
        with suppress(ValueError):
            yield UUID(text)


def numbers(texts: Iterable[str]) -> list[int]:
    """Those that a key of the database may be."""
    return [int(text) for text in texts if text.isdecimal() and len(text) < 19]
