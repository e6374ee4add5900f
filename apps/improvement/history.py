"""Who changed what, and of long texts just the lines that differ."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import models

from apps.core.models import Change
from apps.improvement.difference import Row, difference

CHANGES = 50
LINES = 60  # of one text
LONG = 200  # characters that are quicker read as lines


@dataclass(frozen=True)
class Part:
    """A column of a change; `rows` where its texts are long, with `more` that are not among them."""

    name: str
    before: Any
    after: Any
    rows: Sequence[Row] = field(default=())
    more: bool = False


def history_of(row: models.Model) -> list[Change]:
    """The newest changes, each with its `parts`."""
    changes = list(Change.objects.of(row)[:CHANGES])
    for change in changes:
        updated = change.operation == "update"
        change.parts = [part(*one) for one in change.differences] if updated else []  # type: ignore[attr-defined]
    return changes


def part(name: str, before: Any, after: Any) -> Part:
    texts = [one or "" for one in (before, after)]
    if all(isinstance(one, str) for one in texts) and any("\n" in one or len(one) > LONG for one in texts):
        found = difference(*texts)
        return Part(name, before, after, found.rows[:LINES], more=not found.whole or len(found.rows) > LINES)
    return Part(name, before, after)
