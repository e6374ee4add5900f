"""Which PostgreSQL the site uses: the one of DATABASE_URL, or an embedded server in the data folder.

Nothing here imports Django, so that settings, the Makefile's commands and the tests can all ask it.
"""

import functools
import os
import re
import tempfile
from pathlib import Path
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict

from aria_site.embedded import DatabaseProblem, EmbeddedServer, binaries, reason_of

__all__ = [
    "DatabaseProblem",
    "EmbeddedServer",
    "binaries",
    "data_dir",
    "django_settings",
    "embedded",
    "is_embedded",
    "make_ready",
]

OLDEST_POSTGRES = 16
OLDEST_PGVECTOR = (0, 8)  # searches under filters


def data_dir() -> Path:
    """`ARIA_DATA_DIR`: embedded database, generated secrets, static files."""
    default = Path(__file__).resolve().parent.parent / ".aria"
    return Path(os.environ.get("ARIA_DATA_DIR") or default).expanduser().resolve()


def is_embedded() -> bool:
    return not os.environ.get("DATABASE_URL")


def libpq_url(url: str) -> str:
    """libpq knows nothing of SQLAlchemy's `postgresql+asyncpg://`."""
    return re.sub(r"^postgres(ql)?(\+\w+)?://", "postgresql://", url.strip())


def configured_url() -> str:
    url = libpq_url(os.environ["DATABASE_URL"])
    try:
        named = url.startswith("postgresql://") and conninfo_to_dict(url).get("dbname")
    except psycopg.ProgrammingError:  # its text may quote the password
        named = None
    if not named:
        raise DatabaseProblem(
            "DATABASE_URL must look like postgresql://user:password@host:5432/name, "
            "with special characters of the password written as %XX."
        )
    return url


def django_settings() -> dict[str, Any]:
    """NAME, USER, PASSWORD, HOST, PORT and OPTIONS for Django's DATABASES."""
    given = conninfo_to_dict(embedded().url if is_embedded() else configured_url())
    names = {"NAME": "dbname", "USER": "user", "PASSWORD": "password", "HOST": "host", "PORT": "port"}
    return {name: given.pop(parameter, "") for name, parameter in names.items()} | {"OPTIONS": given}


@functools.cache
def embedded() -> EmbeddedServer:
    """The data folder's own server."""
    return EmbeddedServer(data_dir() / "postgres")


def make_ready() -> None:
    """Start the embedded server, or check that the configured one can carry the site.

    Raises:
        DatabaseProblem: the data folder is not ours to write; or the database is not reachable, too old, or
            without an extension and the right to create it.
    """
    folder = data_dir()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
        if is_embedded():
            embedded().acquire()
    except OSError as error:
        raise DatabaseProblem(
            f"Cannot use the data folder {folder} ({error.strerror}); "
            "correct its owner and rights, or choose another one with ARIA_DATA_DIR."
        ) from error
    check(embedded().url if is_embedded() else configured_url())


def check(url: str) -> None:
    with connect(url) as connection:
        require_version(connection)
        require_extension(connection, "vector")
        require_pgvector(connection)
        require_extension(connection, "pg_trgm")
        if is_available(connection, "uuid-ossp"):
            require_extension(connection, "uuid-ossp")


def connect(url: str) -> psycopg.Connection[Any]:
    try:
        return psycopg.connect(url, connect_timeout=5, autocommit=True, application_name="aria-site")
    except psycopg.OperationalError as error:
        raise DatabaseProblem(
            f"Cannot connect to the database of DATABASE_URL ({reason_of(error)}); "
            "start or create it, or correct the address."
        ) from error


def require_version(connection: psycopg.Connection[Any]) -> None:
    version = connection.info.server_version // 10_000
    if version < OLDEST_POSTGRES:
        raise DatabaseProblem(
            f"The database runs PostgreSQL {version}, but the site needs {OLDEST_POSTGRES} or later; upgrade it."
        )


def require_extension(connection: psycopg.Connection[Any], name: str) -> None:
    if connection.execute("SELECT 1 FROM pg_extension WHERE extname = %s", [name]).fetchone():
        return
    if not is_available(connection, name):
        package = "pgvector" if name == "vector" else "postgresql-contrib"
        raise DatabaseProblem(
            f"The database server has no extension '{name}'; install its package ({package}) on that server."
        )
    try:
        connection.execute(f'CREATE EXTENSION IF NOT EXISTS "{name}" WITH SCHEMA public')
    except (psycopg.errors.UniqueViolation, psycopg.errors.DuplicateObject):
        pass  # another process has just done it
    except psycopg.Error as error:
        raise DatabaseProblem(
            f"The extension '{name}' cannot be created ({reason_of(error)}); "
            f'let a superuser run once in this database: CREATE EXTENSION "{name}";'
        ) from error


def require_pgvector(connection: psycopg.Connection[Any]) -> None:
    """An extension stays at the version that created it until it is told to update itself."""
    if pgvector_version(connection) >= OLDEST_PGVECTOR:
        return
    reason = "its package on that server is too old"
    try:
        connection.execute("ALTER EXTENSION vector UPDATE")
    except psycopg.Error as error:
        reason = f"it cannot be updated: {reason_of(error)}"
    version = pgvector_version(connection)
    if version < OLDEST_PGVECTOR:
        has, needed = (".".join(map(str, numbers)) for numbers in (version, OLDEST_PGVECTOR))
        raise DatabaseProblem(
            f"The database has pgvector {has}, but the site needs {needed} or later ({reason}); install it, "
            'and let a superuser run once in this database: ALTER EXTENSION "vector" UPDATE;'
        )


def pgvector_version(connection: psycopg.Connection[Any]) -> tuple[int, ...]:
    row = connection.execute("SELECT extversion FROM pg_extension WHERE extname = 'vector'").fetchone()
    return tuple(int(number) for number in row[0].split(".")) if row else ()


def is_available(connection: psycopg.Connection[Any], name: str) -> bool:
    row = connection.execute("SELECT 1 FROM pg_available_extensions WHERE name = %s", [name]).fetchone()
    return row is not None
