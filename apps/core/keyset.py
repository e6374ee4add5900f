"""Pages of rows that arrive all the time: 'older' and 'newer' than a row, so nothing shifts and nothing is counted."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Model, Q, QuerySet
from django.http import QueryDict

SIZE = 50


@dataclass(frozen=True)
class KeysetPage:
    """Rows, the newest first, and what stands in the URL of the pages beside it; empty where there is none."""

    rows: Sequence[Any]
    older: str = ""
    newer: str = ""


def keyset_page(rows: QuerySet, moment: str, query: QueryDict, size: int = SIZE) -> KeysetPage:
    """The page that `older_than` or `newer_than` of the URL asks for, in one query; the newest without them."""
    if place := place_of(query.get("newer_than", "")):
        found = list(rows.filter(beyond(moment, place, "gt")).order_by(moment, "id")[: size + 1])
        shown = found[:size][::-1]
        return framed(shown, moment, older=True, newer=len(found) > size)
    place = place_of(query.get("older_than", ""))
    if place:
        rows = rows.filter(beyond(moment, place, "lt"))
    found = list(rows.order_by(f"-{moment}", "-id")[: size + 1])
    return framed(found[:size], moment, older=len(found) > size, newer=place is not None)


def framed(rows: list[Any], moment: str, *, older: bool, newer: bool) -> KeysetPage:
    if not rows:
        return KeysetPage(rows)
    first, last = (cursor(row, moment) for row in (rows[0], rows[-1]))
    return KeysetPage(rows, older=last if older else "", newer=first if newer else "")


def cursor(row: Model, moment: str) -> str:
    return f"{getattr(row, moment).isoformat()}~{row.pk}"


def place_of(text: str) -> tuple[datetime, UUID] | None:
    """What is no place counts as none: the URL may be anybody's."""
    when, _, key = text.partition("~")
    try:
        moment = datetime.fromisoformat(when)
        return (moment, UUID(key)) if moment.tzinfo else None
    except ValueError:
        return None


def beyond(moment: str, place: tuple[datetime, UUID], side: str) -> Q:
    when, key = place
    # The first condition is what the index on the moment answers; the second parts the rows of one moment.
    return Q(**{f"{moment}__{side}e": when}) & (Q(**{f"{moment}__{side}": when}) | Q(**{f"id__{side}": key}))
