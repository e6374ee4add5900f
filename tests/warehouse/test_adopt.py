"""`manage.py adopt` on an existing warehouse: a real one's dump, with fewer rows and the same structure."""

import gzip
import json
import re
import threading

import psycopg
import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import connection

from apps.warehouse import adoption, catalogue
from aria_site.database import DatabaseProblem
from tests.warehouse.databases import DUMP, adopt, contents, dsn, sql, tables, value

pytestmark = pytest.mark.oldest

DRIFT = """
agent_sessions
    missing   index idx_agent_sessions_openclaw_sid: will be built
goals
    extra     column metadata jsonb: left as it is
    extra     column parent_goal_id uuid: left as it is
    missing   index idx_goals_sprint_column_position: will be built
    extra     index idx_goals_parent: left as it is
    extra     constraint goals_parent_goal_id_fkey FOREIGN KEY (parent_goal_id) REFERENCES goals(id): left as it is
knowledge_query_log
    missing   index idx_kql_source: will be built
lessons_learned
    missing   column resolution_code text: will be added
scheduled_jobs
    different column created_at_ms is integer, expected bigint: will be widened
    different column updated_at_ms is integer, expected bigint: will be widened
security_events
    extra     column resolved boolean: left as it is
    extra     column resolved_at timestamp with time zone: left as it is
    extra     index idx_security_resolved: left as it is
thoughts
    missing   index idx_thoughts_content_trgm: will be built
"""


def differences(output):
    """The lines that report one, below the name of their table."""
    lines, table = [], ""
    for line in output.splitlines():
        if line.startswith("    "):
            lines += [table, line] if table else [line]
            table = ""
        else:
            table = line.partition(":")[0]
    return lines


def everything():
    """All that a change of the database would show in."""
    migrations = catalogue.rows("SELECT app, name, applied FROM django_migrations ORDER BY id")
    return catalogue.read(), migrations, value("SELECT count(*) FROM pg_trigger"), contents(tables())


def rows_of_dump():
    """{table: (columns, rows as COPY writes them)}"""
    found, rows = {}, None
    with gzip.open(DUMP, "rb") as dump:
        for line in dump:
            if start := re.match(rb"COPY public\.(\w+) (\(.*\)) FROM stdin;", line):
                rows = []
                found[start[1].decode()] = (start[2].decode(), rows)
            elif line == b"\\.\n":
                rows = None
            elif rows is not None:
                rows.append(line)
    return found


def copied(table, columns):
    with connection.cursor() as cursor, cursor.copy(f"COPY {table} {columns} TO STDOUT") as rows:
        return b"".join(rows).splitlines(keepends=True)


class TestDryRun:
    def test_reports_the_drift_as_it_is_and_changes_nothing(self, warehouse):
        before = catalogue.read()
        output = adopt()
        assert differences(output) == DRIFT.strip().splitlines()
        assert "activity_log: rows 200, columns 7, indexes 7; as expected\n" in output
        assert "16 tables without a model are left exactly as they are: bubble_monetization, daily_logs" in output
        assert "9 migrations will be recorded as applied: goals.0001_initial, telemetry" in output
        assert "'manage.py adopt --apply' does it" in output
        assert catalogue.read() == before

    def test_for_scripts(self, warehouse):
        found = json.loads(adopt("--json"))
        assert found["applied"] is False and found["stops"] == []
        assert [table["table"] for table in found["tables"] if table["differences"]] == [
            line for line in DRIFT.strip().splitlines() if not line.startswith(" ")
        ]

    def test_of_an_empty_database(self, empty):
        assert "no table of the warehouse" in adopt()
        with pytest.raises(CommandError, match="holds no table of the warehouse"):
            adopt("--apply")
        assert tables() == set()


