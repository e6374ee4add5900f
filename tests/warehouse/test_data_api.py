"""The wire contract of records, export and maintenance."""

import csv
import json
from datetime import timedelta
from io import StringIO

import orjson
import pytest
from asgiref.sync import async_to_sync
from django.db import connection
from django.test import AsyncClient
from django.utils import timezone

from apps.core.export import BLOCK
from apps.memory.models import SemanticMemory
from apps.operations.models import ScheduledJob
from apps.security.models import RateLimit
from apps.warehouse import maintenance
from tests.conftest import ApiClient
from tests.factories import make_token
from tests.warehouse.activities import make_activity, make_many_activities
from tests.warehouse.databases import sql, value

pytestmark = pytest.mark.django_db


class TestRecords:
    def test_shows_all_columns_under_their_own_names_newest_first(self, api):
        make_activity("old", created_at=timezone.now() - timedelta(days=1))
        make_activity("new", {"message": 'é "quoted"\n'}, created_at="2099-11-22T21:51:28.525500+00:00")
        body = api.get("/api/records?limit=1").json()
        assert body.keys() == {"records", "total", "page", "limit"}
        assert (body["total"], body["page"], body["limit"]) == (2, 1, 1)
        [row] = body["records"]
        assert row.keys() == {"id", "action", "skill", "details", "success", "error_message", "created_at"}
        assert (row["action"], row["details"]) == ("new", {"message": 'é "quoted"\n'})
        assert row["created_at"] == "2099-11-22T21:51:28.525500+00:00"

    def test_microseconds_vanish_when_zero(self, api):
        make_activity(created_at="2026-11-22T23:51:28+02:00")
        assert api.get("/api/records").json()["records"][0]["created_at"] == "2026-11-22T21:51:28+00:00"

    def test_the_alias_and_the_name_are_one_table(self, api):
        make_activity()
        one, other = (api.get(f"/api/records?table={name}").json() for name in ("activities", "activity_log"))
        assert one == other and api.get("/api/records?table=").json() == one

    def test_pages(self, api):
        make_many_activities(5)
        pages = [api.get(f"/api/records?limit=2&page={page}").json()["records"] for page in (0, 1, 2, 3, 4)]
        assert [[row["details"]["n"] for row in page] for page in pages] == [[1, 2], [1, 2], [3, 4], [5], []]
        assert api.get("/api/records?limit=0").json() == {"records": [], "total": 5, "page": 1, "limit": 0}

    @pytest.mark.parametrize("query", ["limit=-1", "limit=1001", "page=x", "page=99999999999", "table=%00"])
    def test_refuses_paging_out_of_bounds(self, api, query):
        assert api.get(f"/api/records?{query}").status_code == 422

    @pytest.mark.parametrize("path", ["records", "export"])
    @pytest.mark.parametrize(
        "table",
        ["nowhere", "site_user", "site_api_token", "site_change", "django_session", "auth_group", "pg_class",
         "information_schema.tables", "goals; DROP TABLE goals", "GOALS", '"site_user"', "public.site_user"],
    )  # fmt: skip
    def test_no_other_table_can_be_read(self, api, path, table):
        response = api.get(f"/api/{path}", {"table": table})
        assert (response.status_code, response.json()) == (400, {"detail": "Invalid table"})

    def test_order_of_tables_without_created_at(self, api):
        old = timezone.now() - timedelta(days=1)
        RateLimit.objects.create(skill="a", updated_at=old)
        RateLimit.objects.create(skill="b", created_at=old)
        ScheduledJob.objects.create(id="a", name="a", schedule_expr="", synced_at=old)
        ScheduledJob.objects.create(id="b", name="b", schedule_expr="")
        limits = api.get("/api/records?table=rate_limits").json()["records"]
        jobs = api.get("/api/records?table=scheduled_jobs").json()["records"]
        assert [row["skill"] for row in limits] == ["b", "a"] and [row["id"] for row in jobs] == ["b", "a"]

    def test_vectors_are_left_out(self, api):
        SemanticMemory.objects.create(content="x", embedding=[0.5] * 768)
        [row] = api.get("/api/records?table=semantic_memories").json()["records"]
        assert "embedding" not in row and row["content"] == "x"

    def test_costs_two_queries(self, api, django_assert_num_queries):
        make_many_activities(30)
        api.get("/api/records")
        with django_assert_num_queries(3):  # the token, the catalogue, the page with its count
            api.get("/api/records")

    def test_a_table_of_any_making(self, api):
        sql("""
            CREATE TABLE bubble_monetization (
                id serial PRIMARY KEY, "odd ""name"" %s" text, tags text[], amount numeric(20, 8), took interval,
                found timestamp, host inet, raw bytea, share float8,
                twice numeric GENERATED ALWAYS AS (amount * 2) STORED);
            INSERT INTO bubble_monetization VALUES
                (1, 'x', '{a,b}', 0.00000001, '1 day', '2026-01-02 03:04:05.5', '10.0.0.1', '\\x00ff', 'NaN'),
                (2, NULL, NULL, NULL, NULL, 'infinity', NULL, NULL, NULL)""")
        rows = api.get("/api/records?table=bubble_monetization").json()["records"]
        assert [row["id"] for row in rows] == [2, 1]
        assert rows[1] | {"took": "", "raw": ""} == {
            "id": 1, 'odd "name" %s': "x", "tags": ["a", "b"], "amount": 1e-8, "took": "",
            "found": "2026-01-02T03:04:05.500000", "host": "10.0.0.1", "raw": "", "share": "NaN", "twice": 2e-8,
        }  # fmt: skip
        for kind in ("json", "ndjson", "csv"):
            assert b"a" in api.get(f"/api/export?table=bubble_monetization&format={kind}").getvalue()


