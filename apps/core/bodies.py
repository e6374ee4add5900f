"""What agents send: read generously, checked before it reaches the database."""

from datetime import datetime
from typing import Annotated, Any

import orjson
from django.http import HttpRequest
from django.utils import timezone
from ninja import Query
from ninja.parser import Parser
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field


class UnreadableBody(Exception):
    """The body is no JSON that a row could hold."""


class JSONParser(Parser):
    """JSON whatever the content type says. NUL, which PostgreSQL cannot store, and lone surrogates are refused."""

    def parse_body(self, request: HttpRequest) -> Any:
        if b"\\u0000" in request.body:
            raise UnreadableBody("text must not contain the character NUL")
        try:
            return orjson.loads(request.body)
        except orjson.JSONDecodeError as error:
            raise UnreadableBody(str(error)) from error


class Body(BaseModel):
    """Base of request bodies: numbers as text and text as numbers are read, unknown fields are ignored."""

    model_config = ConfigDict(coerce_numbers_to_str=True, extra="ignore")


def aware(moment: datetime) -> datetime:
    """A time without a zone is meant as UTC, as the agent's hosts run in it."""
    return moment if timezone.is_aware(moment) else timezone.make_aware(moment, timezone.get_default_timezone())


def nothing_for_empty(value: Any) -> Any:
    return None if value == "" else value


def listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


Int = Annotated[int, Field(ge=-(2**31), le=2**31 - 1)]
Moment = Annotated[datetime, AfterValidator(aware)]
OptionalMoment = Annotated[Moment | None, BeforeValidator(nothing_for_empty)]
Tags = Annotated[Any, BeforeValidator(listed)]

PageNumber = Annotated[int, Query(le=1_000_000, description="From 1; anything less means 1.")]
Limit = Annotated[int, Query(ge=0, le=1000, description="Rows a page.")]
Days = Annotated[int, Query(ge=0, le=3650, description="Days back from now.")]
