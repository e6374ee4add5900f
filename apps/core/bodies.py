"""What agents send: read generously, checked before it reaches the database."""

from datetime import UTC, datetime
from functools import cache
from typing import Annotated, Any
from uuid import UUID

import orjson
from django.http import HttpRequest
from django.utils import timezone
from ninja import Query
from ninja.parser import Parser
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

# orjson writes no more than 254 levels: a row nested deeper could be stored, and would then break every list.
DEEPEST = 100


class UnreadableBody(Exception):
    """The body is no JSON that a row could hold."""


class JSONParser(Parser):
    """JSON whatever the content type says."""

    def parse_body(self, request: HttpRequest) -> Any:
        return storable_json(request.body)


def storable_json(text: bytes) -> Any:
    """Refuses what a row cannot hold: NUL, lone surrogates, too many levels. Raises UnreadableBody."""
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise UnreadableBody(str(error)) from error
    if text.count(b"[") + text.count(b"{") > DEEPEST and is_too_deep(value):
        raise UnreadableBody(f"more than {DEEPEST} levels of nesting")
    # Only then: a text about "\\u0000" has the same bytes with one more backslash.
    if b"\\u0000" in text and has_nul(value):
        raise UnreadableBody("text must not contain the character NUL")
    return value


def has_nul(value: Any) -> bool:
    if isinstance(value, dict):
        return any(has_nul(part) for pair in value.items() for part in pair)
    if isinstance(value, list):
        return any(map(has_nul, value))
    return isinstance(value, str) and "\0" in value


def is_too_deep(body: Any) -> bool:
    level = [body] if isinstance(body, (dict, list)) else []
    for _ in range(DEEPEST):
        holders = (value.values() if isinstance(value, dict) else value for value in level)
        level = [part for holder in holders for part in holder if isinstance(part, (dict, list))]
    return bool(level)


class Body(BaseModel):
    """Base of request bodies.

    Numbers as text and text as numbers are read, unknown fields are ignored, and null for a field that
    has a default means that default.
    """

    model_config = ConfigDict(coerce_numbers_to_str=True, extra="ignore")

    @model_validator(mode="before")
    @classmethod
    def null_means_the_default(cls, data: Any) -> Any:
        if not isinstance(data, dict) or None not in data.values():
            return data
        defaulted = defaulted_fields(cls)
        return {key: value for key, value in data.items() if value is not None or key not in defaulted}


def example(**body: Any) -> ConfigDict:
    """`model_config` of a body that the API's description shows; a test sends it."""
    return ConfigDict(json_schema_extra={"examples": [body]})


@cache
def defaulted_fields(model: type[BaseModel]) -> frozenset[str]:
    """Those that may be left out and then are not null."""
    return frozenset(
        name
        for name, field in model.model_fields.items()
        if not field.is_required() and field.get_default(call_default_factory=True, validated_data={}) is not None
    )


def aware(moment: datetime) -> datetime:
    """A time without a zone is meant as UTC, as the agent's hosts run in it."""
    if moment.tzinfo is None:
        return timezone.make_aware(moment, timezone.get_default_timezone())
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        # PostgreSQL would keep it, but nothing could read it again.
        raise ValueError("the time is beyond the years 1 to 9999") from None


def nothing_for_empty(value: Any) -> Any:
    return None if value == "" else value


def listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def wrapped(value: Any) -> Any:
    """Agents send a sentence where an object is meant; it becomes the object's message."""
    return {"message": value} if isinstance(value, str) else value


Int = Annotated[int, Field(ge=-(2**31), le=2**31 - 1)]
Moment = Annotated[datetime, AfterValidator(aware)]
OptionalMoment = Annotated[Moment | None, BeforeValidator(nothing_for_empty)]
Tags = Annotated[Any, BeforeValidator(listed)]
JsonObject = Annotated[dict[str, Any], BeforeValidator(wrapped)]
JsonList = Annotated[list[Any], BeforeValidator(listed)]
Number = Annotated[float, Field(allow_inf_nan=False)]
Cost = Annotated[float, Field(ge=0, le=9_999.999999, allow_inf_nan=False, description="US dollars")]


class TelemetryBody(Body):
    """A row of telemetry. With an `id` of the sender's own (or an Idempotency-Key) a retry stores nothing twice."""

    id: UUID | None = None


PageNumber = Annotated[int, Query(ge=-1_000_000, le=1_000_000, description="From 1; anything less means 1.")]
Limit = Annotated[int, Query(ge=0, le=1000, description="Rows a page.")]
Hours = Annotated[int, Query(ge=0, le=87_600, description="Hours back from now.")]
Days = Annotated[int, Query(ge=0, le=3650, description="Days back from now.")]
