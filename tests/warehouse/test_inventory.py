import json
from datetime import UTC, datetime
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection

from apps.operations.models import HeartbeatLog
from apps.warehouse import inventory
from apps.warehouse.management.commands.inventory import as_size
from tests.warehouse.test_schema import REFERENCE

pytestmark = [pytest.mark.django_db, pytest.mark.oldest]

NOON = datetime(2026, 2, 16, 12, tzinfo=UTC)


def sql(statement):
    with connection.cursor() as cursor:
        cursor.execute(statement)


def entry(table):
    return next(entry for entry in inventory.tables() if entry.table == table)


def listed(*arguments):
    output = StringIO()
    call_command("inventory", *arguments, stdout=output)
    return output.getvalue()


def line(table):
    return next(line for line in listed().splitlines() if line.startswith(table))


def test_every_table_of_the_warehouse_has_its_domain_and_model():
    for table in REFERENCE:
        found = entry(table)
        assert found.model
        assert found.domain not in ("Legacy", "Site")


def test_tables_without_a_model_are_listed_too():
    sql("CREATE TABLE opportunities (id serial, name text)")
    sql("INSERT INTO opportunities (name) VALUES ('one'), ('two')")
    assert entry("opportunities") == inventory.Entry(
        table="opportunities",
        rows=2,
        is_estimate=False,
        size=entry("opportunities").size,
        domain="Legacy",
        model=None,
        last_write=None,
    )


def test_the_sites_own_tables_come_last():
    domains = [found.domain for found in inventory.tables()]
    assert domains == sorted(domains, key=lambda domain: domain == "Site")
    assert entry("site_user").domain == "Site"


def test_small_tables_are_counted():
    HeartbeatLog.objects.create(beat_number=1, created_at=NOON)
    found = entry("heartbeat_log")
    assert (found.rows, found.is_estimate, found.last_write) == (1, False, NOON)
    assert line("heartbeat_log").split() == [
        *("heartbeat_log", "1", *as_size(found.size).split(), "Operations", "HeartbeatLog", "2026-02-16", "12:00")
    ]


def test_large_tables_are_estimated_and_marked_as_such():
    make_large_table()
    sql("CREATE INDEX ON large (created_at DESC)")
    sql("ANALYZE large")
    found = entry("large")
    assert found.is_estimate
    assert found.rows == 9_000
    assert found.last_write == NOON
    assert "~9,000" in line("large")


def test_estimate_follows_growth_since_the_last_analysis():
    make_large_table()
    sql("ANALYZE large")
    sql("INSERT INTO large TABLE large")
    assert 15_000 < entry("large").rows < 20_000


def test_large_table_without_an_index_on_its_time_is_not_searched():
    make_large_table()
    assert entry("large").last_write is None


def test_costs_two_queries(django_assert_num_queries):
    with django_assert_num_queries(2):
        inventory.tables()


def test_table_that_may_not_be_read_is_listed():
    sql("CREATE ROLE inventory_reader")
    sql("GRANT SELECT ON ALL TABLES IN SCHEMA public TO inventory_reader")
    sql("REVOKE SELECT ON memories FROM inventory_reader")
    sql("SET LOCAL ROLE inventory_reader")
    assert entry("memories").is_estimate


def test_for_scripts():
    HeartbeatLog.objects.create(beat_number=1, created_at=NOON)
    found = {entry["table"]: entry for entry in json.loads(listed("--json"))}
    assert found["heartbeat_log"]["last_write"] == NOON.isoformat()
    assert found["heartbeat_log"]["rows"] == 1


def make_large_table():
    sql(
        "CREATE TABLE large AS SELECT repeat('x', 200) AS text, timestamptz '2026-02-16 12:00Z' AS created_at"
        " FROM generate_series(1, 9000)"
    )
