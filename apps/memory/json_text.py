"""JSON that people write: checked with the place of its error, and kept digit by digit."""

import json
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import DataError, connection, transaction

MOST_DIGITS = 1000


class JsonTextField(forms.CharField):
    """A JSON value as its text, which is what PostgreSQL gets: Python would round long numbers."""

    widget = forms.Textarea(attrs={"rows": 16, "spellcheck": "false", "class": "mono"})

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=1_000_000, **kwargs)

    def to_python(self, value: Any) -> str:
        text = super().to_python(value) or ""
        if text and (problem := problem_of(text)):
            raise ValidationError(problem, code="json")
        return text


def problem_of(text: str) -> str:
    """Why the text is no JSON that can be stored; empty: it can."""
    try:
        json.loads(text, parse_int=bounded, parse_float=str, parse_constant=refuse, object_pairs_hook=without_repeats)
    except json.JSONDecodeError as error:
        return f"Line {error.lineno}, column {error.colno}: {error.msg}."
    except RecursionError:
        return "This is nested too deeply."
    except ValueError as error:
        return str(error)
    return problem_of_storing(text)


def bounded(digits: str) -> str:
    """Python reads no longer ones, and the API is written in it."""
    if len(digits) > MOST_DIGITS:
        raise ValueError(f"A number has more than {MOST_DIGITS} digits.")
    return digits


def refuse(word: str) -> None:
    raise ValueError(f"JSON has no {word}.")


def without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """PostgreSQL would keep the last of them without a word."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        repeated = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"The name {json.dumps(repeated, ensure_ascii=False)[:200]} stands twice in an object.")
    return found


def problem_of_storing(text: str) -> str:
    """Numbers beyond all bounds, and characters that are none."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT %s::jsonb IS NULL", [text])
    except (DataError, UnicodeEncodeError) as error:
        return f"The database cannot store this: {str(error).splitlines()[0]}."
    return ""
