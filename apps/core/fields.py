"""Field and index pieces that the warehouse's tables share.

The warehouse has writers outside Django (psql, older skills), so every default stands in
the database too; `both` keeps the two in step.
"""

import uuid
from typing import Any

from django.contrib.postgres.functions import RandomUUID
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.utils import timezone


class Literal(models.Value):
    """A word of ours that stands in the statement itself: then PostgreSQL keeps a plan made for it."""

    def as_sql(self, compiler, connection):
        assert self.value.isidentifier()
        return f"'{self.value}'", []


class Now(models.Func):
    """`now()`, as the warehouse spells it (Django's own Now is STATEMENT_TIMESTAMP)."""

    template = "now()"
    output_field = models.DateTimeField()


class SerialField(models.AutoField):
    """An integer key fed by a sequence, as the warehouse has it, instead of an identity column."""

    def db_type(self, connection):
        return "serial"

    def db_type_suffix(self, connection):
        return None


class TextKeyField(models.CharField):
    """A text key without the second index for LIKE that Django would add to it."""

    def db_type(self, connection):
        return f"character varying({self.max_length})"


class LegacyIndex(models.Index):
    """An index whose name is longer than the 30 characters that Django allows; PostgreSQL allows 63."""

    max_name_length = 63


class LegacyGinIndex(GinIndex):
    max_name_length = 63


class DatabaseForeignKey(models.BaseConstraint):
    """A foreign key under the warehouse's own name, whose ON DELETE the database itself carries out.

    Use it beside a `ForeignKey(db_constraint=False, on_delete=DO_NOTHING)`: Django would choose
    another name, make it deferrable and leave ON DELETE to Python.
    """

    def __init__(self, *, column: str, references: str, on_delete: str, name: str) -> None:
        super().__init__(name=name)
        self.column, self.references, self.on_delete = column, references, on_delete

    def constraint_sql(self, model, schema_editor) -> str:
        return (
            f"CONSTRAINT {schema_editor.quote_name(self.name)} FOREIGN KEY "
            f"({schema_editor.quote_name(self.column)}) REFERENCES {self.references} "
            f"ON DELETE {self.on_delete}"
        )

    def create_sql(self, model, schema_editor) -> str:
        table = schema_editor.quote_name(model._meta.db_table)
        return f"ALTER TABLE {table} ADD {self.constraint_sql(model, schema_editor)}"

    def remove_sql(self, model, schema_editor) -> str:
        table = schema_editor.quote_name(model._meta.db_table)
        return f"ALTER TABLE {table} DROP CONSTRAINT {schema_editor.quote_name(self.name)}"

    def validate(self, *args, **kwargs) -> None:
        """The database checks it."""

    def deconstruct(self):
        path, args, kwargs = super().deconstruct()
        return (
            path,
            args,
            kwargs
            | {
                "column": self.column,
                "references": self.references,
                "on_delete": self.on_delete,
            },
        )

    def __eq__(self, other: object) -> bool:
        if isinstance(other, DatabaseForeignKey):
            return self.deconstruct() == other.deconstruct()
        return NotImplemented

    __hash__ = None  # type: ignore[assignment]


def both(value: Any) -> dict[str, Any]:
    """The same default for Python and for the database: `IntegerField(**both(0))`.

    `dict` and `list` stand for an empty JSON object and array.
    """
    if value in (dict, list):
        return {"default": value, "db_default": models.Value(value(), models.JSONField())}
    return {"default": value, "db_default": value}


def uuid_key() -> models.UUIDField:
    return models.UUIDField(primary_key=True, default=uuid.uuid4, db_default=RandomUUID(), editable=False)


def moment(*, null: bool = False) -> models.DateTimeField:
    """A time that is now unless told otherwise."""
    return models.DateTimeField(default=timezone.now, db_default=Now(), null=null, blank=null)


def optional_moment() -> models.DateTimeField:
    return models.DateTimeField(null=True, blank=True)


def optional_char(max_length: int) -> models.CharField:
    """Text that the warehouse keeps as NULL where there is none (so not Django's empty string)."""
    return models.CharField(max_length=max_length, null=True, blank=True)


def optional_text() -> models.TextField:
    return models.TextField(null=True, blank=True)


def json_object() -> models.JSONField:
    return models.JSONField(blank=True, **both(dict))


def json_list(*, null: bool = False) -> models.JSONField:
    return models.JSONField(blank=True, null=null, **both(list))


def owned_key(to: Any, **kwargs: Any) -> models.ForeignKey:
    """A foreign key whose constraint is a `DatabaseForeignKey` of the same model."""
    return models.ForeignKey(to, models.DO_NOTHING, db_constraint=False, db_index=False, **kwargs)
