"""The wire contract of goals and hourly goals."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from apps.goals.models import Goal, HourlyGoal
from tests.factories import make_goal

pytestmark = pytest.mark.django_db

GOAL_KEYS = {
    "id", "goal_id", "title", "description", "status", "priority", "progress", "due_date", "created_at",
    "completed_at", "sprint", "board_column", "position", "assigned_to", "tags", "updated_at",
}  # fmt: skip


class TestList:
    def test_gives_the_page_list_most_urgent_first(self, api):
        make_goal(goal_id="later", priority=3)
        make_goal(goal_id="older", priority=1, created_at=timezone.now() - timedelta(days=1))
        make_goal(goal_id="newer", priority=1)
        page = api.get("/api/goals?limit=2").json()
        assert [goal["goal_id"] for goal in page["items"]] == ["newer", "older"]
        assert (page["total"], page["page"], page["limit"], page["pages"]) == (3, 1, 2, 2)
        assert page["items"][0].keys() == GOAL_KEYS

    def test_writes_times_and_numbers_as_the_contract_does(self, api):
        make_goal(created_at="2026-11-22T21:51:28.525574+00:00", due_date="2026-12-01T00:00:00Z", progress="12.50")
        goal = api.get("/api/goals").json()["items"][0]
        assert goal["created_at"] == "2026-11-22T21:51:28.525574+00:00"
        assert goal["due_date"] == "2026-12-01T00:00:00+00:00"
        assert goal["progress"] == 12.5

    def test_filters_by_status_and_reads_an_empty_filter_as_none(self, api):
        make_goal(status="active")
        make_goal()
        assert api.get("/api/goals?status=active").json()["total"] == 1
        assert api.get("/api/goals?status=").json()["total"] == 2

    @pytest.mark.parametrize("page", [0, -3])
    def test_a_page_before_the_first_is_the_first(self, api, page):
        make_goal()
        answer = api.get(f"/api/goals?page={page}").json()
        assert len(answer["items"]) == 1 and answer["page"] == page

    def test_limit_zero_gives_no_items(self, api):
        make_goal()
        assert api.get("/api/goals?limit=0").json() == {"items": [], "total": 1, "page": 1, "limit": 0, "pages": 0}

    @pytest.mark.parametrize("query", ["limit=-1", "limit=1001", "limit=", "limit=x", "page=x", "page=99999999999999"])
    def test_refuses_paging_out_of_bounds(self, api, query):
        response = api.get(f"/api/goals?{query}")
        assert response.status_code == 422
        assert response.json()["detail"][0]["loc"] == ["query", query.split("=")[0]]

    def test_costs_two_queries(self, api, django_assert_num_queries):
        [make_goal() for _ in range(30)]
        api.get("/api/goals")  # notes the token's use, which happens once a minute
        with django_assert_num_queries(2):  # the token, the page with its count
            api.get("/api/goals")


class TestCreate:
    def test_fills_in_the_defaults(self, api):
        answer = api.post("/api/goals", {"title": "Learn to whistle"}).json()
        goal = Goal.objects.get()
        assert answer == {"id": str(goal.id), "goal_id": f"goal-{str(goal.id)[:8]}", "created": True}
        assert (goal.status, goal.priority, goal.sprint, goal.board_column, goal.position) == (
            "pending", 2, "backlog", "backlog", 0,
        )  # fmt: skip
        assert goal.tags == [] and goal.description == "" and goal.progress == 0

    def test_null_means_the_default(self, api):
        body = {"title": "x", "status": None, "priority": None, "tags": None, "goal_id": None, "progress": None}
        assert api.post("/api/goals", body).status_code == 200
        goal = Goal.objects.get()
        assert (goal.status, goal.priority, goal.tags, goal.goal_id[:5]) == ("pending", 2, [], "goal-")

    def test_is_liberal_in_what_it_reads(self, api):
        body = '{"title": 5, "priority": "1", "progress": "12.5", "tags": "infra", "target_date": "2026-12-01", "x": 1}'
        assert api.post("/api/goals", body, content_type="text/plain").status_code == 200
        goal = Goal.objects.get()
        assert (goal.title, goal.priority, goal.progress, goal.tags) == ("5", 1, 12.5, ["infra"])
        assert goal.due_date.isoformat() == "2026-12-01T00:00:00+00:00"

    def test_a_second_goal_of_the_same_id_is_a_conflict(self, api):
        make_goal(goal_id="mine")
        response = api.post("/api/goals", {"title": "x", "goal_id": "mine"})
        assert response.status_code == 409 and "mine" in response.json()["detail"]
        assert Goal.objects.count() == 1

    @pytest.mark.parametrize(
        ("given", "status", "column", "completed"),
        [
            ({"status": "active"}, "active", "doing", False),
            ({"status": "completed"}, "completed", "done", True),
            ({"status": "cancelled"}, "cancelled", "done", False),
            ({"status": "paused"}, "paused", "on_hold", False),
            ({"status": "pending"}, "pending", "backlog", False),
            ({"board_column": "doing"}, "active", "doing", False),
            ({"board_column": "done"}, "completed", "done", True),
            ({"board_column": "todo", "status": "pending"}, "pending", "todo", False),
            ({"board_column": "todo", "status": "active"}, "active", "doing", False),
            ({"status": "waiting for rain"}, "waiting for rain", "backlog", False),
        ],
    )
    def test_status_and_column_are_in_step_from_the_start(self, api, given, status, column, completed):
        api.post("/api/goals", {"title": "x", **given})
        goal = Goal.objects.get()
        assert (goal.status, goal.board_column, goal.completed_at is not None) == (status, column, completed)


BAD_BODIES = [
    (b"", "body"),
    (b"{", "body"),
    (b"[]", "body"),
    (b'"text"', "body"),
    (b"{}", "title"),
    (b'{"title": ""}', "title"),
    (b'{"title": "' + b"x" * 256 + b'"}', "title"),
    (b'{"title": "a\\u0000b"}', "body"),
    (b'{"title": "\\ud800"}', "body"),
    (b'{"title": "\xff"}', "body"),
    (b'{"title": "x", "priority": 99999999999}', "priority"),
    (b'{"title": "x", "priority": 1e400}', "body"),
    (b'{"title": "x", "priority": "high"}', "priority"),
    (b'{"title": "x", "progress": 101}', "progress"),
    (b'{"title": "x", "progress": -1}', "progress"),
    (b'{"title": "x", "progress": NaN}', "body"),
    (b'{"title": "x", "due_date": "next week"}', "due_date"),
    (b'{"title": "x", "due_date": "2026-13-45"}', "due_date"),
    (b'{"title": "x", "goal_id": "' + b"x" * 101 + b'"}', "goal_id"),
    (b'{"title": {"nested": 1}}', "title"),
]


@pytest.mark.parametrize(("body", "field"), BAD_BODIES)
def test_bad_bodies_are_named_not_stored(api, body, field):
    response = api.post("/api/goals", body)
    assert response.status_code == 422, response.content
    loc = response.json()["detail"][0]["loc"]
    assert loc[0] == "body" and (field == "body" or loc[1] == field)
    assert not Goal.objects.exists()


def test_a_text_about_nul_is_no_nul(api):
    assert api.post("/api/goals", b'{"title": "strip \\\\u0000 from input"}').status_code == 200
    assert Goal.objects.get().title == "strip \\u0000 from input"


@pytest.mark.parametrize("tags", ["[100000000000000000000]", '[1e300, {"a": [12345678901234567890123]}]'])
def test_any_json_in_a_row_can_be_read_again(api, tags):
    assert api.post("/api/goals", f'{{"title": "x", "tags": {tags}}}'.encode()).status_code == 200
    make_goal(tags=[10**30])
    for path in ("", "/board", "/archive"):
        assert api.get(f"/api/goals{path}").status_code == 200
    assert 10**30 in [tag for goal in api.get("/api/goals").json()["items"] for tag in goal["tags"]]


def test_a_goal_cannot_take_the_name_of_a_route(api):
    assert api.post("/api/goals", {"title": "x", "goal_id": "board"}).status_code == 422


def test_a_body_has_a_size(api):
    response = api.post("/api/goals", b'{"title": "' + b"x" * 2_000_001 + b'"}')
    assert (response.status_code, response.json()) == (413, {"detail": "Request body too large"})


class TestUpdate:
    def test_changes_what_is_sent_and_moves_updated_at(self, api):
        goal = make_goal(assigned_to="aria", updated_at="2026-01-01T00:00:00Z")
        assert api.patch(f"/api/goals/{goal.goal_id}", {"title": "New", "tags": ["a"]}).json() == {"updated": True}
        goal.refresh_from_db()
        assert (goal.title, goal.tags, goal.assigned_to) == ("New", ["a"], "aria")
        assert timezone.now() - goal.updated_at < timedelta(minutes=1)

    def test_finds_a_goal_by_either_id(self, api):
        goal = make_goal()
        for name in (goal.goal_id, str(goal.id)):
            assert api.patch(f"/api/goals/{name}", {"priority": 1}).status_code == 200

    def test_null_clears_what_may_be_empty_and_nothing_else(self, api):
        goal = make_goal(due_date=timezone.now(), assigned_to="aria", priority=4)
        api.patch(f"/api/goals/{goal.goal_id}", {"due_date": None, "assigned_to": None, "priority": None})
        goal.refresh_from_db()
        assert (goal.due_date, goal.assigned_to, goal.priority) == (None, None, 4)

    @pytest.mark.parametrize(
        ("start", "change", "column", "status", "completed"),
        [
            ({}, {"status": "active"}, "doing", "active", False),
            ({}, {"status": "completed"}, "done", "completed", True),
            ({}, {"status": "paused"}, "on_hold", "paused", False),
            ({}, {"status": "cancelled"}, "done", "cancelled", False),
            ({"status": "active", "board_column": "doing"}, {"status": "pending"}, "todo", "pending", False),
            ({"status": "active", "board_column": "doing"}, {"board_column": "backlog"}, "backlog", "pending", False),
            ({"status": "active", "board_column": "doing"}, {"board_column": "done"}, "done", "completed", True),
            (
                {"status": "completed", "board_column": "done", "completed_at": "2026-01-01T00:00:00Z"},
                {"status": "active"}, "doing", "active", False,
            ),
        ],
    )  # fmt: skip
    def test_status_column_and_completion_stay_in_step(self, api, start, change, column, status, completed):
        goal = make_goal(**start)
        api.patch(f"/api/goals/{goal.goal_id}", change)
        goal.refresh_from_db()
        assert (goal.board_column, goal.status, goal.completed_at is not None) == (column, status, completed)

    @pytest.mark.parametrize("body", [{"title": "x"}, {}])
    def test_unknown_goal(self, api, body):
        response = api.patch("/api/goals/nobody", body)
        assert (response.status_code, response.json()) == (404, {"detail": "Goal nobody not found"})

    def test_a_revision_that_fits_is_needed_where_one_is_given(self, api):
        goal = make_goal()
        seen = api.get(f"/api/goals/{goal.goal_id}")
        revision = seen["ETag"]
        assert revision == f'"{seen.json()["updated_at"]}"'
        first = api.patch(f"/api/goals/{goal.goal_id}", {"title": "first"}, headers={"If-Match": revision})
        second = api.patch(f"/api/goals/{goal.goal_id}", {"title": "second"}, headers={"If-Match": revision})
        assert (first.status_code, second.status_code) == (200, 409)
        assert second.json()["goal"]["title"] == "first"
        third = api.patch(f"/api/goals/{goal.goal_id}", {"title": "third"}, headers={"If-Match": first["ETag"]})
        assert third.status_code == 200
        assert api.patch(f"/api/goals/{goal.goal_id}", {"title": "fourth"}).status_code == 200

    @pytest.mark.parametrize("sent", ["W/{}", '"other", {}', '"other", W/{}', "*"])
    def test_revisions_in_other_spellings_fit(self, api, sent):
        goal = make_goal()
        revision = api.get(f"/api/goals/{goal.goal_id}")["ETag"]
        headers = {"If-Match": sent.format(revision)}
        assert api.patch(f"/api/goals/{goal.goal_id}", {"title": "x"}, headers=headers).status_code == 200

    def test_other_columns_come_out_as_they_went_in(self, api):
        goal = make_goal(status="failed", completed_at="2020-01-01T00:00:00Z")
        with connection.cursor() as cursor:
            cursor.execute("UPDATE goals SET tags = '[0.12345678901234567890123]' WHERE id = %s", [goal.pk])
            api.patch(f"/api/goals/{goal.goal_id}", {"title": "x"})
            cursor.execute("SELECT tags::text, extract(year FROM completed_at) FROM goals WHERE id = %s", [goal.pk])
            assert cursor.fetchone() == ("[0.12345678901234567890123]", 2020)

    def test_a_change_past_the_site_moves_the_revision_too(self, api):
        goal = make_goal()
        revision = api.get(f"/api/goals/{goal.goal_id}")["ETag"]
        Goal.objects.filter(pk=goal.pk).update(title="changed in psql")
        response = api.patch(f"/api/goals/{goal.goal_id}", {"title": "x"}, headers={"If-Match": revision})
        assert response.status_code == 409


class TestDelete:
    def test_not_what_has_changed_since(self, api):
        goal = make_goal()
        headers = {"If-Match": '"2026-01-01T00:00:00+00:00"'}
        assert api.delete(f"/api/goals/{goal.goal_id}", headers=headers).status_code == 409
        assert Goal.objects.exists()

    def test_deletes(self, api):
        goal = make_goal()
        assert api.delete(f"/api/goals/{goal.goal_id}").json() == {"deleted": True}
        assert not Goal.objects.exists()

    def test_unknown_goal(self, api):
        assert api.delete("/api/goals/nobody").status_code == 404


class TestMove:
    @pytest.mark.parametrize(
        ("column", "status"),
        [
            ("backlog", "pending"),
            ("todo", "pending"),
            ("doing", "active"),
            ("on_hold", "paused"),
            ("done", "completed"),
        ],
    )
    def test_sets_column_and_status(self, api, column, status):
        goal = make_goal()
        answer = api.patch(f"/api/goals/{goal.goal_id}/move", {"board_column": column}).json()
        goal.refresh_from_db()
        assert answer == {"moved": True, "board_column": column, "position": 0}
        assert (goal.board_column, goal.status) == (column, status)
        assert (goal.completed_at is not None) == (column == "done")

    def test_keeps_the_column_dense(self, api):
        goals = [make_goal(position=5) for _ in range(4)]
        api.patch(f"/api/goals/{goals[0].goal_id}/move", {"board_column": "backlog", "position": 2})
        board = Goal.objects.in_column("backlog")
        assert list(board.values_list("position", flat=True)) == [0, 1, 2, 3]
        assert board[2] == goals[0]

    def test_closes_the_gap_behind_it(self, api):
        goals = [make_goal(position=place) for place in range(3)]
        api.patch(f"/api/goals/{goals[1].goal_id}/move", {"board_column": "todo"})
        assert list(Goal.objects.in_column("backlog").values_list("position", flat=True)) == [0, 1]

    def test_neighbours_keep_their_revision(self, api):
        goals = [make_goal(position=place) for place in range(3)]
        before = Goal.objects.get(pk=goals[0].pk).updated_at
        api.patch(f"/api/goals/{goals[2].goal_id}/move", {"board_column": "backlog", "position": 0})
        neighbour = Goal.objects.get(pk=goals[0].pk)
        assert (neighbour.position, neighbour.updated_at) == (1, before)

    def test_a_position_past_the_end_is_the_end(self, api):
        goals = [make_goal(position=place) for place in range(3)]
        answer = api.patch(f"/api/goals/{goals[0].goal_id}/move", {"board_column": "backlog", "position": 99}).json()
        assert answer["position"] == 2

    @pytest.mark.parametrize(
        "body", [{}, {"board_column": "limbo"}, {"board_column": None}, {"board_column": ["done"]}]
    )
    def test_refuses_an_unknown_column(self, api, body):
        goal = make_goal()
        response = api.patch(f"/api/goals/{goal.goal_id}/move", body)
        assert response.status_code == 400
        assert response.json()["detail"] == (
            "board_column is required and must be one of: ['backlog', 'todo', 'doing', 'on_hold', 'done']"
        )

    def test_a_stale_revision_is_a_conflict(self, api):
        goal = make_goal()
        response = api.patch(
            f"/api/goals/{goal.goal_id}/move", {"board_column": "done"}, headers={"If-Match": '"yesterday"'}
        )
        assert response.status_code == 409 and response.json()["goal"]["board_column"] == "backlog"

    def test_an_archived_goal_that_is_done_anew_is_back_on_the_board(self, api):
        goal = make_goal(status="completed", board_column="done", completed_at="2026-01-01T00:00:00Z")
        api.patch(f"/api/goals/{goal.goal_id}/move", {"board_column": "done"})
        assert Goal.objects.in_column("done").get() == goal


class TestBoard:
    def test_shows_the_sprint_and_what_has_none(self, api):
        make_goal(sprint="sprint-1", goal_id="old", created_at=timezone.now() - timedelta(days=9))
        make_goal(sprint="sprint-2", goal_id="new", board_column="todo")
        make_goal(sprint="backlog", goal_id="someday")
        make_goal(sprint=None, goal_id="homeless", board_column=None)
        board = api.get("/api/goals/board").json()
        assert board["sprint"] == "sprint-2"
        assert list(board["columns"]) == ["backlog", "todo", "doing", "on_hold", "done"]
        assert {g["goal_id"] for g in board["columns"]["backlog"]} == {"someday", "homeless"}
        assert board["counts"] == {"backlog": 2, "todo": 1, "doing": 0, "on_hold": 0, "done": 0}
        assert board["total"] == 3
        assert board["columns"]["todo"][0].keys() == GOAL_KEYS

    def test_an_empty_warehouse_has_sprint_1(self, api):
        assert api.get("/api/goals/board").json()["sprint"] == "sprint-1"

    def test_computes_columns_and_writes_nothing(self, api, django_assert_num_queries):
        day_ago = timezone.now() - timedelta(hours=25)
        make_goal(goal_id="resting", status="active", board_column="todo")
        make_goal(goal_id="gone", status="completed", board_column="done", completed_at=day_ago)
        make_goal(goal_id="fresh", status="completed", board_column="archived", completed_at=timezone.now())
        make_goal(goal_id="dropped", status="cancelled", board_column="backlog")
        make_goal(goal_id="odd", board_column="limbo")
        before = list(Goal.objects.order_by("pk").values())
        board = api.get("/api/goals/board").json()
        shown = {column: [g["goal_id"] for g in goals] for column, goals in board["columns"].items()}
        assert shown["doing"] == ["resting"] and set(shown["done"]) == {"fresh", "dropped"}
        assert board["total"] == 3
        assert list(Goal.objects.order_by("pk").values()) == before

    def test_orders_a_column_by_position_then_priority(self, api):
        for name, position, priority in (("b", 0, 2), ("a", 0, 1), ("c", 1, 1)):
            make_goal(goal_id=name, position=position, priority=priority)
        board = api.get("/api/goals/board").json()
        assert [g["goal_id"] for g in board["columns"]["backlog"]] == ["a", "b", "c"]

    def test_costs_three_queries(self, api, django_assert_num_queries):
        [make_goal() for _ in range(30)]
        api.get("/api/goals/board")
        with django_assert_num_queries(4):  # the token, the sprint, the counts, the rows
            api.get("/api/goals/board")


class TestSummaries:
    def test_archive_lists_what_was_finished_latest_first(self, api):
        now = timezone.now()
        make_goal(goal_id="first", status="completed", completed_at=now - timedelta(days=3))
        make_goal(goal_id="last", status="completed", completed_at=now)
        make_goal(goal_id="never", status="cancelled")
        make_goal(goal_id="shelved", board_column="archived", completed_at=now - timedelta(days=2))
        make_goal()
        page = api.get("/api/goals/archive").json()
        assert [g["goal_id"] for g in page["items"]] == ["last", "shelved", "first", "never"]
        assert page["total"] == 4

    def test_sprint_summary(self, api):
        make_goal(status="active", priority=2, progress=10, goal_id="b")
        make_goal(status="active", priority=1, progress=20, goal_id="a", title="Fly")
        make_goal(status="completed")
        make_goal(sprint="sprint-0", created_at=timezone.now() - timedelta(days=9))
        summary = api.get("/api/goals/sprint-summary").json()
        assert summary["sprint"] == "current"
        assert summary["status_counts"] == {"active": 2, "completed": 1} and summary["total"] == 3
        assert summary["top_active"][0] == {"id": "a", "title": "Fly", "priority": 1, "progress": 20.0}
        assert summary["summary"] == "2 active, 0 pending, 1 done"

    def test_history_counts_by_day_of_creation(self, api):
        make_goal(status="active")
        make_goal(status="odd one")
        make_goal(created_at=timezone.now() - timedelta(days=20))
        history = api.get("/api/goals/history").json()
        today = timezone.now().date().isoformat()
        assert history["days"] == 14 and history["labels"] == [today]
        assert history["data"][today] == {
            "pending": 0, "active": 1, "completed": 0, "paused": 0, "cancelled": 0, "odd one": 1,
        }  # fmt: skip


class TestHourlyGoals:
    def test_create_list_and_complete(self, api):
        assert api.post("/api/hourly-goals", {"hour_slot": 9, "goal_type": "review", "description": "d"}).json()[
            "created"
        ]
        listed = api.get("/api/hourly-goals").json()
        assert listed["count"] == 1
        assert listed["goals"][0].keys() == {
            "id", "hour_slot", "goal_type", "description", "status", "completed_at", "created_at",
        }  # fmt: skip
        hourly_id = listed["goals"][0]["id"]
        assert api.patch(f"/api/hourly-goals/{hourly_id}", {"status": "completed"}).json() == {"updated": True}
        assert HourlyGoal.objects.get().completed_at is not None

    def test_in_order_of_the_hour_then_newest(self, api):
        now = timezone.now()
        HourlyGoal.objects.create(hour_slot=9, goal_type="old", description="", created_at=now - timedelta(hours=1))
        HourlyGoal.objects.create(hour_slot=9, goal_type="new", description="")
        HourlyGoal.objects.create(hour_slot=2, goal_type="early", description="", status="completed")
        assert [g["goal_type"] for g in api.get("/api/hourly-goals").json()["goals"]] == ["early", "new", "old"]
        assert api.get("/api/hourly-goals?status=completed").json()["count"] == 1

    @pytest.mark.parametrize("slot", [-1, 24, "noon", None])
    def test_a_day_has_24_hours(self, api, slot):
        response = api.post("/api/hourly-goals", {"hour_slot": slot, "goal_type": "x", "description": "d"})
        assert response.status_code == 422

    @pytest.mark.parametrize(("path", "status"), [("12345", 404), ("x", 422), ("99999999999", 422)])
    def test_unknown_ids(self, api, path, status):
        assert api.patch(f"/api/hourly-goals/{path}", {"status": "done"}).status_code == status


class TestNoiseFilter:
    def test_is_off_by_default(self, api):
        assert api.post("/api/goals", {"title": "test goal"}).json()["created"] is True

    def test_drops_whole_words_only_when_switched_on(self, api, settings):
        settings.ARIA_NOISE_FILTER = True
        dropped = {"created": False, "skipped": True, "reason": "test_or_patch_noise"}
        assert api.post("/api/goals", {"title": "A Test Goal"}).json() == dropped
        assert api.post("/api/goals", {"title": "x", "goal_id": "test-1"}).json() == dropped
        assert api.post("/api/goals", {"title": "Our latest goals"}).json()["created"] is True
        goal = make_goal()
        answer = api.patch(f"/api/goals/{goal.goal_id}", {"title": "dry run"}).json()
        assert answer == {"updated": False, "skipped": True, "reason": "test_or_patch_noise"}
