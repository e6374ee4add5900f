"""Demo data: the right number of believable rows, always the same, and only where nothing else is."""

from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from apps.telemetry.prices import Prices
from apps.telemetry.sums import UsageSum
from apps.warehouse.demo.load import fill, tables_with_rows
from apps.warehouse.demo.skills import SKILLS, first_skills
from apps.warehouse.demo.world import COUNTS, World, rows_at
from apps.warehouse.prices import update_prices

UNTIL = datetime(2026, 2, 16, 18, 0, tzinfo=UTC)  # a Monday evening


def rows(sql, *params):
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchall()


def value(sql, *params):
    return rows(sql, *params)[0][0]


def row_counts():
    return {table: value(f"SELECT count(*) FROM {table}") for table in COUNTS}


def checksums():
    return {table: value(f"SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) FROM {table} t") for table in COUNTS}


@pytest.fixture(scope="class")
def world(django_db_setup, django_db_blocker):
    """A warehouse at scale 1, for all tests of a class that only look."""
    with django_db_blocker.unblock(), transaction.atomic():
        world = World(1, 1, UNTIL)
        fill(world)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE agent_sessions")  # else a plan may be made for a table that was empty
        yield world
        transaction.set_rollback(True)


@pytest.mark.django_db
class TestTelemetry:
    def test_every_table_has_a_real_installations_rows(self, world):
        assert row_counts() == COUNTS
        assert sum(COUNTS.values()) == 42_347

    def test_prices_tell_free_calls_from_those_of_unknown_cost(self, world):
        update_prices()
        models = UsageSum.objects.between(None).by_model()
        costs = {row["model"]: Prices().cost_of_calls(row) for row in models}
        assert costs["nomic-embed-text"].amount is None and costs["qwen3-mlx"].amount == 0
        assert costs["kimi"].reported > costs["kimi"].estimated > 0
        assert [model for model, cost in costs.items() if cost.unknown_calls] == ["nomic-embed-text"]

    @pytest.mark.parametrize(
        ("table", "column"),
        [("model_usage", "session_id"), ("activity_log", "(details ->> 'session_id')::uuid")],
    )
    def test_steps_lie_inside_their_session(self, world, table, column):
        linked, outside = rows(
            f"""
            SELECT count(*), count(*) FILTER (WHERE t.created_at NOT BETWEEN s.started_at
                                                    AND coalesce(s.ended_at, %s))
              FROM {table} t JOIN agent_sessions s ON s.id = {column}""",
            UNTIL,
        )[0]
        assert linked > COUNTS[table] / 2
        assert outside == 0

    def test_model_calls_start_inside_their_session(self, world):
        """A call is recorded at its end; its start, too, lies inside the session."""
        assert not value(
            """
            SELECT count(*) FROM model_usage u JOIN agent_sessions s ON s.id = u.session_id
             WHERE u.created_at - u.latency_ms * interval '1 ms' < s.started_at"""
        )

    def test_a_session_sums_up_its_calls(self, world):
        assert not value(
            """
            SELECT count(*) FROM agent_sessions s
             WHERE (tokens_used, cost_usd) <> (
                   SELECT coalesce(sum(input_tokens + output_tokens), 0), coalesce(sum(cost_usd), 0)
                     FROM model_usage WHERE session_id = s.id)"""
        )

    def test_some_sessions_are_active_and_some_have_been_for_far_too_long(self, world):
        active = [started for (started,) in rows("SELECT started_at FROM agent_sessions WHERE status = 'active'")]
        assert sum(UNTIL - started < timedelta(hours=1) for started in active) >= 3
        assert sum(UNTIL - started > timedelta(days=2) for started in active) >= 3
        assert not value("SELECT count(*) FROM agent_sessions WHERE (status = 'active') <> (ended_at IS NULL)")

    def test_sub_agents_start_inside_the_session_that_called_them(self, world):
        found = rows(
            """
            SELECT child.started_at BETWEEN parent.started_at AND coalesce(parent.ended_at, %s)
              FROM agent_sessions child
              JOIN agent_sessions parent ON parent.id = (child.metadata ->> 'parent_session_id')::uuid""",
            UNTIL,
        )
        assert len(found) > 100
        assert set(found) == {(True,)}

    def test_nights_and_weekends_are_quiet(self, world):
        hours = dict(rows("SELECT extract(hour FROM started_at)::int, count(*) FROM agent_sessions GROUP BY 1"))
        days = dict(rows("SELECT extract(isodow FROM started_at)::int, count(*) FROM agent_sessions GROUP BY 1"))
        assert sum(hours[hour] for hour in (2, 3, 4)) * 4 < sum(hours[hour] for hour in (9, 10, 11))
        assert max(days[6], days[7]) < min(days[day] for day in (1, 2, 3, 4, 5))

    def test_a_few_skills_fail(self, world):
        rates = dict(rows("SELECT skill_name, avg((NOT success)::int) FROM skill_invocations GROUP BY 1"))
        assert rates["market_data"] > 0.25
        assert rates["ollama"] > 0.08
        assert sum(rate < 0.05 for rate in rates.values()) > 25

    def test_moltbook_fails_since_its_key_was_revoked(self, world):
        rate = "SELECT avg((NOT success)::int) FROM skill_invocations WHERE skill_name = 'moltbook' AND created_at "
        assert value(rate + "> %s", UNTIL - timedelta(hours=52)) > 0.4
        assert value(rate + "< %s", UNTIL - timedelta(hours=52)) < 0.1

    def test_the_registry_agrees_with_the_invocations(self, world):
        assert not value(
            """
            SELECT count(*) FROM skill_status r
             WHERE (use_count, error_count, last_execution) <> (
                   SELECT count(*), count(*) FILTER (WHERE NOT success), max(created_at)
                     FROM skill_invocations WHERE skill_name = r.skill_name)"""
        )

    def test_nothing_happens_after_the_end(self, world):
        for table, column in [
            ("agent_sessions", "greatest(started_at, ended_at)"),
            ("model_usage", "created_at"),
            ("skill_invocations", "created_at"),
            ("activity_log", "created_at"),
            ("goals", "greatest(created_at, updated_at, completed_at)"),
            ("hourly_goals", "greatest(created_at, completed_at)"),
            ("memories", "updated_at"),
            ("working_memory", "greatest(created_at, updated_at, accessed_at)"),
            ("pending_complex_tasks", "greatest(created_at, completed_at)"),
            ("improvement_proposals", "greatest(created_at, reviewed_at)"),
            ("heartbeat_log", "created_at"),
            ("scheduled_jobs", "greatest(last_run_at, synced_at)"),
        ]:
            assert value(f"SELECT max({column}) FROM {table}") <= UNTIL, table


