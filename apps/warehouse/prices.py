"""The price catalogue: from the file of models, and for what that does not know from `model_cost_reference`.

That table is none of the site's models and not in every warehouse, and its columns may differ.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar

import orjson
from django.db import connection, transaction
from django.utils import timezone

from apps.operations.model_catalogue import Catalogue, latest
from apps.telemetry.prices import ModelPrice, nearest
from apps.warehouse.records import UnknownTable, source

FILE, TABLE = "models file", "model_cost_reference"
MOST_ROWS = 10_000
LONGEST_NAME = 151
T = TypeVar("T")
HIGHEST = 1_000_000  # USD a million tokens; more is a slip


@dataclass(frozen=True)
class Listed:
    """A price as its source has it, with the full names of its model."""

    names: tuple[str, ...]
    model: str
    input_usd: Decimal
    output_usd: Decimal

    @property
    def amounts(self) -> tuple[Decimal, Decimal]:
        return self.input_usd, self.output_usd


def update_prices() -> None:
    """Bring the prices up to date with their sources. A file that is broken leaves its last prices in place."""
    catalogue, problem = latest.current()
    stored = {price.name: price for price in ModelPrice.objects.all()}
    of_file = by_name(in_file(catalogue), FILE)
    if problem and not of_file:
        of_file = {name: price for name, price in stored.items() if price.source == FILE}
    of_table = by_name((price for price in in_table() if not is_known(price, of_file)), TABLE)
    store(of_table | of_file, stored)


def is_known(price: Listed, known: dict[str, ModelPrice]) -> bool:
    return any(nearest(known, name, None) for name in price.names)


def in_file(catalogue: Catalogue) -> list[Listed]:
    """An id goes before another's alias, as in the API."""
    ids, aliases = [], []
    for key in sorted(catalogue.priced):
        model = catalogue.models[key]
        input_usd, output_usd = amount(model["cost"]["input"]), amount(model["cost"]["output"])
        if input_usd is not None and output_usd is not None:
            ids.append(Listed((key,), key, input_usd, output_usd))
            names = tuple(filter(None, (model["litellm_model"], *model["aliases"])))
            aliases.append(Listed(names, key, input_usd, output_usd))
    return ids + aliases


def in_table() -> list[Listed]:
    """The newest first; a row that says nothing of use counts as none."""
    try:
        source(TABLE)
    except UnknownTable:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT to_jsonb(t)::text FROM {TABLE} AS t ORDER BY to_jsonb(t) ->> 'noted_at' DESC NULLS LAST"
        )
        rows = [orjson.loads(row) for (row,) in cursor.fetchmany(MOST_ROWS)]
    return [price for row in rows if (price := of_row(row))]


def of_row(row: dict[str, Any]) -> Listed | None:
    model, provider = row.get("model"), row.get("provider")
    input_usd, output_usd = amount(row.get("input_per_1m")), amount(row.get("output_per_1m"))
    if not isinstance(model, str) or not model or input_usd is None or output_usd is None:
        return None
    name = f"{provider}/{model}" if isinstance(provider, str) and provider else model
    return Listed((name,), model, input_usd, output_usd)


def amount(value: Any) -> Decimal | None:
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    usable = math.isfinite(number) and 0 <= number <= HIGHEST
    return number.quantize(Decimal("0.000001")) if usable else None


def by_name(listed: Iterable[Listed], origin: str) -> dict[str, ModelPrice]:
    """By full names, and by their ends where models of one price share them."""
    full: dict[str, Listed] = {}
    for price in listed:
        for name in filter(usable, price.names):
            full.setdefault(name.lower(), price)
    return {
        name: ModelPrice(
            name=name,
            model=price.model.replace("\0", ""),
            input_usd=price.input_usd,
            output_usd=price.output_usd,
            source=origin,
        )
        for name, price in with_ends(full, lambda price: price.amounts).items()
    }


def with_ends(full: Mapping[str, T], sense: Callable[[T], object]) -> dict[str, T]:
    """Also by what stands after the last slash of a name, where it is clear: not of things with different `sense`."""
    ends: dict[str, list[T]] = defaultdict(list)
    for name, thing in full.items():
        if end := name.rpartition("/")[2]:
            ends[end].append(thing)
    clear = {end: things[0] for end, things in ends.items() if len(set(map(sense, things))) == 1}
    return {**clear, **full}


def usable(name: str) -> bool:
    """Can calls have it? Their models and providers are no longer, and PostgreSQL's texts hold no NUL."""
    return 0 < len(name) <= LONGEST_NAME and "\0" not in name


@transaction.atomic
def store(wanted: dict[str, ModelPrice], stored: dict[str, ModelPrice]) -> None:
    """Write what differs; `updated_at` is when a price last changed."""
    ModelPrice.objects.filter(name__in=stored.keys() - wanted.keys()).delete()
    now = timezone.now()
    changed = [price for name, price in wanted.items() if name not in stored or facts(price) != facts(stored[name])]
    for price in changed:
        price.updated_at = now
    columns = ["model", "input_usd", "output_usd", "source", "updated_at"]
    ModelPrice.objects.bulk_create(changed, update_conflicts=True, unique_fields=["name"], update_fields=columns)


def facts(price: ModelPrice) -> tuple[Any, ...]:
    return price.model, price.input_usd, price.output_usd, price.source
