"""The skills that watch and learn: usage, lessons, proposals, performance, security, posts, the registry, the log."""

import json

import pytest

from apps.telemetry.models import SkillInvocation
from tests.skills.conftest import run
from tests.skills.tables import NOBODY, Fails, walk
from tests.telemetry.budgets.rows import make_budget
from tests.telemetry.rows import make_session

pytestmark = pytest.mark.django_db(transaction=True)


def test_model_usage(site, connect):
    usage = {"model": "kimi-k2", "provider": "moonshot", "input_tokens": 12, "output_tokens": 3, "cost_usd": 0.5}
    rows = [
        ("record_model_usage", usage, {"created": True}),
        ("record_model_usage", usage | {"session_id": NOBODY}, Fails("404")),
        ("record_model_usage", {"model": "kimi-k2", "input_tokens": -1}, Fails("input_tokens")),
        ("summarize_model_usage", {}, {"total_requests": 1, "total_tokens": 15}),
        ("list_model_usage", {"model": "kimi-k2"}, lambda page: page["items"][0]["cost_usd"] == 0.5),
        ("list_model_usage", {"model": "nobody"}, {"total": 0}),
        ("check_balances", {}, lambda balances: balances["kimi"]["status"] == "not_configured"),
        ("list_models", {}, lambda catalogue: catalogue["models"] == []),
    ]
    walk(connect(site.url), "model_usage", rows)


def test_budgets(site, connect):
    make_budget(name="Daily", limit=5)
    make_session(agent_id="main")
    rows = [
        ("check_budget", {"estimated_cost": 4}, {"allowed": True, "remaining": 1}),
        ("check_budget", {"estimated_cost": 4}, lambda told: not told["allowed"] and told["retry_after"] > 0),
        ("release_budget", {"lease_id": NOBODY}, {"released": False}),
        ("check_budget", {"agent_id": ""}, Fails("non-empty")),
        ("list_budgets", {}, lambda page: page["items"][0]["remaining"] == 1 and "id" not in page["items"][0]),
    ]
    walk(connect(site.url), "budgets", rows)


def test_a_skill_stops_inside_a_run(site, connect):
    budget = make_budget(limit=1, unit="tokens")
    session = str(make_session(agent_id="main").pk)

    async def steps_until_refused(api):
        for step in range(100):
            asked = await api.check_budget("main", estimated_tokens=1, session_id=session)
            if not asked.data["allowed"]:
                return step
            await api.create_model_usage("kimi", input_tokens=1, session_id=session)

    for limit, steps in ((1, 1), (4, 3)):
        budget.limit = limit
        budget.save()
        assert run(connect(site.url), steps_until_refused) == steps


def test_lessons(site, connect):
    lesson = {"error_pattern": "litellm_timeout", "error_type": "timeout", "resolution": "Ask a faster model."}
    rows = [
        ("record_lesson", lesson, {"created": True}),
        ("record_lesson", lesson, {"occurrences": 2}),
        ("record_lesson", {"error_pattern": "x"}, Fails("error_type")),
        ("check_known_error", {"error_message": "timeout in litellm"}, {"has_resolution": True}),
        ("check_known_error", {"error_type": "nobody"}, {"lessons": [], "has_resolution": False}),
        ("list_lessons", {}, lambda page: page["total"] == 1 and "context" not in page["items"][0]),
    ]
    walk(connect(site.url), "lessons", rows)


def test_proposals(site, connect):
    proposal = {"title": "Retry once", "description": "It helps.", "proposed_code": "x = 1"}

    def own(seen):
        return {"proposal_id": seen["propose_improvement"]["id"]}

    rows = [
        ("propose_improvement", proposal, {"created": True}),
        ("propose_improvement", proposal | {"file_path": "soul/SOUL.md"}, Fails("403")),
        ("propose_improvement", {"title": "x"}, Fails("description")),
        ("list_proposals", {}, lambda page: page["total"] == 1 and "proposed_code" not in page["items"][0]),
        ("get_proposal", own, {"proposed_code": "x = 1", "status": "proposed"}),
        ("get_proposal", {"proposal_id": NOBODY}, Fails("404")),
        ("mark_implemented", own, Fails("409")),
        ("decide_proposal", lambda seen: own(seen) | {"decision": "approved"}, {"status": "approved"}),
        ("decide_proposal", lambda seen: own(seen) | {"decision": "implemented"}, Fails("decision")),
        ("mark_implemented", own, {"status": "implemented"}),
    ]
    walk(connect(site.url), "proposals", rows)