@pytest.mark.django_db
class TestTheOtherTables:
    def test_positions_are_dense_in_each_column(self, world):
        columns = {}
        for column, position in rows("SELECT coalesce(board_column, 'backlog'), position FROM goals"):
            columns.setdefault(column, []).append(position)
        assert set(columns) == {"backlog", "todo", "doing", "on_hold", "done", "archived"}
        assert all(sorted(found) == list(range(len(found))) for found in columns.values())

    def test_the_board_has_overdue_and_just_finished_goals(self, world):
        assert value("SELECT count(*) FROM goals WHERE completed_at IS NULL AND due_date < %s", UNTIL) >= 3
        assert value("SELECT count(*) FROM goals WHERE completed_at > %s", UNTIL - timedelta(hours=24)) >= 3
        assert value("SELECT count(*) FROM goals WHERE completed_at < %s", UNTIL - timedelta(hours=24)) > 30
        assert value("SELECT count(*) FROM goals WHERE length(title) > 200") == 1
        assert value("SELECT count(*) FROM goals WHERE title LIKE '%%記憶%%'") == 1

    def test_status_and_completion_agree(self, world):
        over = "status IN ('completed', 'cancelled')"
        assert not value(f"SELECT count(*) FROM goals WHERE ({over}) <> (completed_at IS NOT NULL)")
        assert not value("SELECT count(*) FROM goals WHERE completed_at < created_at")

    def test_the_newest_sprint_is_the_current_one(self, world):
        newest = value("SELECT sprint FROM goals WHERE sprint <> 'backlog' ORDER BY created_at DESC LIMIT 1")
        numbers = [int(sprint[7:]) for (sprint,) in rows("SELECT DISTINCT sprint FROM goals WHERE sprint <> 'backlog'")]
        assert newest == f"sprint-{max(numbers)}" == "sprint-12"

    def test_jobs_are_overdue_failing_and_silent(self, world):
        assert rows("SELECT name FROM scheduled_jobs WHERE next_run_at < %s", UNTIL) == [("market_watch",)]
        assert rows("SELECT name FROM scheduled_jobs WHERE last_status = 'error'") == [("social_pulse",)]
        assert rows("SELECT name FROM scheduled_jobs WHERE last_run_at < %s", UNTIL - timedelta(days=8)) == [
            ("db_maintenance",)
        ]

    def test_some_working_memories_have_expired(self, world):
        expired = value(
            "SELECT count(*) FROM working_memory WHERE created_at + ttl_hours * interval '1 hour' <= %s", UNTIL
        )
        assert 1 <= expired < COUNTS["working_memory"]

    def test_neighbours_of_a_semantic_memory_share_its_topic(self, world):
        same = value(
            """
            SELECT avg((near.topic = m.metadata ->> 'topic')::int) FROM semantic_memories m, LATERAL (
                   SELECT metadata ->> 'topic' AS topic FROM semantic_memories o WHERE o.id <> m.id
                    ORDER BY o.embedding <=> m.embedding LIMIT 1) near"""
        )
        assert same > 0.9
        assert value("SELECT max(abs(vector_norm(embedding) - 1)) FROM semantic_memories") < 0.001

    def test_the_skill_graph_tells_of_the_registry(self, world):
        registered = {name for (name,) in rows("SELECT 'aria-' || canonical_name FROM skill_status")}
        assert {name for (name,) in rows("SELECT name FROM skill_graph_entities WHERE type = 'skill'")} == registered
        assert dict(rows("SELECT relation_type, count(*) FROM skill_graph_relations GROUP BY 1"))["provides"] == 196
        invoked = {tool for (tool,) in rows("SELECT DISTINCT tool_name FROM skill_invocations")}
        assert invoked <= {name for (name,) in rows("SELECT name FROM skill_graph_entities WHERE type = 'tool'")}

    def test_comments_answer_posts(self, world):
        assert value("SELECT count(*) FROM social_posts WHERE reply_to IS NOT NULL") > 10

    def test_history_names_the_command(self, world):
        assert rows("SELECT DISTINCT actor_kind, actor_name FROM site_change") == [("command", "demo")]

    def test_the_next_row_gets_the_next_number(self, world):
        sql = "INSERT INTO performance_log (review_period) VALUES ('daily') RETURNING id"
        assert value(sql) == COUNTS["performance_log"] + 1


