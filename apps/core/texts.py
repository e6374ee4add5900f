"""Texts within texts, as the trigram indexes of columns as they are know them."""

import re

from django.db.models import BooleanField, Func, Value
from django.db.models.expressions import Combinable

KNOWN_LETTERS = r"(?s).*[^\W_]{3}"  # what a text must have for those indexes to find it quickly


class Holds(Func):
    """Does the column hold `text`, in upper or lower case? Django's icontains asks UPPER(column), for another index."""

    template, arg_joiner = "(%(expressions)s)", " ILIKE "

    def __init__(self, column: Combinable, text: str) -> None:
        super().__init__(column, Value(pattern_of(text)), output_field=BooleanField())


def words_in(text: str) -> list[str]:
    """Those of three letters or more, in small letters and without repeats."""
    return [*dict.fromkeys(word.lower() for word in re.findall(r"\w{3,}", text))]


def pattern_of(text: str) -> str:
    """For ILIKE, or LIKE."""
    return f"%{escaped(text)}%"


def escaped(text: str) -> str:
    r"""`%`, `_` and `\` as ordinary characters of a LIKE pattern."""
    return re.sub(r"([\\%_])", r"\\\1", text)
