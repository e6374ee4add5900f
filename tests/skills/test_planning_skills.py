"""The skills that plan: goals and their sprints, sessions, tasks, the schedule."""

import pytest

from apps.operations.models import ScheduledJob
from tests.factories import make_goal
from tests.skills.tables import NOBODY, Fails, walk

pytestmark = pytest.mark.django_db(transaction=True)


def names(*keys):
    """The values of `keys` of each row."""
    return lambda rows: [tuple(row[key] for key in keys) for row in rows]


def test_goals(site, connect):
    one = {"goal_id": "tea"}
    rows = [
        ("create_goal", {"title": "Make tea", "priority": 1, "sprint": "sprint-1"}, {"created": True}),
        ("create_goal", {"title": ""}, Fails("non-empty")),
        ("list_goals", {"status": "pending"}, {"total": 2}),
        ("update_goal", one | {"progress": 50}, {"updated": True}),
        ("update_goal", {"goal_id": "nobody", "progress": 1}, Fails("404")),
        ("move_goal", one | {"board_column": "doing"}, {"board_column": "doing"}),
        ("show_goal_board", {}, lambda board: [goal["goal_id"] for goal in board["columns"]["doing"]] == ["tea"]),
        ("summarize_sprint", {}, {"summary": "1 active, 1 pending, 0 done"}),
        ("delete_goal", one, {"deleted": True}),
    ]
    make_goal(goal_id="tea", sprint="sprint-1")
    walk(connect(site.url), "goals", rows)


def test_sprint_manager(site, connect):
    past = "2026-01-01T00:00:00+00:00"
    make_goal(goal_id="late", sprint="sprint-1", due_date=past, status="active", board_column="doing")
    make_goal(goal_id="done", sprint="sprint-1", status="completed", board_column="done")
    make_goal(goal_id="idea", sprint="backlog", board_column="backlog")
    rows = [
        ("list_backlog", {}, lambda goals: [goal["goal_id"] for goal in goals] == ["idea"]),
        ("report_sprint", {}, lambda told: [goal["goal_id"] for goal in told["overdue"]] == ["late"]),
        ("report_sprint", {"sprint": "sprint-1"}, lambda told: told["counts"]["backlog"] == 0),
        ("plan_sprint", {"sprint": "sprint-1", "goal_ids": ["idea"]}, {"sprint": "sprint-1", "goals": 1}),
        ("plan_sprint", {"sprint": "sprint-1", "goal_ids": ["idea", "nobody"]}, Fails("1 of 2 goals are in sprint-1")),
        ("plan_sprint", {"sprint": "sprint-1", "goal_ids": []}, Fails("goal_ids")),
        ("report_sprint", {}, lambda told: told["counts"]["backlog"] == 1),
        ("carry_over_sprint", {"from_sprint": "sprint-1", "to_sprint": "sprint-2"}, {"goals": 2}),
        (
            "report_sprint",
            {"sprint": "sprint-2"},
            lambda told: told["counts"]["doing"] == told["counts"]["backlog"] == 1,
        ),
        ("list_finished_goals", {}, lambda page: [goal["goal_id"] for goal in page["items"]] == ["done"]),
        ("count_goals_by_day", {"days": 2}, lambda told: told["days"] == 2 and len(told["labels"]) == 1),
        ("count_goals_by_day", {"days": 0}, Fails("days")),
    ]
    walk(connect(site.url), "sprint_manager", rows)


def test_hourly_goals(site, connect):
    rows = [
        ("plan_hour", {"hour": 9, "goal_type": "learn", "description": "Read"}, {"created": True}),
        ("plan_hour", {"hour": 24, "goal_type": "learn", "description": "Read"}, Fails("24")),
        (
            "list_hourly_goals",
            {"status": "pending"},
            lambda goals: names("hour_slot", "goal_type")(goals) == [(9, "learn")],
        ),
        (
            "update_hourly_goal",
            lambda seen: {"goal_id": seen["plan_hour"]["id"], "status": "completed"},
            {"updated": True},
        ),
        ("update_hourly_goal", {"goal_id": 999999, "status": "skipped"}, Fails("404")),
        ("list_hourly_goals", {"status": "pending"}, lambda goals: goals == []),
    ]
    walk(connect(site.url), "hourly_goals", rows)


def test_session_manager(site, connect):
    def own(seen):
        return {"session_id": seen["start_session"]["id"]}

    rows = [
        ("start_session", {"agent_id": "data", "label": "weekly report"}, {"created": True}),
        ("update_session", lambda seen: own(seen) | {"messages_count": 3}, {"updated": True}),
        ("update_session", {"session_id": NOBODY, "tokens_used": 1}, Fails("404")),
        (
            "list_sessions",
            {"status": "active"},
            lambda page: names("agent_id", "messages_count")(page["items"]) == [("data", 3)],
        ),
        ("end_session", lambda seen: own(seen) | {"tokens_used": 70, "cost_usd": 0.5}, {"updated": True}),
        ("end_session", {"session_id": "?"}, Fails("too short")),
        (
            "list_sessions",
            {"agent_id": "data"},
            lambda page: names("status", "tokens_used")(page["items"]) == [("completed", 70)],
        ),
        ("summarize_sessions", {}, {"total_sessions": 1, "active_sessions": 0}),
        ("list_live_sessions", {}, lambda live: live["sessions"] == []),
    ]
    walk(connect(site.url), "session_manager", rows)


def test_agent_tasks(site, connect):
    task = {"task_type": "analysis", "description": "Compare " + "the costs " * 50, "agent_type": "data"}

    def own(seen):
        return {"task_id": seen["hand_over_task"]["task_id"]}

    rows = [
        ("hand_over_task", task, {"created": True}),
        ("hand_over_task", task | {"priority": "soon"}, Fails("priority")),
        ("list_tasks", {"agent_type": "trader"}, lambda tasks: tasks == []),
        ("list_tasks", {"agent_type": "data"}, lambda tasks: len(tasks[0]["description"]) == 200),
        ("update_task", lambda seen: own(seen) | {"status": "in_progress"}, {"updated": True}),
        ("update_task", {"task_id": "nobody", "status": "pending"}, Fails("404")),
        ("finish_task", lambda seen: own(seen) | {"result": "The second is cheaper."}, {"updated": True}),
        ("get_task", own, {"status": "completed", "result": "The second is cheaper."}),
        ("get_task", {"task_id": "nobody"}, Fails("no task nobody")),
    ]
    walk(connect(site.url), "agent_tasks", rows)


def test_schedule(site, connect):
    ScheduledJob.objects.create(id="job-1", name="report", schedule_kind="cron", schedule_expr="0 9 * * *")
    rows = [
        ("show_schedule", {}, Fails("No schedule")),
        ("show_last_heartbeat", {}, Fails("No heartbeats")),
        ("tick_schedule", {}, {"ticked": True}),
        ("show_schedule", {}, {"tick_count": 1}),
        ("list_jobs", {}, lambda jobs: names("id", "name")(jobs) == [("job-1", "report")]),
        ("list_jobs", {"live": True}, lambda jobs: jobs == []),
        ("get_job", {"job_id": "job-1"}, {"schedule_expr": "0 9 * * *"}),
        ("get_job", {"job_id": "nobody"}, Fails("404")),
        ("sync_jobs", {}, Fails("404")),
        ("send_heartbeat", {"beat_number": 7}, {"created": True}),
        ("send_heartbeat", {"beat_number": -1}, Fails("minimum")),
        ("show_last_heartbeat", {}, {"beat_number": 7}),
    ]
    walk(connect(site.url), "schedule", rows)
