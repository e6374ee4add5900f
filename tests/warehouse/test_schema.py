"""The models make exactly the warehouse that `tests/data/warehouse_schema.json` describes.

That file was read from a live warehouse's catalogue; here the catalogue of a freshly migrated
database is read in the same way and compared piece by piece.
"""

import json
import re
from pathlib import Path

import pytest
from django.apps import apps
from django.db import connection

REFERENCE = json.loads((Path(__file__).parent.parent / "data" / "warehouse_schema.json").read_text())
TABLES = sorted(REFERENCE)

# The only accepted differences: what the reference says, what ours says, and why.
ACCEPTED = {
    # Core since PostgreSQL 13, while uuid-ossp is not available everywhere; the ids are the same kind.
    ("default", "uuid_generate_v4()"): "gen_random_uuid()",
    # Epoch milliseconds have not fitted into 32 bits since January 1970.
    ("scheduled_jobs", "created_at_ms"): "bigint",
    ("scheduled_jobs", "updated_at_ms"): "bigint",
}

pytestmark = [pytest.mark.django_db, pytest.mark.oldest]


def rows(sql, *params):
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchall()


def columns_of(table):
    """{name: (type, nullable, default)} as PostgreSQL itself writes them."""
    found = rows(
        """
        SELECT a.attname, format_type(a.atttypid, a.atttypmod), NOT a.attnotnull, pg_get_expr(d.adbin, d.adrelid)
          FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
         WHERE a.attrelid = %s::regclass AND a.attnum > 0 AND NOT a.attisdropped AND a.attname NOT LIKE 'site\\_%%'""",
        table,
    )
    return {name: (kind, nullable, default) for name, kind, nullable, default in found}


def expected_columns(table):
    return {
        column["name"]: (
            ACCEPTED.get((table, column["name"]), column["type"]),
            column["nullable"],
            ACCEPTED.get(("default", column["default"]), column["default"]),
        )
        for column in REFERENCE[table]["columns"]
    }


@pytest.mark.parametrize("table", TABLES)
def test_columns(table):
    assert columns_of(table) == expected_columns(table)


@pytest.mark.parametrize("table", TABLES)
def test_indexes(table):
    found = rows(
        """
        SELECT indexname, replace(indexdef, 'public.', '') FROM pg_indexes
         WHERE schemaname = 'public' AND tablename = %s AND indexname NOT LIKE 'site\\_%%'
           AND indexname NOT IN (SELECT conname FROM pg_constraint)""",
        table,
    )
    assert dict(found) == {index["name"]: index["definition"] for index in REFERENCE[table]["indexes"]}


@pytest.mark.parametrize("table", TABLES)
def test_constraints(table):
    found = rows(
        # From PostgreSQL 18 on NOT NULL is a constraint too; the columns above cover it.
        "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = %s::regclass AND contype <> 'n'",
        table,
    )
    expected = {constraint["name"]: constraint["definition"] for constraint in REFERENCE[table]["constraints"]}
    assert dict(found) == expected


def test_there_are_28_tables_with_97_indexes_and_a_model_each():
    models = {model._meta.db_table for model in apps.get_models() if not model._meta.db_table.startswith("site_")}
    assert len(TABLES) == 28
    assert models >= set(TABLES)
    assert sum(len(REFERENCE[table]["indexes"]) for table in TABLES) == 97


def test_python_and_database_agree_on_defaults():
    """A row made by Django and one made in psql start out alike."""
    for model in apps.get_models():
        if model._meta.db_table not in REFERENCE:
            continue
        for field in model._meta.concrete_fields:
            if field.column.startswith("site_"):
                continue
            has_database_default = expected_columns(model._meta.db_table)[field.column][2] is not None
            assert field.has_default() == has_database_default or field.get_internal_type() == "AutoField", field


def test_own_tables_are_named_so_that_they_never_collide():
    own = [model._meta.db_table for model in apps.get_models() if model.__module__.startswith("apps.")]
    assert all(table in REFERENCE or re.match("site_", table) for table in own)


def test_uuid_generate_v4_answers_everywhere():
    assert rows("SELECT uuid_generate_v4() <> uuid_generate_v4()") == [(True,)]
