"""Statements of our own, where there is no model to ask by."""

from typing import Any

from django.db import connection


def execute(statement: str, arguments: Any = None) -> list[Any]:
    """The rows that it gives, if it gives any."""
    with connection.cursor() as cursor:
        cursor.execute(statement, arguments)
        return cursor.fetchall() if cursor.description else []
