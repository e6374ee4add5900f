"""The client against a real site."""

import inspect
import re

import httpx
import pytest

from apps.goals.models import Goal
from aria_site.api import api
from skills.api_client import AriaAPIClient, SyncAriaAPIClient
from tests.factories import make_goal, make_token
from tests.skills.conftest import run

rows = pytest.mark.django_db(transaction=True)

EXISTING_SKILLS_CALL = """
get_activities create_activity get_security_events create_security_event get_security_stats get_thoughts create_thought
get_memories get_memory set_memory delete_memory get_goals create_goal update_goal delete_goal get_goal_board
get_goal_archive move_goal get_sprint_summary get_goal_history get_hourly_goals create_hourly_goal update_hourly_goal
get_knowledge_graph get_entities create_entity create_relation graph_traverse graph_search find_skill_for_task
delete_auto_generated_graph sync_skill_graph get_query_log get_social_posts create_social_post get_heartbeats
get_latest_heartbeat create_heartbeat get_performance_logs create_performance_log get_tasks create_task update_task
get_schedule trigger_schedule_tick get_jobs sync_jobs get_sessions create_session update_session get_session_stats
get_model_usage create_model_usage get_model_usage_stats get_litellm_models get_litellm_health get_litellm_spend
get_provider_balances remember recall get_working_memory_context working_memory_checkpoint
restore_working_memory_checkpoint forget_working_memory update_working_memory store_memory_semantic
search_memories_semantic summarize_session record_lesson check_known_errors get_lessons propose_improvement
get_proposals get_proposal review_proposal mark_proposal_implemented record_invocation get_skill_stats get_all_pages
get post patch put delete
"""
OTHER = {"get", "post", "patch", "put", "delete", "request", "report", "exchange", "get_all_pages", "aclose"}
# The outbox sends these; the other is Prometheus' and no JSON.
WITHOUT_METHOD = {("POST", "/telemetry/batch"), ("POST", "/skills/invocations"), ("GET", "/metrics")}
NOBODY = "http://127.0.0.1:9/api"


def test_the_names_that_existing_skills_call_are_there():
    assert [
        name
        for name in EXISTING_SKILLS_CALL.split()
        if not inspect.iscoroutinefunction(getattr(AriaAPIClient, name, None))
    ] == []


def test_every_endpoint_has_a_method(tmp_path):
    called = set()

    def note(request):
        called.add((request.method, request.url.raw_path.decode().partition("?")[0].removeprefix("/api")))
        return httpx.Response(200, json={})

    async def call_all(client):
        for name, method in inspect.getmembers(client, inspect.iscoroutinefunction):
            needed = [p for p in inspect.signature(method).parameters.values() if p.default is p.empty]
            if name not in OTHER and not name.startswith("_"):
                await method(*["x" for p in needed if p.kind is p.POSITIONAL_OR_KEYWORD])
        await client.get_jobs(live=True)

    run(AriaAPIClient(NOBODY, "x", data_dir=tmp_path, transport=httpx.MockTransport(note)), call_all)
    endpoints = {
        (method.upper(), re.sub("^/api/", "/", path))
        for path, operations in api.get_openapi_schema()["paths"].items()
        for method in operations
    }
    reached = {
        (method, path)
        for method, path in endpoints
        for verb, address in called
        if verb == method and re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", path), address)
    }
    assert endpoints - reached == WITHOUT_METHOD


@rows
def test_a_skill_works_the_board(site, connect):
    goal = make_goal(goal_id="tea", title="Make tea")

    async def work(api):
        assert (await api.get_goals()).data["total"] == 1
        moved = await api.move_goal("tea", "doing")
        assert moved.success and moved.data == {"moved": True, "board_column": "doing", "position": 0}
        made = await api.create_goal("Drink tea", status="active")
        board = (await api.get_goal_board()).data
        assert {g["title"] for g in board["columns"]["doing"]} == {"Make tea", "Drink tea"}
        assert (await api.update_goal(made.data["goal_id"], priority=1)).success
        assert (await api.delete_goal(made.data["goal_id"])).success
        unknown = await api.move_goal("nobody", "doing")
        assert (unknown.success, unknown.error, unknown.error_type) == (
            False,
            "404: Goal nobody not found",
            "NotFoundError",
        )

    run(connect(site.url), work)
    assert Goal.objects.get(pk=goal.pk).status == "active"


