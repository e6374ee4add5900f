"""What is known of one node beside its relations: properties, who made it, and what was changed."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from apps.core.models import Change
from apps.knowledge.browser.wanted import uuid_of

CHANGES = 50
SESSIONS = ("session", "session_id", "source_session", "source_session_id")  # properties that may name one


@dataclass(frozen=True)
class Property:
    """`url` where the value names something that has a page; `moment` where it is a time."""

    name: str
    text: str
    kind: str  # what the value is, in a word
    url: str = ""
    moment: datetime | None = None


def properties_of(node: Any) -> list[Property]:
    """Of a node or relation."""
    values = node.properties if isinstance(node.properties, dict) else {"value": node.properties}
    return [property_of(name, value) for name, value in values.items()]


def property_of(name: str, value: Any) -> Property:
    if isinstance(value, bool):
        return Property(name, "yes" if value else "no", "yes or no")
    if value is None:
        return Property(name, "", "nothing")
    if isinstance(value, int | float):
        return Property(name, str(value), "number")
    if isinstance(value, list | dict):
        return Property(name, as_json(value), "list" if isinstance(value, list) else "object")
    text = str(value)
    if name in SESSIONS and (session := uuid_of(text)):
        return Property(name, text, "session", url=reverse("session", args=[session]))
    return Property(name, text, "text", moment=moment_in(text))


def moment_in(text: str) -> datetime | None:
    try:
        moment = parse_datetime(text)
    except ValueError:
        return None
    return timezone.make_aware(moment) if moment and timezone.is_naive(moment) else moment


def as_json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


def history_of(node: models.Model) -> list[Change]:
    """The newest changes, each with its `parts`: what it was before and after."""
    changes = list(Change.objects.of(node)[:CHANGES])
    for change in changes:
        change.parts = list(parts_of(change))  # type: ignore[attr-defined]
    return changes


def parts_of(change: Change) -> Iterator[tuple[str, object, object]]:
    """Of the properties only those that differ, each by its name."""
    for column, before, after in change.differences:
        if column == "properties" and isinstance(before, dict) and isinstance(after, dict):
            for name in sorted(before.keys() | after.keys()):
                if before.get(name) != after.get(name):
                    yield f"properties.{name}", before.get(name), after.get(name)
        elif column != "updated_at":
            yield column, before, after


def maker_of(history: list[Change]) -> Change | None:
    """Who made the node, if the history is kept for so long."""
    return history[-1] if history and history[-1].operation == "insert" else None
