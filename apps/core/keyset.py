"""Pages of rows that arrive all the time: 'older' and 'newer' than a row, so nothing shifts and nothing is counted."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Field, Model, Q, QuerySet
from django.http import QueryDict

SIZE = 50
Place = tuple[Any, Any]  # the value of the column that sorts, and the row's key


@dataclass(frozen=True)
class KeysetPage:
    """Rows, and what stands in the URL of the pages beside it; empty where there is none.

    `order` is the column that sorts them, with `-` in front where the greatest come first.
    """

    rows: Sequence[Any]
    order: str
    older: str = ""
    newer: str = ""


def keyset_page(
    rows: QuerySet, moment: str, query: QueryDict, size: int = SIZE, sorts: Sequence[str] = ()
) -> KeysetPage:
    """The page that `sort` and `older_than` or `newer_than` of the URL ask for, in one query; the newest without them.

    `sorts` names the other columns that may sort: each has an index and no nulls.
    """
    order = chosen_order(query.get("sort", ""), moment, sorts)
    column, onward, back = order.removeprefix("-"), *(("lt", "gt") if order.startswith("-") else ("gt", "lt"))
    field = rows.model._meta.get_field(column)
    if place := place_of(query.get("newer_than", ""), field):
        found = list(rows.filter(beyond(column, place, back)).order_by(*by(opposite(order)))[: size + 1])
        return framed(found[:size][::-1], order, older=True, newer=len(found) > size)
    place = place_of(query.get("older_than", ""), field)
    if place:
        rows = rows.filter(beyond(column, place, onward))
    found = list(rows.order_by(*by(order))[: size + 1])
    return framed(found[:size], order, older=len(found) > size, newer=place is not None)


def ordered(rows: QuerySet, moment: str, query: QueryDict, sorts: Sequence[str] = ()) -> QuerySet:
    """All rows, in the order in which `keyset_page` shows them."""
    return rows.order_by(*by(chosen_order(query.get("sort", ""), moment, sorts)))


def chosen_order(asked: str, moment: str, sorts: Sequence[str]) -> str:
    """What may not sort counts as not asked for: the URL may be anybody's."""
    return asked if asked.removeprefix("-") in (moment, *sorts) else f"-{moment}"


def opposite(order: str) -> str:
    return order[1:] if order.startswith("-") else f"-{order}"


def by(order: str) -> tuple[str, str]:
    return order, "-pk" if order.startswith("-") else "pk"


def framed(rows: list[Any], order: str, *, older: bool, newer: bool) -> KeysetPage:
    if not rows:
        return KeysetPage(rows, order)
    first, last = (cursor(row, order.removeprefix("-")) for row in (rows[0], rows[-1]))
    return KeysetPage(rows, order, older=last if older else "", newer=first if newer else "")


def cursor(row: Model, column: str) -> str:
    value = getattr(row, column)
    return f"{value.isoformat() if hasattr(value, 'isoformat') else value}~{row.pk}"


def place_of(text: str, field: Any) -> Place | None:
    """What is no place counts as none."""
    value, _, key = text.rpartition("~")
    if not value or "\0" in text:
        return None
    try:
        return cleaned(field, value), cleaned(field.model._meta.pk, key)
    except (ValidationError, ValueError, OverflowError):
        return None


def cleaned(field: Field, text: str) -> Any:
    """Raises: ValidationError, or ValueError for a moment without a zone"""
    value = field.to_python(text)
    if getattr(value, "tzinfo", True) is None:
        raise ValueError(f"{text} names no time zone")
    field.run_validators(value)
    return value


def beyond(column: str, place: Place, side: str) -> Q:
    value, key = place
    # The first condition is what the index on the column answers; the second parts the rows of one value.
    return Q(**{f"{column}__{side}e": value}) & (Q(**{f"{column}__{side}": value}) | Q(**{f"pk__{side}": key}))