class TestExport:
    def test_json_by_default(self, api):
        make_many_activities(3)
        response = api.get("/api/export")
        assert response["Content-Type"] == "application/json" and response.streaming
        body = orjson.loads(response.getvalue())
        assert body == {"records": api.get("/api/records").json()["records"]}

    def test_of_an_empty_table(self, api):
        assert orjson.loads(api.get("/api/export?table=goals").getvalue()) == {"records": []}
        assert api.get("/api/export?table=goals&format=ndjson").getvalue() == b""
        assert api.get("/api/export?table=goals&format=csv").getvalue().startswith(b"id,goal_id,title")

    def test_lines(self, api):
        make_many_activities(3, words="E'two\\nlines '")
        response = api.get("/api/export?format=ndjson")
        assert response["Content-Type"] == "application/x-ndjson"
        rows = [json.loads(line) for line in response.getvalue().splitlines()]
        assert [row["details"]["n"] for row in rows] == [1, 2, 3]

    def test_csv(self, api):
        make_activity('a "b", c', {"x": "1\n2"}, created_at="2026-11-22T21:51:28.5+00:00", error_message="")
        response = api.get("/api/export?format=csv&table=activities")
        assert response["Content-Type"] == "text/csv; charset=utf-8"
        assert response["Content-Disposition"] == 'attachment; filename="activities.csv"'
        [row] = csv.DictReader(StringIO(response.getvalue().decode()))
        assert (row["action"], json.loads(row["details"])) == ('a "b", c', {"x": "1\n2"})
        assert row["created_at"] == "2026-11-22T21:51:28.500000+00:00"

    def test_has_no_limit_and_comes_in_blocks(self, api):
        make_many_activities(12_000)
        blocks = list(api.get("/api/export").streaming_content)
        assert len(blocks) > 20 and max(map(len, blocks)) < 2 * BLOCK
        assert len(orjson.loads(b"".join(blocks))["records"]) == 12_000

    def test_refuses_other_formats(self, api):
        assert api.get("/api/export?format=xml").status_code == 422

    def test_a_reader_may(self, reader):
        assert reader.get("/api/export").status_code == 200


@pytest.mark.django_db(transaction=True)
class TestExportToTheEnd:
    @pytest.mark.parametrize("kind", ["json", "ndjson", "csv"])
    def test_a_caller_who_leaves_early_leaves_nothing_behind(self, kind):
        make_many_activities(5_000)
        response = ApiClient(make_token()).get(f"/api/export?format={kind}")
        next(response.streaming_content)
        response.close()
        idle = "SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in%' AND datname = current_database()"
        assert value(idle) == 0
        assert not connection.in_atomic_block

    @pytest.mark.parametrize("kind", ["json", "ndjson", "csv"])
    def test_comes_in_blocks_under_asgi_too(self, kind):
        make_many_activities(5_000)
        headers = {"Authorization": f"Bearer {make_token()}"}

        async def blocks():
            response = await AsyncClient().get(f"/api/export?format={kind}", headers=headers)
            return [block async for block in response.streaming_content]

        found = async_to_sync(blocks)()
        assert len(found) > 5 and len(b"".join(found)) > 500_000
        assert not connection.in_atomic_block


class TestMaintenance:
    def test_analyses_the_busy_tables(self):
        admin = ApiClient(make_token("admin"))
        assert admin.post("/api/maintenance").json() == {
            "maintenance": "complete", "tables": dict.fromkeys(maintenance.BUSY, "analyzed"),
        }  # fmt: skip

    def test_needs_an_admin(self, api):
        assert api.post("/api/maintenance").status_code == 403

    def test_one_that_fails_does_not_keep_the_others_from_it(self):
        sql("ALTER TABLE thoughts RENAME TO musings")
        done = ApiClient(make_token("admin")).post("/api/maintenance").json()["tables"]
        assert done["thoughts"] == 'error: relation "thoughts" does not exist' and done["activity_log"] == "analyzed"

    def test_table_stats(self, api):
        stats = api.get("/api/table-stats").json()
        assert {row["table"] for row in stats} == set(maintenance.BUSY)
        assert stats[0].keys() == {"table", "live_tuples", "dead_tuples", "last_vacuum"}
        assert [row["dead_tuples"] for row in stats] == sorted((row["dead_tuples"] for row in stats), reverse=True)
