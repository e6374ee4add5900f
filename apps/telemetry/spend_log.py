"""The database in which the LiteLLM proxy logs what each call cost: LITELLM_DATABASE_URL, only ever read.

It is another program's, so it is no database of Django's: no model, no migration and no test of the warehouse
knows it, and where it is away the site goes on without it.
"""

import threading
import time
from datetime import datetime
from typing import Any

import psycopg
from django.conf import settings
from django.utils import timezone
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import DictRow, dict_row
from psycopg_pool import ConnectionPool, PoolTimeout

CONNECT_SECONDS, ANSWER_SECONDS = 2, 3
FRESH_SECONDS = 10  # for which sums serve, and for which a database that failed is left in peace
MOST_KEPT = 200


class Away(Exception):
    """The spend log cannot be read; the text says why and since when."""


def is_configured() -> bool:
    return bool(settings.LITELLM_DATABASE_URL)


def read(sql: str, **params: Any) -> list[DictRow]:
    """The rows of one statement.

    Raises:
        Away: not configured, not reachable, too slow, or without the table.
    """
    return configured().read(sql, params)


def read_sums(sql: str, **params: Any) -> list[DictRow]:
    """As `read`, but rows of the last seconds will do: what reads the whole table is not asked for twice at once.

    They are shared by all who ask, so not to be changed.
    """
    return configured().read_sums(sql, params)


EVERYTHING = ""


class Failure:
    def __init__(self, reason: str, since: datetime) -> None:
        self.reason, self.since, self.until = reason, since, time.monotonic() + FRESH_SECONDS

    def __str__(self) -> str:
        return f"unavailable since {self.since:%Y-%m-%d %H:%M:%S} UTC: {self.reason}"


class SpendLog:
    def __init__(self, url: str) -> None:
        self.url = url
        self.pool: ConnectionPool[psycopg.Connection[DictRow]] = ConnectionPool(
            url,
            min_size=0,
            max_size=4,
            timeout=CONNECT_SECONDS,
            max_idle=60,
            open=False,
            check=ConnectionPool.check_connection,
            configure=make_read_only,
            name="spend log",
            kwargs={
                "connect_timeout": CONNECT_SECONDS,
                "application_name": "aria-site spend log",
                "prepare_threshold": None,  # there may be a pooler in between
                "row_factory": dict_row,
            },
        )
        self.failures: dict[str, Failure] = {}  # of statements, or of the whole database
        self.sums: dict[tuple[Any, ...], tuple[float, list[DictRow]]] = {}
        self.summing = threading.Lock()

    def read(self, sql: str, params: dict[str, Any]) -> list[DictRow]:
        for what in (EVERYTHING, sql):
            if (failure := self.failures.get(what)) and time.monotonic() < failure.until:
                raise Away(str(failure))
        try:
            rows = self.fetch(sql, params)
        except psycopg.Error as error:
            # One statement that takes too long says nothing of the others.
            what = sql if isinstance(error, psycopg.errors.QueryCanceled) else EVERYTHING
            before = self.failures.get(what)
            self.failures[what] = failure = Failure(reason_of(error), before.since if before else timezone.now())
            raise Away(str(failure)) from error  # another thread may have had an answer by now
        self.failures.pop(EVERYTHING, None)
        self.failures.pop(sql, None)
        return rows

    def fetch(self, sql: str, params: dict[str, Any]) -> list[DictRow]:
        conninfo_to_dict(self.url)  # else the pool would try a broken address until its time is up
        self.pool.open()
        with self.pool.connection() as connection:
            connection.execute(f"SET LOCAL statement_timeout = '{ANSWER_SECONDS}s'")
            return connection.execute(sql, params).fetchall()

    def read_sums(self, sql: str, params: dict[str, Any]) -> list[DictRow]:
        key = (sql, *params.values())
        with self.summing:
            until, rows = self.sums.get(key, (0.0, []))
            if until < time.monotonic():
                rows = self.read(sql, params)
                if len(self.sums) >= MOST_KEPT:
                    self.sums.clear()
                self.sums[key] = (time.monotonic() + FRESH_SECONDS, rows)
        return rows


def make_read_only(connection: psycopg.Connection[Any]) -> None:
    connection.read_only = True


def reason_of(error: psycopg.Error) -> str:
    """In a few words, and without what the server's own text may quote."""
    if isinstance(error, PoolTimeout):
        return "no connection"
    if isinstance(error, psycopg.errors.QueryCanceled):
        return "no answer in time"
    if isinstance(error, (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn)):
        return "its table of spend is not there, or has other columns"
    return "its address is not usable" if isinstance(error, psycopg.ProgrammingError) else type(error).__name__


opening = threading.Lock()
logs: dict[str, SpendLog] = {}  # by address


def configured() -> SpendLog:
    url = settings.LITELLM_DATABASE_URL
    if not url:
        raise Away("not configured")
    with opening:
        if url not in logs:
            logs[url] = SpendLog(url)
        return logs[url]
