"""What became of a memory: who changed what, as lines that differ, and what was deleted and can come back."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import unified_diff
from typing import Any

from django.db import models
from django.db.models import Exists, OuterRef, UUIDField
from django.db.models.fields.json import KT, KeyTransform
from django.db.models.functions import Cast, Left

from apps.core.models import Change
from apps.memory.revisions import Indented

SHOWN = 20
# More of a text is not compared: to find what differs takes longer than it grows.
MOST_LETTERS, MOST_LINES = 8_000, 200


@dataclass(frozen=True)
class Entry:
    """A change, with the lines of its text that differ, each with its sign, and (column, before, after) of the rest."""

    change: Any
    lines: list[tuple[str, str]]
    others: list[tuple[str, Any, Any]]
    cut: bool


def history_of(row: models.Model, text: str, others: Iterable[str], until: int | None = None) -> list[Entry]:
    """One more than SHOWN where there are more; `text` is the column that is compared by lines."""
    changes = Change.objects.of(row)
    changes = changes.filter(pk__lt=until) if until else changes
    sides: dict[str, Any] = {
        f"{text}_{side}": Left(written(text, side), MOST_LETTERS + 1) for side in ("before", "after")
    }
    for name in others:
        sides |= {f"{name}_{side}": KT(f"{side}__{name}") for side in ("before", "after")}
    shown = changes.defer("before", "after").annotate(**sides)[: SHOWN + 1]
    return [entry_of(change, text, others) for change in shown]


def written(column: str, side: str) -> Any:
    """JSON over many lines, and a text as it is."""
    return Indented(KeyTransform(column, side)) if column == "value" else KT(f"{side}__{column}")


def entry_of(change: Change, text: str, others: Iterable[str]) -> Entry:
    sides = [getattr(change, f"{text}_{side}") or "" for side in ("before", "after")]
    pairs = [(name, getattr(change, f"{name}_before"), getattr(change, f"{name}_after")) for name in others]
    is_update = change.operation == "update"
    return Entry(
        change,
        list(differing(*sides)) if is_update else [],
        [pair for pair in pairs if is_update and pair[1] != pair[2]],
        cut=is_update and any(len(side) > MOST_LETTERS or side.count("\n") >= MOST_LINES for side in sides),
    )


def differing(before: str, after: str) -> Iterator[tuple[str, str]]:
    """(sign, line) of the lines that differ, with two around them."""
    was, now = (side[:MOST_LETTERS].splitlines()[:MOST_LINES] for side in (before, after))
    for line in list(unified_diff(was, now, n=2, lineterm=""))[2:]:
        yield line[0], line[1:]


def deleted(table: type[models.Model]) -> models.QuerySet[Change]:
    """Deletions of rows that are still away."""
    back = table._default_manager.filter(pk=Cast(OuterRef("row_id"), UUIDField()))
    return Change.objects.filter(~Exists(back), table_name=table._meta.db_table, operation="delete")
