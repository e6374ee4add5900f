"""Databases beside the test database, for tests of what happens to a whole database."""

from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path

import psycopg
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.db import connection

from apps.warehouse import catalogue

DUMP = Path(__file__).parent.parent / "data" / "warehouse.sql.gz"


def dsn(name: str) -> str:
    settings = connection.settings_dict
    user = settings["USER"] + (f":{settings['PASSWORD']}" if settings["PASSWORD"] else "")
    if settings["HOST"].startswith("/"):
        return f"postgresql://{user}@/{name}?host={settings['HOST']}"
    return f"postgresql://{user}@{settings['HOST']}:{settings['PORT'] or 5432}/{name}"


@contextmanager
def database(name: str, template: str = "template0") -> Iterator[str]:
    with psycopg.connect(dsn("postgres"), autocommit=True) as server:
        server.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        server.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        if template == "template0":
            with psycopg.connect(dsn(name)) as new:
                new.execute("CREATE EXTENSION vector; CREATE EXTENSION pg_trgm")
        yield name
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def connected(name: str) -> Iterator[None]:
    """Django's connection goes to this database until the end of the block."""
    before = connection.settings_dict["NAME"]
    switch(name)
    try:
        yield
    finally:
        switch(before)
        ContentType.objects.clear_cache()


def switch(name: str) -> None:
    connection.close()
    connection.close_pool()
    connection.settings_dict["NAME"] = name


def adopt(*arguments: object) -> str:
    output = StringIO()
    call_command("adopt", *map(str, arguments), stdout=output)
    return output.getvalue()


def sql(statements: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statements)


def value(query: str):
    return catalogue.rows(query)[0][0]


def tables() -> set[str]:
    """The warehouse's own, of the database that Django is connected to."""
    return {table for table in catalogue.read() if not table.startswith(catalogue.SITE_PREFIXES)}


def contents(names: set[str]) -> dict[str, str]:
    """A checksum of all rows, by table."""
    return {table: value(f"SELECT md5(string_agg(t::text, ' ' ORDER BY t::text)) FROM {table} t") for table in names}
