"""Answers that many endpoints give."""

from typing import Any, Literal
from uuid import UUID

from ninja import Schema


class Created(Schema):
    id: UUID
    created: bool


class Updated(Schema):
    updated: bool


class Deleted(Schema):
    deleted: bool


class Skipped(Schema):
    """With `ARIA_NOISE_FILTER=on`: taken for test data and not stored, so `created`, `updated` or `stored` is false."""

    skipped: Literal[True]
    reason: str


class Problem(Schema):
    detail: str


class InvalidValue(Schema):
    type: str
    loc: list[str | int]
    msg: str
    input: Any = None


class Invalid(Schema):
    detail: list[InvalidValue] | str


class Unavailable(Schema):
    error: str
    detail: str
    path: str
    hint: str | None = None