@pytest.mark.parametrize("scale", [0.01, 0.05, 0.3])
def test_counts_at_small_scales(db, scale):
    fill(World(scale, 3, UNTIL))
    assert row_counts() == rows_at(scale)


def test_the_same_seed_and_moment_give_the_same_rows(db):
    found = []
    for seed in (5, 5, 6):
        with transaction.atomic():
            fill(World(0.05, seed, UNTIL))
            found.append(checksums())
            transaction.set_rollback(True)
    assert found[0] == found[1]
    assert not {table for table in COUNTS if found[0][table] == found[2][table]} - {"schedule_tick"}


def test_an_interrupted_demo_leaves_nothing(db):
    def interrupt(count):
        if count > 100:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fill(World(0.05, 1, UNTIL), interrupt)
    assert tables_with_rows() == []


def test_a_hundredfold_warehouse_has_skills_enough():
    skills = first_skills(rows_at(100)["skill_status"])
    assert len({skill.name for skill in skills}) == 3_500
    assert skills[:35] == list(SKILLS)
    assert all(3 <= len(skill.tools) <= 8 for skill in skills)
    tools = [tool for skill in skills for tool in skill.tools]
    assert len(set(tools)) == len(tools)


class TestCommand:
    def test_refuses_a_warehouse_with_rows(self, db):
        rows("INSERT INTO thoughts (content) VALUES ('mine') RETURNING id")
        with pytest.raises(CommandError, match="thoughts already has rows"):
            call_command("demo", verbosity=0)
        assert tables_with_rows() == ["thoughts"]

    def test_if_empty_leaves_it_alone(self, db):
        rows("INSERT INTO thoughts (content) VALUES ('mine') RETURNING id")
        out = StringIO()
        call_command("demo", if_empty=True, stdout=out)
        assert out.getvalue() == "The warehouse has rows already; no demo data added.\n"
        assert tables_with_rows() == ["thoughts"]

    @pytest.mark.django_db(transaction=True)
    def test_fills_and_says_so(self):
        out = StringIO()
        call_command("demo", "--scale=0.05", "--seed=2", "--until=2026-02-16T18:00", stdout=out, verbosity=0)
        assert out.getvalue().startswith(f"{sum(rows_at(0.05).values()):,} rows in ")
        assert row_counts() == rows_at(0.05)
        assert value("SELECT max(started_at) FROM agent_sessions") <= UNTIL

    @pytest.mark.parametrize("wrong", ["--scale=0", "--scale=-1", "--scale=many", "--until=yesterday"])
    def test_wrong_arguments(self, wrong):
        with pytest.raises(CommandError, match=r"must|invalid"):
            call_command("demo", wrong)
