"""Load a plain dump into an empty database: all of it or, whatever happens on the way, nothing."""

import gzip
import os
import re
import subprocess
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import IO, cast

from django.db import connection
from django.db.backends.postgresql.client import DatabaseClient
from tqdm import tqdm

from apps.warehouse import adoption, catalogue
from aria_site.database import DatabaseProblem, binaries, data_dir, is_embedded

UUID_GENERATE_V4 = import_module("apps.core.migrations.0001_initial").UUID_GENERATE_V4
HEAD, END = b"-- PostgreSQL database dump", b"-- PostgreSQL database dump complete"
# The first of these ends the preamble; what follows may be anybody's text and is never touched.
BODY = (b"CREATE TABLE", b"CREATE TYPE", b"CREATE FUNCTION", b"CREATE SEQUENCE", b"COPY ", b"INSERT ")
# The schema is there, and only their owners, who are often superusers, may describe these.
NEEDLESS = (b"CREATE SCHEMA public;", b"COMMENT ON SCHEMA public ", b"COMMENT ON EXTENSION ")
GZIP = b"\x1f\x8b"
BLOCK = 1 << 16


def load(path: Path) -> None:
    """Run the file through psql in one transaction.

    psql takes the end of its input for the end of the work, even when it is this process that has died.
    So the COMMIT is the last line that is sent, and only after a file that was read to its end.
    """
    require_empty_database()
    try:
        with path.open("rb") as file:
            send(file, path)
    except (OSError, EOFError, zlib.error) as error:
        raise DatabaseProblem(f"Cannot read {path}: {reason(error)}; nothing was loaded.") from error
    if not any(catalogue.table_names(label) & catalogue.read().keys() for label in catalogue.APPS):
        raise DatabaseProblem(f"{path} ends in the middle of a table or holds no table of the warehouse.")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return "the compressed file is damaged or cut short"


def require_empty_database() -> None:
    if tables := catalogue.read():
        how = "run DROP SCHEMA public CASCADE; CREATE SCHEMA public; in it"
        if is_embedded():
            how = f"stop the site and delete {data_dir() / 'postgres'}"
        raise DatabaseProblem(
            f"The database already holds {len(tables)} tables, and a dump goes into an empty one only. "
            "To adopt what is there, also after a load that was stopped, run 'manage.py adopt --apply'; "
            f"to load the dump instead, first empty the database: {how}."
        )


def send(file: IO[bytes], path: Path) -> None:
    with tempfile.TemporaryFile() as messages:
        psql = start_psql(messages)
        assert psql.stdin
        try:
            for block in blocks(file, path):
                psql.stdin.write(block)
            psql.stdin.write(closing())
            psql.stdin.close()
        except BrokenPipeError:
            pass  # psql has met an error and left; its message says which
        except BaseException:
            psql.kill()
            raise
        finally:
            with suppress(BrokenPipeError):
                psql.stdin.close()
            psql.wait()
        if psql.returncode:
            raise DatabaseProblem(complaint(messages, path))


def closing() -> bytes:
    """The end of the transaction, which the wrong file does not reach."""
    tables = set().union(*map(catalogue.table_names, catalogue.APPS))
    return f"""
DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_class WHERE relname IN ('{"', '".join(sorted(tables))}')) THEN
        RAISE EXCEPTION 'it holds no table of the warehouse';
    END IF;
END $$;
COMMIT;
""".encode()


def start_psql(messages: IO[bytes]) -> subprocess.Popen[bytes]:
    opening = ["--command=BEGIN"] + ([] if has_uuid_ossp() else [f"--command={UUID_GENERATE_V4}"])
    command, environment = DatabaseClient.settings_to_cmd_args_env(
        connection.settings_dict,
        ["--no-psqlrc", "--quiet", "--no-password", "--set=ON_ERROR_STOP=1", *opening, "--file=-"],
    )
    command[0] = str(binaries() / "psql")
    return subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=messages,
        env=os.environ | (environment or {}) | {"PGAPPNAME": adoption.LOADER},
        start_new_session=True,  # Ctrl-C is for this process, which then ends psql without a COMMIT
    )


def has_uuid_ossp() -> bool:
    return bool(catalogue.rows("SELECT FROM pg_available_extensions WHERE name = 'uuid-ossp'"))


def complaint(messages: IO[bytes], path: Path) -> str:
    """psql's first error as one sentence."""
    messages.seek(0)
    text = messages.read().decode(errors="replace")
    found = re.search(r"^psql:<stdin>:(\d+): \w+: +(.*)", text, re.MULTILINE)
    if not found:
        return f"Loading {path} failed: {' '.join(text.split()) or 'psql was stopped'}; nothing was loaded."
    line, error = found.groups()
    hint = " (pg_dump --no-owner --no-privileges makes a dump that needs no roles)" if error.startswith("role ") else ""
    return f"Line {line} of {path}: {error}{hint}; nothing was loaded."


def blocks(file: IO[bytes], path: Path) -> Iterator[bytes]:
    """The file's text, with a preamble that this server understands."""
    magic = file.peek(5)[:5]  # type: ignore[attr-defined]
    if magic == b"PGDMP":
        raise DatabaseProblem(f"{path} is in pg_dump's custom format; make it plain with: pg_restore --file=plain.sql")
    size = os.fstat(file.fileno()).st_size
    with tqdm.wrapattr(file, "read", total=size, desc="Loading", mininterval=0.5) as wrapped:
        counted = cast(IO[bytes], wrapped)
        text: IO[bytes] | gzip.GzipFile = gzip.GzipFile(fileobj=counted) if magic.startswith(GZIP) else counted
        ours, tail = False, b""
        for line in iter(text.readline, b""):
            ours, tail = ours or line.startswith(HEAD), tail + line
            yield understood(line, path)
            if line.startswith(BODY):
                break
        while block := text.read(BLOCK):
            tail = (tail + block)[-500:]
            yield block
    if ours and END not in tail:
        raise DatabaseProblem(f"{path} is cut short: pg_dump's last line is missing; nothing was loaded.")


def understood(line: bytes, path: Path) -> bytes:
    """One line of the preamble; what this server cannot know becomes empty, so that line numbers stay true."""
    if line.startswith((b"CREATE DATABASE", b"\\connect")):
        raise DatabaseProblem(f"{path} makes a database of its own; dump again without --create; nothing was loaded.")
    if line.startswith(NEEDLESS):
        return b"\n"
    if line.startswith(b'CREATE EXTENSION IF NOT EXISTS "uuid-ossp"') and not has_uuid_ossp():
        return b"\n"
    setting = re.match(rb"SET (\w+) = ", line)
    if setting and not catalogue.rows("SELECT FROM pg_settings WHERE name = %s", [setting[1].decode()]):
        return b"\n"
    return line