@rows
def test_the_rest_of_the_warehouse(site, connect):
    async def work(api):
        assert (await api.set_memory("a/b c", {"x": 1})).success
        assert (await api.get_memory("a/b c")).data["value"] == {"x": 1}
        nothing = await api.get_memory("unknown")
        assert nothing.success and nothing.data is None
        assert (await api.delete_memory("a/b c")).success
        await api.remember("mood", "fine", importance=0.9)
        assert (await api.get_working_memory_context()).data["context"][0]["key"] == "mood"
        assert (await api.working_memory_checkpoint()).data["items_checkpointed"] == 1
        assert (await api.restore_working_memory_checkpoint()).data["count"] == 1
        one = (await api.create_entity("Tea", "drink")).data["id"]
        two = (await api.create_entity("Pot", "thing")).data["id"]
        assert (await api.create_relation(one, two, "lives_in")).success
        assert {e["name"] for e in (await api.get_entities()).data} == {"Tea", "Pot"}
        assert (await api.graph_traverse("Tea", graph="knowledge")).data["total_nodes"] == 2
        session = (await api.create_session("main")).data["id"]
        assert (await api.create_model_usage("qwen3", input_tokens=3, session_id=session)).data["created"]
        assert (await api.update_session(session, status="completed", tokens_used=3)).success
        assert (await api.get_sessions(status="completed")).data["items"][0]["tokens_used"] == 3
        assert (await api.create_heartbeat(7)).success
        assert [beat["beat_number"] for beat in (await api.get_heartbeats()).data] == [7]
        proposal = (await api.propose_improvement("Rest", "Sleep more")).data["id"]
        assert (await api.review_proposal(proposal, "approved")).success
        assert (await api.record_lesson("slow", "timeout", "wait")).success
        assert (await api.check_known_errors(error_type="timeout")).data["has_resolution"]
        assert (await api.create_task("think", "hard", "main", task_id="t1")).success
        assert [task["task_id"] for task in (await api.get_tasks()).data] == ["t1"]

    run(connect(site.url), work)


@rows
def test_all_pages(site, connect):
    for _ in range(7):
        make_goal()
    result = run(connect(site.url), lambda api: api.get_all_pages("get_goals", limit=3))
    assert (result.data["total"], len({goal["id"] for goal in result.data["items"]})) == (7, 7)


@rows
def test_complaints_name_the_field(site, connect):
    result = run(connect(site.url), lambda api: api.post("/goals", {"title": "", "priority": "high"}))
    assert not result.success and "priority: " in result.error


@pytest.mark.parametrize("value", [float("nan"), {(1, 2): 3}])
def test_what_json_cannot_hold_is_told(connect, value):
    async def work(api):
        api.outbox.put("thought", {"content": "this one waits"})
        return [
            await api.set_memory("x", value),
            await api.create_activity("think", details=value),
            await api.record_invocation("x", "y", tokens_used=value),
        ]

    for result in run(connect(NOBODY), work):
        assert not result.success and "cannot be" in result.error


@rows
def test_the_synchronous_client(site, connect, tmp_path):
    make_goal(goal_id="tea")
    with SyncAriaAPIClient(f"{site.url}/api", make_token(), data_dir=tmp_path) as api:
        assert api.get_goals().data["total"] == 1
        assert api.move_goal("tea", "done").success


def test_a_wrong_token_is_told(site, tmp_path, quick):
    client = AriaAPIClient(f"{site.url}/api", "wrong", data_dir=tmp_path)
    result = run(client, lambda api: api.get_goals())
    assert (result.success, result.error_type) == (False, "AuthenticationError")


@rows
def test_address_token_and_folder_come_from_the_environment(site, tmp_path, monkeypatch):
    monkeypatch.setenv("ARIA_API_URL", f"{site.url}/api")
    monkeypatch.setenv("ARIA_DATA_DIR", str(tmp_path))
    (tmp_path / "api_token").write_text(make_token() + "\n")
    assert run(AriaAPIClient(), lambda api: api.get_goals()).success