class TestApply:
    def test_keeps_all_44_tables_and_every_row(self, adopted):
        dump = rows_of_dump()
        assert len(dump) == 44
        assert tables() == dump.keys()
        for table, (columns, rows) in dump.items():
            assert sorted(copied(table, columns)) == sorted(rows), table

    def test_brings_the_site(self, adopted):
        assert adoption.plan().is_done
        assert {"site_user", "site_change", "django_session"} <= catalogue.read().keys()
        assert value("SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'site_%'") > 0
        adoption.refuse_unadopted()

    def test_leaves_tables_without_a_model_as_they_are(self, warehouse):
        before = catalogue.read()
        adopt("--apply")
        after = catalogue.read()
        without = before.keys() - catalogue.expected().keys()
        assert len(without) == 16
        assert all(after[table] == before[table] for table in without)

    def test_twice_changes_nothing(self, adopted):
        before = everything()
        output = adopt("--apply")
        assert "There is nothing to do: the warehouse is adopted." in output
        assert everything() == before

    def test_rows_can_be_added_beside_unknown_columns(self, adopted):
        goal = model("goals.Goal").objects.create(goal_id="new", title="New")
        assert value("SELECT metadata FROM goals WHERE goal_id = 'new'") == "{}"
        assert "parent_goal_id" in model("core.Change").objects.of(goal).get().after
        model("security.SecurityEvent").objects.create(threat_level="LOW", threat_type="test")
        model("improvement.LessonLearned").objects.create(error_pattern="p", error_type="t", resolution_code="x")
        model("operations.ScheduledJob").objects.create(id="j", name="j", schedule_expr="*", created_at_ms=2**41)
        last = value("SELECT max(id) FROM hourly_goals")
        made = model("goals.HourlyGoal").objects.create(hour_slot=1, goal_type="t", description="d")
        assert made.id == last + 1

    def test_repairs_what_an_adopted_warehouse_lost(self, adopted):
        sql("DROP INDEX idx_goals_status, site_goals_text; ALTER TABLE thoughts DROP COLUMN category")
        before = contents({"goals"})
        output = adopt("--apply")
        assert [line for line in differences(output) if "missing" in line] == [
            "    missing   index idx_goals_status: built",
            "    missing   index site_goals_text: built",
            "    missing   column category character varying(100): added",
            "    missing   index idx_thoughts_category: built",
        ]
        assert adoption.plan().is_done
        assert contents({"goals"}) == before


class TestMissing:
    def test_pieces_are_made_as_the_migrations_make_them(self, warehouse):
        sql(
            """
            DROP TABLE rate_limits, hourly_goals;
            ALTER TABLE goals DROP CONSTRAINT goals_goal_id_key, DROP COLUMN sprint, DROP COLUMN position,
                ALTER updated_at DROP DEFAULT, ALTER tags SET NOT NULL;
            ALTER TABLE memories DROP CONSTRAINT memories_pkey;
            ALTER TABLE model_usage DROP CONSTRAINT model_usage_session_id_fkey;
            ALTER TABLE social_posts DROP CONSTRAINT social_posts_post_id_key CASCADE;
            DROP INDEX uq_wm_category_key;
            UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'idx_goals_status'::regclass;
            """
        )
        output = adopt("--apply")
        assert "rate_limits: missing, created" in output
        assert "index idx_goals_status: built anew, since an interrupted try left a ruin" in output
        assert "default of column updated_at is none, expected now(): set" in output
        assert "column tags refuses NULL: left as it is" in output
        found, expected = catalogue.read(), catalogue.expected()
        for table in expected:
            assert expected[table].indexes.items() <= found[table].indexes.items(), table
            assert expected[table].constraints.items() <= found[table].constraints.items(), table
            assert expected[table].columns.keys() <= found[table].columns.keys(), table
        assert value("SELECT bool_and(sprint = 'backlog' AND position = 0) FROM goals")

    def test_index_is_built_beside_the_writers(self, warehouse):
        """While a transaction holds the building up, others go on writing."""
        insert = "INSERT INTO agent_sessions (agent_id) VALUES ('busy')"
        with psycopg.connect(dsn("aria_adopt")) as slow, psycopg.connect(dsn("aria_adopt"), autocommit=True) as writer:
            slow.execute(insert)
            adopting = threading.Thread(target=adopt_and_leave)
            adopting.start()
            waiting = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'CREATE INDEX%'"
            while not writer.execute(waiting).fetchone():
                assert adopting.is_alive()
            writer.execute("SET lock_timeout = '1s'")
            writer.execute(insert)
            slow.commit()
            adopting.join()
        assert adoption.plan().is_done

    def test_values_that_break_a_missing_constraint_stop_it(self, warehouse):
        sql(
            """
            ALTER TABLE goals DROP CONSTRAINT goals_goal_id_key;
            UPDATE goals SET goal_id = 'same' WHERE id IN (SELECT id FROM goals LIMIT 2);
            ALTER TABLE model_usage DROP CONSTRAINT model_usage_session_id_fkey;
            UPDATE model_usage SET session_id = gen_random_uuid() WHERE id IN (SELECT id FROM model_usage LIMIT 3);
            """
        )
        before = catalogue.read()
        with pytest.raises(CommandError) as refused:
            adopt("--apply")
        assert "1 value(s) of goal_id occur more than once" in str(refused.value)
        assert "3 row(s) name a session_id that agent_sessions does not have" in str(refused.value)
        assert catalogue.read() == before

    def test_column_that_needs_a_value_cannot_be_invented(self, warehouse):
        sql("ALTER TABLE goals DROP COLUMN title")
        with pytest.raises(CommandError, match="goals, column title character varying.255.: it must have a value"):
            adopt("--apply")


