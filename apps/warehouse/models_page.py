"""What the page of models shows: the catalogue of language models, what they cost, and what was made of them."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from apps.core.figures import Figure, dollars, whole
from apps.core.ranges import TimeRange
from apps.operations.model_catalogue import Catalogue
from apps.telemetry.models import ModelUsage
from apps.telemetry.prices import Cost, ModelPrice, Prices, nearest
from apps.telemetry.sums import UsageSum
from apps.telemetry.usage_groups import Row, Usage, priced, summed
from apps.telemetry.usage_page import note_of
from apps.warehouse.prices import with_ends

MOST_PRICES = 200


@dataclass(frozen=True)
class Known:
    """A model of the catalogue with what was used of it."""

    model: dict[str, Any]  # as the API shows it
    price: ModelPrice | None
    usage: Usage
    spelling: str  # under which most of its calls are; empty where there are none


@dataclass(frozen=True)
class Stranger:
    """A model that calls name and the catalogue does not."""

    model: str
    provider: str | None
    price: ModelPrice | None
    usage: Usage


class ModelsPage:
    def __init__(self, catalogue: Catalogue, time: TimeRange) -> None:
        self.catalogue, self.time, self.prices = catalogue, time, Prices()
        self.ids = ids_by_name(catalogue)
        sums = UsageSum.objects.between(time.since, time.until).real()
        self.rows = priced(sums.by_model_and_agent(), self.prices)

    def figures(self) -> list[Figure]:
        usage, strangers = summed(self.rows), self.strangers
        unknown = f"{whole(len(strangers))} of them not in the catalogue" if strangers and self.catalogue.models else ""
        return [
            Figure("In the catalogue", len(self.catalogue.models), None, whole),
            Figure("Used", len(self.groups), None, whole, unknown),
            Figure("Calls", usage.requests, None, whole),
            Figure("Cost", usage.cost.amount, None, dollars, note_of(usage.cost)),
        ]

    def known_as(self, row: Row) -> tuple[str, str | None]:
        """The id in the catalogue; elsewhere the model and provider as calls name them."""
        id = nearest(self.ids, row["model"], row["provider"])
        return (id, "") if id else (row["model"], row["provider"])

    @cached_property
    def groups(self) -> dict[tuple[str, str | None], list[Row]]:
        groups: dict[tuple[str, str | None], list[Row]] = defaultdict(list)
        for row in self.rows:
            groups[self.known_as(row)].append(row)
        return groups

    @cached_property
    def known(self) -> list[Known]:
        """The most used first."""
        found = [
            Known(model, self.prices.of(id, None), summed(rows := self.groups.get((id, ""), [])), most_used(rows))
            for id, model in self.catalogue.models.items()
        ]
        return sorted(found, key=lambda one: (-one.usage.requests, one.model["name"]))

    @cached_property
    def strangers(self) -> list[Stranger]:
        """Those of unknown cost first, then the most used."""
        found = [
            Stranger(model, provider, self.prices.of(model, provider), summed(rows))
            for (model, provider), rows in self.groups.items()
            if provider != "" or model not in self.catalogue.models
        ]
        return sorted(found, key=lambda one: (-one.usage.cost.unknown_calls, -one.usage.requests, one.model))

    def listed_prices(self) -> list[ModelPrice]:
        """The first of them; the file of the prices has all."""
        return list(self.prices.known.values())[:MOST_PRICES]

    def recent_calls(self, calls: Iterable[ModelUsage]) -> list[tuple[ModelUsage, Cost]]:
        """Each with what it cost."""
        return [(call, self.prices.cost_of(call)) for call in calls]


def most_used(rows: list[Row]) -> str:
    return max(rows, key=lambda row: row["requests"])["model"] if rows else ""


def ids_by_name(catalogue: Catalogue) -> dict[str, str]:
    """The ids of the catalogue's models by all names that calls may have for them, as prices go by them."""
    ids = {id.lower(): id for id in catalogue.models}
    for id, model in catalogue.models.items():
        for name in filter(None, (model["litellm_model"], *model["aliases"])):
            ids.setdefault(name.lower(), id)
    return with_ends(ids, lambda id: id)
