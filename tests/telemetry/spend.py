"""A real spend log: a second database on the tests' server, with the table as the LiteLLM proxy makes it."""

import os
from contextlib import contextmanager
from datetime import UTC

import psycopg
from psycopg.conninfo import make_conninfo
from psycopg.types.json import Jsonb

from apps.core.live import connection_arguments
from apps.telemetry import spend_log
from tests.telemetry.rows import ago

TABLE = """
CREATE UNLOGGED TABLE "LiteLLM_SpendLogs" (
    request_id text PRIMARY KEY, call_type text NOT NULL, api_key text NOT NULL DEFAULT '',
    spend double precision NOT NULL DEFAULT 0, total_tokens int NOT NULL DEFAULT 0,
    prompt_tokens int NOT NULL DEFAULT 0, completion_tokens int NOT NULL DEFAULT 0,
    "startTime" timestamp(3) NOT NULL, "endTime" timestamp(3) NOT NULL, model text NOT NULL DEFAULT '',
    model_group text DEFAULT '', custom_llm_provider text DEFAULT '', api_base text DEFAULT '',
    metadata jsonb DEFAULT '{}', cache_hit text DEFAULT '', session_id text, status text
);
CREATE INDEX ON "LiteLLM_SpendLogs" ("startTime");
"""


@contextmanager
def spend_database():
    """Its address. Needs the tests' own database to be there."""
    arguments = connection_arguments()
    name = f"aria_test_spend_{os.getpid()}"
    address = make_conninfo(**{key: arguments[key] for key in arguments if key != "autocommit"} | {"dbname": name})
    with psycopg.connect(**arguments) as server:
        server.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        server.execute(f"CREATE DATABASE {name}")
        with psycopg.connect(address, autocommit=True) as database:
            database.execute(TABLE)
        try:
            yield address
        finally:
            forget()
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def forget():
    """What the site keeps of its logs: connections, sums, and that one failed."""
    for log in list(spend_log.logs.values()):
        log.pool.close()
    spend_log.logs.clear()


def make_spend(database, **over):
    """A row, 100 tokens in and 10 out unless told otherwise."""
    start = over.pop("at", None) or ago(minutes=1)
    row = {
        "request_id": f"chatcmpl-{start.timestamp():.6f}", "call_type": "acompletion", "spend": 0.5,
        "prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110, "model": "openrouter/qwen/qwen3",
        "model_group": "qwen3", "custom_llm_provider": "openrouter",
        "startTime": start.astimezone(UTC).replace(tzinfo=None), "endTime": start.astimezone(UTC).replace(tzinfo=None),
        "metadata": {},
    } | over  # fmt: skip
    row["metadata"] = Jsonb(row["metadata"])
    columns = ", ".join(f'"{name}"' for name in row)
    places = ", ".join(["%s"] * len(row))
    database.execute(f'INSERT INTO "LiteLLM_SpendLogs" ({columns}) VALUES ({places})', list(row.values()))
