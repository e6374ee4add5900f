"""Which database the site works with, and how it says that it cannot."""

from types import SimpleNamespace

import psycopg
import pytest
from django.db import connection as django_connection

from aria_site import database
from aria_site.database import DatabaseProblem
from aria_site.embedded import reason_of
from aria_site.postgresql.base import has_ended
from tests.servers import database_url


@pytest.fixture
def url(django_db_setup):
    return database_url()


@pytest.fixture
def connected(url):
    with psycopg.connect(url, autocommit=True) as connection:
        yield connection


class TestDatabaseUrl:
    def settings(self, monkeypatch, url):
        monkeypatch.setenv("DATABASE_URL", url)
        return database.django_settings()

    def test_every_part_is_honoured(self, monkeypatch):
        url = "postgresql://us%40er:p%2Fw%3A%20%25@db.example:5433/warehouse?sslmode=verify-full&sslrootcert=/ca.pem"
        assert self.settings(monkeypatch, url) == {
            "NAME": "warehouse",
            "USER": "us@er",
            "PASSWORD": "p/w: %",
            "HOST": "db.example",
            "PORT": "5433",
            "OPTIONS": {"sslmode": "verify-full", "sslrootcert": "/ca.pem"},
        }

    def test_sockets_and_ipv6(self, monkeypatch):
        assert self.settings(monkeypatch, "postgres:///w?host=/run/pg&port=6432")["HOST"] == "/run/pg"
        assert self.settings(monkeypatch, "postgresql://u@[::1]:7/w")["HOST"] == "::1"

    def test_the_driver_of_sqlalchemy_is_ignored(self, monkeypatch):
        settings = self.settings(monkeypatch, "postgresql+asyncpg://u:p@h/w")
        assert (settings["HOST"], settings["USER"], settings["NAME"]) == ("h", "u", "w")

    @pytest.mark.parametrize(
        "url", ["mysql://u:hunter2@h/w", "postgresql://u:hunter2@h", "postgresql://u:hunter2%@h/w", "hunter2", "w=1"]
    )
    def test_anything_else_is_refused_without_quoting_the_password(self, monkeypatch, url):
        with pytest.raises(DatabaseProblem, match="DATABASE_URL must look like postgresql://") as refusal:
            self.settings(monkeypatch, url)
        assert "hunter2" not in str(refusal.value)

    def test_options_of_the_url_reach_django(self):
        assert django_connection.settings_dict["ENGINE"] == "aria_site.postgresql"
        assert django_connection.get_connection_params()["application_name"] == "aria-site"


class TestChecks:
    def test_a_good_one_passes(self, url):
        database.check(url)

    def test_one_that_is_not_there(self, url):
        with pytest.raises(DatabaseProblem, match=r'\(.*database "nowhere" does not exist\); start or create it'):
            database.connect(url.replace(f"/{django_connection.settings_dict['NAME']}?", "/nowhere?"))

    def test_too_old(self):
        old = SimpleNamespace(info=SimpleNamespace(server_version=150_018))
        with pytest.raises(DatabaseProblem, match="PostgreSQL 15, but the site needs 16 or later; upgrade it"):
            database.require_version(old)

    def test_just_new_enough(self):
        database.require_version(SimpleNamespace(info=SimpleNamespace(server_version=160_000)))

    def test_an_extension_that_the_server_lacks(self, connected):
        with pytest.raises(DatabaseProblem, match="no extension 'postfix'; install its package"):
            database.require_extension(connected, "postfix")

    def test_pgvector_is_too_old(self, connected, monkeypatch):
        monkeypatch.setattr(database, "OLDEST_PGVECTOR", (99, 1))
        with pytest.raises(
            DatabaseProblem, match=r"has pgvector 0\.[\d.]+, but the site needs 99\.1 .*too old.*UPDATE;"
        ):
            database.require_pgvector(connected)

    def test_pgvector_is_brought_up_to_date(self, connected, monkeypatch):
        """Of a warehouse whose server has a newer package than when the extension was created."""
        [current] = connected.execute("SELECT extversion FROM pg_extension WHERE extname = 'vector'").fetchone()
        connected.execute("UPDATE pg_extension SET extversion = '0.8.0' WHERE extname = 'vector'")
        monkeypatch.setattr(database, "OLDEST_PGVECTOR", tuple(map(int, current.split("."))))
        database.require_pgvector(connected)
        assert connected.execute("SELECT extversion FROM pg_extension WHERE extname = 'vector'").fetchone() == (
            current,
        )

    def test_no_right_to_create_an_extension(self, connected):
        connected.execute("DROP EXTENSION IF EXISTS cube")
        connected.execute("DROP ROLE IF EXISTS aria_limited; CREATE ROLE aria_limited; SET ROLE aria_limited")
        try:
            with pytest.raises(
                DatabaseProblem, match=r"permission denied.*let a superuser run once.*EXTENSION \"cube\""
            ):
                database.require_extension(connected, "cube")
        finally:
            connected.execute("RESET ROLE; DROP ROLE aria_limited")

    def test_an_extension_is_created_once(self, connected):
        database.require_extension(connected, "cube")
        database.require_extension(connected, "cube")
        assert connected.execute("SELECT count(*) FROM pg_extension WHERE extname = 'cube'").fetchone() == (1,)
        connected.execute("DROP EXTENSION cube")


class TestReason:
    @pytest.mark.parametrize(
        ("error", "reason"),
        [
            (
                'connection failed: connection to server at "h", port 1 failed: Connection refused\n'
                "\tIs the server running on that host and accepting TCP/IP connections?",
                'connection to server at "h", port 1 failed: Connection refused',
            ),
            ('... failed: FATAL:  database "x" does not exist\n', '... failed: database "x" does not exist'),
            ("\n", "no reason given"),
        ],
    )
    def test_is_one_line(self, error, reason):
        assert reason_of(error) == reason


class TestIdleConnections:
    @pytest.fixture
    def idle(self, url):
        connection = psycopg.connect(url, autocommit=True)
        yield connection
        connection.close()

    def test_a_living_one(self, idle):
        assert not has_ended(idle)

    def test_one_that_has_news(self, idle, connected):
        idle.execute("LISTEN news")
        connected.execute("NOTIFY news")
        assert not has_ended(idle)
        assert idle.execute("SELECT 1").fetchone() == (1,)

    def test_one_that_the_server_has_ended(self, idle, connected):
        connected.execute("SELECT pg_terminate_backend(%s, 5000)", [idle.info.backend_pid])
        assert has_ended(idle)

    def test_one_that_is_closed(self, idle):
        idle.close()
        assert has_ended(idle)