def test_performance(site, connect):
    for _ in range(3):
        SkillInvocation.objects.create(
            skill_name="oracle", tool_name="ask", success=False, error_type="TimeoutError", duration_ms=9000
        )
    rows = [
        ("record_review", {"review_period": "2026-W07", "successes": "In time."}, {"created": True}),
        ("record_review", {"review_period": "x" * 21}, Fails("review_period")),
        ("list_reviews", {}, lambda logs: logs[0]["review_period"] == "2026-W07"),
        ("check_skill_health", {}, lambda health: health["patterns"][0]["count"] == 3),
        ("count_skill_calls", {"limit": 1}, lambda stats: len(stats) == 1),
        ("show_skill_calls", {"skill_name": "oracle"}, {"total": 3, "failures": 3}),
        ("show_skill_calls", {"skill_name": ""}, Fails("skill_name")),
    ]
    walk(connect(site.url), "performance", rows)


def test_security(site, connect):
    event = {"threat_type": "prompt_injection", "threat_level": "HIGH", "blocked": True}
    rows = [
        ("report_security_event", event, {"created": True}),
        ("report_security_event", event | {"threat_level": "high"}, Fails("threat_level")),
        ("list_security_events", {"threat_level": "HIGH"}, lambda page: page["total"] == 1),
        ("count_security_events", {}, {"total_events": 1, "blocked_count": 1}),
        ("record_key_rotation", {"service": "openrouter", "reason": "scheduled"}, {"created": True}),
        ("list_key_rotations", {"service": "openrouter"}, {"count": 1}),
        ("list_key_rotations", {"limit": 0}, Fails("limit")),
        ("check_rate_limit", {"skill_name": "social", "max_actions": 1}, {"allowed": True}),
        ("count_action", {"skill_name": "social", "action_type": "post"}, {"incremented": True}),
        ("check_rate_limit", {"skill_name": "social", "max_actions": 1}, {"allowed": False}),
        ("count_action", {"skill_name": ""}, Fails("skill_name")),
        ("count_action", {"skill": "social"}, Fails("'skill' was unexpected")),
        ("list_rate_limits", {}, lambda limits: [limit["action_count"] for limit in limits] == [1]),
    ]
    walk(connect(site.url), "security", rows)


def test_social(site, connect):
    post = {"content": "Shipped the report.", "post_id": "p-1"}
    rows = [
        ("record_post", post, {"created": True}),
        ("record_post", post, Fails("409")),
        ("record_post", {"content": "x", "reply_to": "nobody"}, Fails("404")),
        ("list_posts", {"platform": "moltbook"}, lambda page: page["items"][0]["post_id"] == "p-1"),
        ("import_posts", {"dry_run": True}, Fails("not configured")),
        ("clean_up_posts", {"patterns": ["report"]}, {"matched": 1, "deleted": 0, "samples": ["Shipped the report."]}),
        ("clean_up_posts", {"patterns": ["a"]}, Fails("patterns")),
        ("clean_up_posts", {"patterns": ["report"], "dry_run": False}, {"deleted": 1}),
        ("list_posts", {}, {"total": 0}),
    ]
    walk(connect(site.url), "social", rows)


def test_skill_registry(site, connect):
    rows = [
        ("sync_skills", {}, lambda told: told["status"] == "ok" and told["problems"] == []),
        ("find_skill_for_task", {"task": "move a goal on the board"}, lambda found: found[0]["name"] == "aria-goals"),
        ("find_skill_for_task", {"task": ""}, Fails("task")),
        ("list_tools_of", {"skill_name": "goals"}, lambda tools: "move_goal" in [tool["name"] for tool in tools]),
        ("list_tools_of", {"skill_name": "nobody"}, Fails("no skill aria-nobody")),
        ("list_skills", {"limit": 100}, lambda skills: "goals" in [skill["skill_name"] for skill in skills]),
        ("get_skill", {"skill_name": "nobody"}, Fails("404")),
        ("get_skill", {"skill_name": "goals"}, {"status": "healthy"}),
        ("check_manifests", {}, lambda told: told["incoherent"] == [] and told["coherent"] == told["skills"]),
    ]
    walk(connect(site.url), "skill_registry", rows)


def test_activity(site, connect):
    rows = [
        ("log_activity", {"action": "think", "details": {"message": "Hm."}}, {"created": True}),
        ("log_activity", {"action": ""}, Fails("action")),
        ("list_activities", {"action": "think"}, lambda page: page["items"][0]["description"] == "Hm."),
        ("count_activities", {}, lambda days: [day["count"] for day in days] == [1]),
    ]
    walk(connect(site.url), "activity", rows)


def test_health(site, connect):
    rows = [
        ("check_site", {}, {"status": "healthy"}),
        ("check_services", {"service": "postgres"}, {"status": "online"}),
        ("check_services", {"service": "nobody"}, Fails("404")),
        ("count_warehouse", {}, {"activities_count": 0}),
        ("check_outbox", {}, lambda told: json.dumps(told)),
    ]
    walk(connect(site.url), "health", rows)