class TestDifferent:
    def test_type_stops(self, warehouse):
        sql("ALTER TABLE goals ALTER title TYPE text")
        before = catalogue.read()
        assert "column title is text, expected character varying(255): adoption converts no data" in adopt()
        with pytest.raises(CommandError, match="Nothing was changed, because of: goals, column title is text"):
            adopt("--apply")
        assert catalogue.read() == before
        with pytest.raises(DatabaseProblem, match="manage.py adopt"):
            adoption.refuse_unadopted()

    def test_rename_only_when_asked(self, warehouse):
        sql("ALTER TABLE knowledge_entities RENAME type TO entity_type")
        before = contents({"knowledge_entities"})
        with pytest.raises(CommandError, match="it is called entity_type here; --rename renames it"):
            adopt("--apply")
        assert "entity_type" in catalogue.read()["knowledge_entities"].columns
        assert "column entity_type: will be renamed to type" in adopt("--rename")
        assert "column entity_type: renamed to type" in adopt("--apply", "--rename")
        assert "type" in catalogue.read()["knowledge_entities"].columns
        assert contents({"knowledge_entities"}) == before

    def test_extra_column_that_shuts_the_site_out_is_pointed_out(self, warehouse):
        sql("DELETE FROM memories; ALTER TABLE memories ADD owner text NOT NULL")
        assert "column owner text NOT NULL: left as it is, but the site can add no rows before" in adopt()

    def test_view_in_the_place_of_a_table_stops(self, warehouse):
        sql("ALTER TABLE thoughts RENAME TO ideas; CREATE VIEW thoughts AS TABLE ideas")
        with pytest.raises(CommandError, match="thoughts, table: it is a view"):
            adopt("--apply")


class TestStart:
    def test_refused_until_adopted(self, warehouse):
        with pytest.raises(DatabaseProblem, match="manage.py adopt --apply"):
            adoption.refuse_unadopted()

    def test_refused_when_adoption_was_interrupted(self, warehouse):
        adoption.change_at_once(adoption.plan())
        call_command("migrate", "core", verbosity=0)
        with pytest.raises(DatabaseProblem):
            adoption.refuse_unadopted()
        adopt("--apply")
        adoption.refuse_unadopted()

    def test_goes_on_with_a_new_database(self, empty):
        adoption.refuse_unadopted()
        call_command("migrate", "goals", verbosity=0)  # a first start that was interrupted
        adoption.refuse_unadopted()

    def test_not_two_at_once(self, warehouse):
        with psycopg.connect(dsn("aria_adopt")) as other:
            other.execute("SELECT pg_advisory_lock(%s)", [adoption.LOCK])
            with pytest.raises(CommandError, match="Another adoption or start is at work"):
                adopt("--apply")


def adopt_and_leave():
    try:
        adopt("--apply")
    finally:
        connection.close()


def model(name):
    return apps.get_model(name)
