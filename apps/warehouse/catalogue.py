"""What PostgreSQL's catalogue says about the tables of the current schema, and what it should say.

The expected tables are made for a moment as temporary ones and read back with the same queries, so that
PostgreSQL itself writes both descriptions and they compare as text, whatever the server's version.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.apps import apps
from django.db import connection, models, transaction
from django.db.migrations.loader import MigrationLoader

APPS = ("goals", "telemetry", "skillset", "memory", "knowledge", "improvement", "operations", "security", "social")
SITE_PREFIXES = ("site_", "django_", "auth_")


@dataclass(frozen=True)
class Column:
    type: str
    nullable: bool
    default: str | None
    filled: bool  # by PostgreSQL itself: an identity or a generated column


@dataclass(frozen=True)
class Index:
    unique: bool
    definition: str  # what follows USING
    valid: bool
    of_constraint: bool


@dataclass(frozen=True)
class Constraint:
    kind: str  # as in pg_constraint: p, u, f or c
    definition: str
    columns: tuple[str, ...]
    foreign_table: str | None
    foreign_columns: tuple[str, ...]
    valid: bool


@dataclass
class Table:
    is_table: bool = True
    columns: dict[str, Column] = field(default_factory=dict)
    indexes: dict[str, Index] = field(default_factory=dict)
    constraints: dict[str, Constraint] = field(default_factory=dict)

    def with_column_renamed(self, old: str, new: str) -> "Table":
        def renamed(text: str) -> str:
            return re.sub(rf"\b{old}\b", new, text)

        return replace(
            self,
            columns={new if name == old else name: column for name, column in self.columns.items()},
            indexes={n: replace(i, definition=renamed(i.definition)) for n, i in self.indexes.items()},
        )


# Foreign tables and views count too: a view in a table's place is a difference worth telling.
TABLES = """
SELECT c.relname, c.relkind IN ('r', 'p') FROM pg_class c
 WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
   AND NOT EXISTS (SELECT FROM pg_depend d
                    WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
 ORDER BY 1
"""
COLUMNS = """
SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), NOT a.attnotnull,
       pg_get_expr(d.adbin, d.adrelid), a.attidentity <> '' OR a.attgenerated <> ''
  FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
 WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p')
 ORDER BY c.relname, a.attnum
"""
INDEXES = """
SELECT t.relname, c.relname, i.indisunique, split_part(pg_get_indexdef(i.indexrelid), ' USING ', 2), i.indisvalid,
       EXISTS (SELECT FROM pg_constraint o WHERE o.conindid = i.indexrelid AND o.contype IN ('p', 'u', 'x'))
  FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid
 WHERE t.relnamespace = current_schema()::regnamespace AND t.relkind IN ('r', 'p')
 ORDER BY 1, 2
"""
CONSTRAINTS = """
SELECT t.relname, o.conname, o.contype, replace(pg_get_constraintdef(o.oid), ' NOT VALID', ''),
       (SELECT coalesce(array_agg(a.attname::text ORDER BY k.place), '{}')
          FROM unnest(o.conkey) WITH ORDINALITY k (number, place)
          JOIN pg_attribute a ON a.attrelid = o.conrelid AND a.attnum = k.number),
       (SELECT relname FROM pg_class WHERE oid = o.confrelid),
       (SELECT coalesce(array_agg(a.attname::text ORDER BY k.place), '{}')
          FROM unnest(o.confkey) WITH ORDINALITY k (number, place)
          JOIN pg_attribute a ON a.attrelid = o.confrelid AND a.attnum = k.number),
       o.convalidated
  FROM pg_constraint o JOIN pg_class t ON t.oid = o.conrelid
 WHERE t.relnamespace = current_schema()::regnamespace AND o.contype IN ('p', 'u', 'f', 'c')
 ORDER BY 1, 2
"""


def read() -> dict[str, Table]:
    """Every table of the current schema, save for those of extensions."""
    tables = {name: Table(is_table) for name, is_table in rows(TABLES)}
    for table, name, *facts in rows(COLUMNS):
        if table in tables:
            tables[table].columns[name] = Column(*facts)
    for table, name, *facts in rows(INDEXES):
        if table in tables:
            tables[table].indexes[name] = Index(*facts)
    for table, name, kind, definition, columns, foreign_table, foreign_columns, valid in rows(CONSTRAINTS):
        if table in tables:
            tables[table].constraints[name] = Constraint(
                kind, definition, tuple(columns), foreign_table, tuple(foreign_columns), valid
            )
    return tables


def rows(sql: str, params: Sequence[Any] | None = None) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        found: list[Any] = cursor.fetchall()
        return found


def expected() -> dict[str, Table]:
    """The warehouse as the recorded migrations make it; where none is recorded, as the initial ones do."""
    with transaction.atomic():
        with connection.schema_editor() as editor:
            # Ahead of the real schema, the temporary one takes every unqualified name.
            editor.execute("SELECT set_config('search_path', 'pg_temp, ' || current_setting('search_path'), true)")
            for model in expected_models().values():
                editor.create_model(model)
        tables = read()
        transaction.set_rollback(True)
    return tables


def expected_models() -> dict[str, type[models.Model]]:
    """By table, in an order in which they can be created."""
    loader = MigrationLoader(connection)
    applied = [node for node in loader.applied_migrations if node[0] in APPS and node in loader.graph.nodes]
    state = loader.project_state([*applied, *initial_migrations()])
    found = [model for label in APPS for model in state.apps.get_app_config(label).get_models()]
    return {m._meta.db_table: m for m in found if not m._meta.db_table.startswith(SITE_PREFIXES)}


def initial_migrations() -> list[tuple[str, str]]:
    return [(label, "0001_initial") for label in APPS]


def table_names(label: str) -> set[str]:
    """The tables of the warehouse that one of its apps has models for."""
    tables = {model._meta.db_table for model in apps.get_app_config(label).get_models()}
    return {table for table in tables if not table.startswith(SITE_PREFIXES)}
