"""What calls of models cost: what their client reported, or else what the price catalogue makes of their tokens.

Stored costs never change. An estimate is made whenever it is read, so that a corrected price corrects it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any, Literal, TypeVar

from django.db import models
from django.db.models import Case, CharField, DecimalField, F, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Coalesce, Concat, Length, Lower

MILLION = 1_000_000
NOTHING = Decimal(0)
T = TypeVar("T")
Origin = Literal["reported", "estimated", "unknown", "none"]
# Calls that took tokens and were reported without a cost; in SQL of `{0}`.
SILENT = Q(cost_usd=0) & (Q(input_tokens__gt=0) | Q(output_tokens__gt=0))
SILENT_SQL = "{0}.cost_usd = 0 AND ({0}.input_tokens > 0 OR {0}.output_tokens > 0)"


@dataclass(frozen=True)
class Cost:
    """Of a call or of many, in USD."""

    reported: Decimal = NOTHING  # by the client
    estimated: Decimal = NOTHING  # from the price catalogue; nothing for calls that are free
    estimated_calls: int = 0
    unknown_calls: int = 0  # of models without a price

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(
            self.reported + other.reported,
            self.estimated + other.estimated,
            self.estimated_calls + other.estimated_calls,
            self.unknown_calls + other.unknown_calls,
        )

    @property
    def amount(self) -> Decimal | None:
        """As far as it is known; None where nothing is."""
        nothing_known = self.unknown_calls and not self.reported and not self.estimated_calls
        return None if nothing_known else self.reported + self.estimated

    @property
    def origin(self) -> Origin:
        """Of a single call's cost; `none` where it neither took tokens nor cost anything."""
        if self.unknown_calls:
            return "unknown"
        if self.estimated_calls:
            return "estimated"
        return "reported" if self.reported else "none"


def total(costs: Iterable[Cost]) -> Cost:
    return sum(costs, Cost())


def spellings(model: str, provider: str | None) -> list[str]:
    """The names under which a call's price is looked up, the most exact first.

    Those are `provider/model`, the model as the call names it, and the part after its last slash, whatever their case.
    """
    name = model.lower()
    return [f"{(provider or '').lower()}/{name}", name, name.rpartition("/")[2]]


class ModelPrice(models.Model):
    """What a million tokens of a model cost, by a name that calls may have for it."""

    name = models.TextField(primary_key=True)  # in lower case
    model = models.TextField()  # as its source names it
    input_usd = models.DecimalField(max_digits=16, decimal_places=6)
    output_usd = models.DecimalField(max_digits=16, decimal_places=6)
    source = models.CharField(max_length=30)
    updated_at = models.DateTimeField()

    class Meta:
        db_table = "site_model_price"
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def of(self, input_tokens: int, output_tokens: int) -> Decimal:
        return (input_tokens * self.input_usd + output_tokens * self.output_usd) / MILLION


def nearest(known: Mapping[str, T], model: str, provider: str | None) -> T | None:
    """What a call's model is known as."""
    return next((known[name] for name in spellings(model, provider) if name in known), None)


class Prices:
    """The price catalogue for many questions: read once, when the first of them needs a price."""

    @cached_property
    def known(self) -> dict[str, ModelPrice]:
        return {price.name: price for price in ModelPrice.objects.all()}

    def of(self, model: str, provider: str | None) -> ModelPrice | None:
        return nearest(self.known, model, provider)

    def cost_of_calls(self, group: Mapping[str, Any]) -> Cost:
        """Of calls of one model and provider, with `cost`, `silent`, `silent_input` and `silent_output` summed up."""
        if not group["silent"]:
            return Cost(group["cost"])
        price = self.of(group["model"], group["provider"])
        if price is None:
            return Cost(group["cost"], unknown_calls=group["silent"])
        estimate = price.of(group["silent_input"], group["silent_output"])
        return Cost(group["cost"], estimate, estimated_calls=group["silent"])

    def cost_of(self, call: Any) -> Cost:
        """Of a row of `model_usage`."""
        return self.cost_of_call(call.model, call.provider, call.input_tokens, call.output_tokens, call.cost_usd)

    def cost_of_call(
        self, model: str, provider: str | None, input_tokens: int, output_tokens: int, cost_usd: Decimal
    ) -> Cost:
        silent = not cost_usd and (input_tokens > 0 or output_tokens > 0)
        tokens = {"silent_input": input_tokens, "silent_output": output_tokens}
        return self.cost_of_calls(
            {"model": model, "provider": provider, "cost": cost_usd, "silent": int(silent), **tokens}
        )


def with_costs(calls: Any) -> Any:
    """Calls with their `cost_origin` and `cost_estimated`, as `Prices` has them; for exports, which stay in SQL."""
    named = calls.annotate(
        price_exact=Lower(Concat(Coalesce("provider", Value("")), Value("/"), "model")),
        price_name=Lower("model"),
        price_end=Lower(models.Func("model", Value("[^/]*$"), function="substring", output_field=CharField())),
    )
    names = [OuterRef("price_exact"), OuterRef("price_name"), OuterRef("price_end")]
    nearest = ModelPrice.objects.filter(name__in=names).order_by(Length("name").desc())
    paid = (
        F("input_tokens") * Subquery(nearest.values("input_usd")[:1])
        + F("output_tokens") * Subquery(nearest.values("output_usd")[:1])
    ) / MILLION
    amount: Any = DecimalField(max_digits=24, decimal_places=12)
    priced = named.annotate(cost_estimated=Case(When(SILENT, then=paid), output_field=amount))
    return priced.annotate(
        cost_origin=Case(
            When(SILENT & Q(cost_estimated=None), then=Value("unknown")),
            When(SILENT, then=Value("estimated")),
            When(cost_usd=0, then=Value("none")),
            default=Value("reported"),
        )
    )
