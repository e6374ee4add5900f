"""`manage.py adopt --from`: a dump goes into an empty database, whole or not at all."""

import fcntl
import gzip
import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from django.core.management import CommandError

from apps.warehouse import adoption, catalogue
from tests.warehouse.databases import DUMP, adopt, contents, dsn, tables, value

pytestmark = pytest.mark.oldest


def manage(*arguments):
    return subprocess.Popen(
        [sys.executable, "manage.py", *map(str, arguments)],
        cwd=Path(__file__).parent.parent.parent,
        env=os.environ | {"DATABASE_URL": dsn("aria_adopt")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def cut_gzip(text):
    return gzip.compress(text)[:-5000]


def no_gzip(text):
    return b"\x1f\x8b" + bytes(50)


def cut_text(text):
    return text[: len(text) // 2]


def cut_rows_of_another_tool(text):
    return text[: text.index(b"COPY public.goals") + 700].replace(b"-- PostgreSQL database dump", b"-- Other")


def owned(text):
    return text.replace(
        b"SET default_tablespace", b"ALTER SCHEMA public OWNER TO nobody_here;\nSET default_tablespace", 1
    )


def custom_format(text):
    return b"PGDMP" + text


def with_database(text):
    return b"CREATE DATABASE x;\n\\connect x\n" + text


def other_database(text):
    return b"CREATE TABLE public.other (id int);\n"


def test_stopped_half_way_it_can_be_finished(empty, tmp_path):
    pipe = tmp_path / "warehouse.sql"
    os.mkfifo(pipe)
    text = gzip.decompress(DUMP.read_bytes())
    # Held open for writing too, and with room for all of it, so that nothing here ever waits for a reader.
    half = os.open(pipe, os.O_RDWR)
    fcntl.fcntl(half, fcntl.F_SETPIPE_SZ, 1 << 20)
    os.write(half, text[: text.index(b"COPY public.social_posts") + 500])
    loading = manage("adopt", "--from", pipe)
    while not value("SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'COPY public.%'"):
        assert loading.poll() is None, loading.communicate()
    loading.kill()
    loading.communicate()
    os.close(half)
    with psycopg.connect(dsn("aria_adopt")) as other:
        while other.execute(
            "SELECT 1 FROM pg_stat_activity WHERE datname = 'aria_adopt' AND application_name = 'psql'"
        ).fetchone():
            other.rollback()
    assert tables() == set()
    done = manage("adopt", "--from", DUMP)
    output, errors = done.communicate()
    assert done.returncode == 0, errors
    assert "Loading: 100%" in errors
    assert "The warehouse is adopted" in output
    assert len(tables()) == 44
    assert adoption.plan().is_done


def test_refuses_a_database_that_is_not_empty(warehouse):
    before = contents(tables())
    with pytest.raises(CommandError, match="already holds 44 tables.*DROP SCHEMA public CASCADE|delete .*postgres"):
        adopt("--from", DUMP)
    assert contents(tables()) == before


def test_understands_dumps_from_elsewhere(empty, tmp_path):
    """A newer server's settings, its psql's own commands, a schema that is there already."""
    preamble = b"\\restrict abc\nSET a_setting_of_tomorrow = 0;\nCREATE SCHEMA public;\n"
    dump = tmp_path / "foreign.sql"
    dump.write_bytes(preamble + gzip.decompress(DUMP.read_bytes()) + b"\\unrestrict abc\n")
    adopt("--from", dump)
    assert len(tables()) == 44
    assert value("SELECT public.uuid_generate_v4() IS NOT NULL")


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (cut_gzip, "the compressed file is damaged or cut short"),
        (no_gzip, "Cannot read .*damaged"),
        (cut_text, "is cut short: pg_dump's last line is missing"),
        (cut_rows_of_another_tool, r"Line \d+ of .*: "),
        (owned, r'Line \d+ of .*: role "nobody_here" does not exist .pg_dump --no-owner'),
        (custom_format, "custom format"),
        (with_database, "without --create"),
        (other_database, "holds no table of the warehouse"),
    ],
)
def test_bad_file_leaves_nothing_behind(empty, tmp_path, spoil, message):
    bad = tmp_path / "bad.sql"
    bad.write_bytes(spoil(gzip.decompress(DUMP.read_bytes())))
    with pytest.raises(CommandError, match=message):
        adopt("--from", bad)
    assert catalogue.read() == {}


def test_missing_file_is_one_sentence(empty):
    refused = manage("adopt", "--from", "no-such-file.sql")
    output, errors = refused.communicate()
    assert refused.returncode == 1
    assert errors == "CommandError: Cannot read no-such-file.sql: no such file or directory; nothing was loaded.\n"
