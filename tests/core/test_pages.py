"""Lists whose JSON PostgreSQL writes look as if Python had written them."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import psycopg
import pytest
from django.db import connection, transaction

from apps.core.api import to_json
from apps.core.pages import list_sql, page_as_json
from apps.goals.models import Goal
from apps.goals.schemas import GOAL_FIELDS
from apps.improvement.models import LessonLearned
from apps.telemetry.models import ActivityLog
from tests.factories import make_goal
from tests.servers import database_url, wait_until

pytestmark = pytest.mark.django_db


def by_python(rows, fields):
    return json.loads(to_json(list(rows.values(*fields))))


def by_postgres(rows, fields):
    return json.loads(page_as_json(rows, fields, 0, 1000)[1])


@pytest.mark.parametrize(
    "moment", ["2026-11-22T21:51:28.525574Z", "2026-12-01T00:00:00Z", "0987-01-01T00:00:00.5+01:00"]
)
@pytest.mark.parametrize("progress", ["0", "7.00", "12.50", "33.33", "100"])
def test_goals(moment, progress):
    make_goal(created_at=moment, progress=progress, tags=["ü", 'a "quoted"\n\x01word', 10**30, 1e-7, None, {"a": []}])
    written = by_postgres(Goal.objects.all(), GOAL_FIELDS)
    assert repr(written) == repr(by_python(Goal.objects.all(), GOAL_FIELDS))  # 7 == 7.0, but not to every reader


@pytest.mark.parametrize("number", [0.0, -0.5, 1 / 3, 5e-324, 1e14, 1e15, 1e22, -1.7e300, 123456789.125])
def test_floats(number):
    LessonLearned.objects.create(error_pattern="x", error_type="x", resolution="x", effectiveness=number)
    (lesson,) = by_postgres(LessonLearned.objects.all(), ["effectiveness"])
    assert lesson["effectiveness"] == number and isinstance(lesson["effectiveness"], float)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
def test_what_is_no_number_is_null(number):
    LessonLearned.objects.create(error_pattern="x", error_type="x", resolution="x")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE lessons_learned SET effectiveness = %s", [number])
    assert by_postgres(LessonLearned.objects.all(), ["effectiveness"]) == [{"effectiveness": None}]


def test_items_made_by_python_keep_their_values(api):
    details = {"message": "50 % of ü", "large": 10**30, "small": 1e-7, "deep": [[[{}]]]}
    ActivityLog.objects.create(action="x", details=details)
    item = api.get("/api/activities").json()["items"][0]
    assert item["details"] == details and item["description"] == "50 % of ü"


def test_the_page_in_its_order_and_the_count_of_all():
    goals = [make_goal(title=str(number)) for number in range(9)]
    Goal.objects.filter(id=goals[4].id).update(created_at=goals[0].created_at - timedelta(days=1))
    rows = Goal.objects.exclude(title="8").order_by("-created_at")
    assert page_as_json(rows, ["title"], 6, 5) == (8, '[{"title" : "0"},{"title" : "4"}]')
    assert page_as_json(rows, ["title"], 50, 5) == (8, "[]")
    assert page_as_json(rows.none(), ["title"], 0, 5) == (0, "[]")


def test_a_remembered_list_sees_what_is_new(api):
    for total in (1, 2):
        make_goal(status="paused")
        assert api.get("/api/goals?status=paused").json()["total"] == total


@pytest.mark.django_db(transaction=True)
class TestRememberedLists:
    @pytest.fixture
    def goals(self):
        """A list that outlives its request."""
        make_goal()
        make_goal()
        rows = Goal.objects.by_urgency()
        assert self.total(rows) == self.total(rows) == 2
        return rows

    @pytest.fixture
    def other(self):
        """A program that writes past the site, in a transaction."""
        with psycopg.connect(database_url()) as other:
            yield other
            other.rollback()

    def total(self, rows):
        total, items = page_as_json(rows, ["title"], 0, 25)
        assert len(json.loads(items)) == min(total, 25) or total == 1000
        return total

    def seen(self, rows):
        """What this connection remembers."""
        return list_sql(rows, ("title",), None).seen[connection.connection]

    def test_are_not_counted_again(self, goals):
        """Until something is committed; PostgreSQL itself may do so at any time."""

        def remembered():
            self.total(goals)
            self.seen(goals).total = 1000
            return self.total(goals) == 1000

        wait_until(remembered, 20)
        make_goal()
        assert self.total(goals) == 3

    def test_are_not_written_out_again(self, goals):
        """Until something is committed; a page that was not seen is."""

        def remembered():
            self.total(goals)
            self.seen(goals).items = "[1,2]"
            return page_as_json(goals, ["title"], 0, 25) == (2, "[1,2]")

        wait_until(remembered, 20)
        assert page_as_json(goals, ["title"], 1, 25)[1].count("title") == 1
        assert page_as_json(goals, ["title"], 0, 25)[1].count("title") == 2

    def test_of_long_pages_only_the_total_is_kept(self, goals):
        Goal.objects.update(description="x" * 50_000)
        assert len(page_as_json(goals, ["description"], 0, 25)[1]) > 100_000
        kept = list_sql(goals, ("description",), None).seen[connection.connection]
        assert (kept.total, kept.items) == (2, "")

    def test_tell_of_a_changed_row(self, goals, other):
        other.execute("UPDATE goals SET title = 'another'")
        assert "another" not in page_as_json(goals, ["title"], 0, 25)[1]
        other.commit()
        assert page_as_json(goals, ["title"], 0, 25)[1].count("another") == 2

    @pytest.mark.parametrize(
        ("change", "total"),
        [
            ("INSERT INTO goals (goal_id, title) VALUES ('x', 'x')", 3),
            ("DELETE FROM goals", 0),
            ("TRUNCATE goals CASCADE", 0),
            ("SAVEPOINT s; DELETE FROM goals; ROLLBACK TO s", 2),
        ],
    )
    def test_change_with_a_commit_and_not_before(self, goals, other, change, total):
        locks = "TRUNCATE" in change  # nobody reads the table meanwhile
        other.execute(change)
        assert locks or self.total(goals) == self.total(goals) == 2
        other.commit()
        assert self.total(goals) == self.total(goals) == total

    def test_stay_with_a_rollback(self, goals, other):
        other.execute("DELETE FROM goals")
        assert self.total(goals) == 2
        other.rollback()
        assert self.total(goals) == 2

    def test_of_a_transaction_are_its_own(self, goals):
        with transaction.atomic():
            make_goal()
            assert self.total(goals) == 3
            make_goal()
            assert self.total(goals) == 4
            transaction.set_rollback(True)
        assert self.total(goals) == 2

    def test_are_of_another_filter_elsewhere(self, goals):
        make_goal(status="paused")
        assert self.total(Goal.objects.filter(status="paused")) == 1
        assert self.total(goals.filter(status="paused")) == 1
        assert self.total(goals) == 3

    def test_begin_anew_with_a_connection(self, goals):
        seen = self.seen(goals)
        seen.total, seen.items = 1000, "[]"
        connection.close()
        connection.close_pool()
        assert self.total(goals) == 2

    def test_never_lag_behind_what_was_committed(self, goals):
        """Each of several threads sees, right after its own commit, at least what it knows to be there."""

        def write(number):
            try:
                for step in range(1, 21):
                    make_goal()
                    if self.total(goals) < 2 + step:
                        return f"thread {number} sees {self.total(goals)} goals after {step} of its own"
            finally:
                connection.close()

        with ThreadPoolExecutor(4) as threads:
            assert [problem for problem in threads.map(write, range(4)) if problem] == []
        assert self.total(goals) == 82
