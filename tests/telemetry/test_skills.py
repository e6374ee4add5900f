"""The wire contract of skill invocations and what is made of them."""

from uuid import uuid4

import pytest

from apps.knowledge.models import KnowledgeQueryLog
from apps.telemetry.models import SkillInvocation
from apps.telemetry.skill_health import score, status_of
from tests.telemetry.rows import ago, make_invocation

pytestmark = pytest.mark.django_db


class TestRecord:
    def test_fills_in_the_defaults(self, api):
        assert api.post("/api/skills/invocations").json() == {"recorded": True}
        row = SkillInvocation.objects.get()
        assert (row.skill_name, row.tool_name, row.duration_ms, row.success) == ("unknown", "unknown", None, True)
        assert (row.error_type, row.tokens_used, row.model_used) == (None, None, None)

    def test_is_liberal_in_what_it_reads(self, api):
        body = {"skill_name": "goals", "tool_name": None, "duration_ms": 12.6, "success": 0, "tokens_used": "5"}
        assert api.post("/api/skills/invocations", body | {"error_type": ""}).status_code == 200
        row = SkillInvocation.objects.get()
        assert (row.skill_name, row.tool_name, row.duration_ms, row.success) == ("goals", "unknown", 13, False)
        assert (row.error_type, row.tokens_used) == (None, 5)

    @pytest.mark.parametrize("retry", [{"id": str(uuid4())}, {}])
    def test_a_retry_stores_nothing_twice(self, api, retry):
        for _ in range(2):
            response = api.post("/api/skills/invocations", retry, headers={"Idempotency-Key": "k"})
            assert response.json() == {"recorded": True}
        assert SkillInvocation.objects.count() == 1

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"{",
            b"[]",
            b'{"skill_name": "' + b"x" * 101 + b'"}',
            b'{"error_type": "' + b"x" * 101 + b'"}',
            b'{"duration_ms": 2147483648}',
            b'{"duration_ms": 1e300}',
            b'{"tokens_used": "x"}',
            b'{"success": "maybe"}',
            b'{"model_used": "\\u0000"}',
        ],
    )
    def test_bad_bodies_are_refused(self, api, body):
        response = api.post("/api/skills/invocations", body)
        assert response.status_code == 422 and response.json()["detail"]
        assert not SkillInvocation.objects.exists()


@pytest.fixture
def some_calls():
    make_invocation(duration_ms=100, tokens_used=5)
    make_invocation(duration_ms=201, success=False, error_type="ValueError", created_at=ago(minutes=5))
    make_invocation(tool_name="move", created_at=ago(minutes=1))
    make_invocation(skill_name="social", tool_name="post")
    make_invocation(created_at=ago(hours=25))


@pytest.mark.usefixtures("some_calls")
class TestStats:
    def test_all_skills_the_busiest_first(self, api):
        assert api.get("/api/skills/stats").json() == {
            "stats": [
                {"skill_name": "goals", "total": 3, "avg_duration_ms": 150.5, "successes": 2, "failures": 1,
                 "error_rate": 0.333, "total_tokens": 5},
                {"skill_name": "social", "total": 1, "avg_duration_ms": 0, "successes": 1, "failures": 0,
                 "error_rate": 0, "total_tokens": 0},
            ],
            "hours": 24,
        }  # fmt: skip

    def test_summary(self, api):
        assert api.get("/api/skills/stats/summary?hours=48").json() == {
            "hours": 48, "total": 5, "failures": 1, "error_rate": 0.2, "avg_duration_ms": 150.5,
            "invocations": [{"skill_name": "goals", "count": 4}, {"skill_name": "social", "count": 1}],
        }  # fmt: skip

    def test_one_skill(self, api):
        stats = api.get("/api/skills/stats/goals").json()
        calls = stats.pop("invocations")
        assert stats == {
            "skill_name": "goals", "total": 3, "failures": 1, "error_rate": 0.333, "avg_duration_ms": 150.5,
        }  # fmt: skip
        assert [call["tool_name"] for call in calls] == ["list", "move", "list"]
        assert calls[0].keys() == {
            "id", "skill_name", "tool_name", "duration_ms", "success", "error_type", "tokens_used", "model_used",
            "created_at",
        }  # fmt: skip

    def test_totals_count_more_than_the_calls_that_are_shown(self, api):
        SkillInvocation.objects.bulk_create([SkillInvocation(skill_name="busy", tool_name="t") for _ in range(120)])
        stats = api.get("/api/skills/stats/busy").json()
        assert (stats["total"], len(stats["invocations"])) == (120, 25)

    def test_an_unknown_skill_has_done_nothing(self, api):
        assert api.get("/api/skills/stats/nobody").json() == {
            "skill_name": "nobody", "total": 0, "failures": 0, "error_rate": 0, "avg_duration_ms": 0, "invocations": [],
        }  # fmt: skip

    @pytest.mark.parametrize("path", ["stats", "stats/summary", "stats/goals"])
    @pytest.mark.parametrize("hours", ["-1", "87601", "x"])
    def test_have_bounds(self, api, path, hours):
        assert api.get(f"/api/skills/{path}?hours={hours}").status_code == 422

    @pytest.mark.parametrize(("path", "queries"), [("stats", 1), ("stats/summary", 2), ("stats/goals", 2)])
    def test_cost_little(self, api, django_assert_num_queries, path, queries):
        api.get("/api/skills/stats")
        with django_assert_num_queries(queries + 1):  # the token
            api.get(f"/api/skills/{path}")


class TestInsights:
    def test_of_nothing(self, api):
        body = api.get("/api/skills/insights").json()
        assert body["summary"] == {
            "total_invocations": 0, "success_rate": 0, "avg_duration_ms": 0, "total_tokens": 0, "unique_skills": 0,
            "unique_tools": 0, "failures": 0,
        }  # fmt: skip

    @pytest.mark.usefixtures("some_calls")
    def test_skills_tools_and_hours(self, api):
        body = api.get("/api/skills/insights").json()
        assert body.keys() == {
            "hours", "summary", "by_skill", "by_tool", "timeline", "recent_invocations", "recent_graph_queries",
        }  # fmt: skip
        assert body["summary"] == {
            "total_invocations": 4, "success_rate": 75.0, "avg_duration_ms": 150.5, "total_tokens": 5,
            "unique_skills": 2, "unique_tools": 3, "failures": 1,
        }  # fmt: skip
        assert body["by_skill"][0] == {
            "skill_name": "goals", "invocations": 3, "avg_duration_ms": 150.5, "successes": 2, "failures": 1,
            "error_rate": 33.3, "total_tokens": 5,
        }  # fmt: skip
        assert body["by_tool"][0] == {
            "tool_name": "list", "invocations": 2, "avg_duration_ms": 150.5, "error_rate": 50.0,
        }  # fmt: skip
        assert body["timeline"][0].keys() == {"hour", "invocations", "avg_duration_ms", "error_rate"}
        assert sum(hour["invocations"] for hour in body["timeline"]) == 4
        assert len(body["recent_invocations"]) == 4 and body["recent_graph_queries"] == []

    def test_graph_queries_newest_first(self, api):
        KnowledgeQueryLog.objects.create(query_type="old", created_at=ago(hours=1))
        KnowledgeQueryLog.objects.create(query_type="new", params={"q": "x"}, source="skill", result_count=2)
        KnowledgeQueryLog.objects.create(query_type="older", created_at=ago(hours=25))
        queries = api.get("/api/skills/insights").json()["recent_graph_queries"]
        assert [query["query_type"] for query in queries] == ["new", "old"]
        assert queries[0].keys() == {"id", "query_type", "source", "params", "result_count", "created_at"}

    @pytest.mark.parametrize(
        ("query", "hours", "shown"),
        [("hours=0&limit=1", 1, 10), ("hours=999&limit=0", 720, 10), ("limit=11", 24, 11), ("limit=9999", 24, 12)],
    )
    def test_clamps(self, api, query, hours, shown):
        [make_invocation() for _ in range(12)]
        body = api.get(f"/api/skills/insights?{query}").json()
        assert (body["hours"], len(body["recent_invocations"])) == (hours, shown)

    def test_costs_seven_queries(self, api, django_assert_num_queries):
        [make_invocation(skill_name=f"s{number}") for number in range(20)]
        api.get("/api/skills/stats")
        with django_assert_num_queries(8):  # and the token
            api.get("/api/skills/insights")


class TestHealth:
    def test_of_nothing(self, api):
        body = api.get("/api/skills/health/dashboard").json()
        assert body["overall"] == {
            "health_score": 100.0, "status": "healthy", "total_invocations": 0, "total_failures": 0,
            "skills_monitored": 0, "unhealthy_count": 0, "degraded_count": 0, "slow_count": 0,
        }  # fmt: skip

    def test_scores_every_skill(self, api):
        for number in range(5):
            make_invocation(skill_name="good", duration_ms=10 * number)
        for number in range(4):
            make_invocation(skill_name="shaky", success=number > 1, error_type="TimeoutError", duration_ms=9000)
        for _ in range(3):
            make_invocation(skill_name="broken", success=False, error_type="Odd", duration_ms=30000)
        make_invocation(skill_name="once", success=False, error_type="ValueError")
        body = api.get("/api/skills/health/dashboard").json()
        assert body.keys() == {
            "hours", "generated_at", "overall", "skills", "patterns", "unhealthy_skills", "degraded_skills",
            "slow_skills",
        }  # fmt: skip
        good, shaky, broken, once = body["skills"]
        assert good.items() >= {
            "skill_name": "good", "health_score": 100.0, "status": "healthy", "total_calls": 5, "successes": 5,
            "failures": 0, "error_rate": 0, "avg_duration_ms": 20.0, "max_duration_ms": 40, "min_duration_ms": 0,
            "total_tokens": 0,
        }.items()  # fmt: skip
        assert good["last_seen"] is not None
        assert (shaky["health_score"], broken["health_score"], once["health_score"]) == (44.1, 21.2, 50.4)
        assert body["overall"] == {
            "health_score": 53.9, "status": "degraded", "total_invocations": 13, "total_failures": 6,
            "skills_monitored": 4, "unhealthy_count": 2, "degraded_count": 1, "slow_count": 2,
        }  # fmt: skip
        assert body["unhealthy_skills"] == body["slow_skills"] == [shaky, broken]
        assert body["degraded_skills"] == [once]
        assert [(p["skill_name"], p["error_type"], p["count"]) for p in body["patterns"]] == [
            ("broken", "Odd", 3), ("shaky", "TimeoutError", 2),
        ]  # fmt: skip
        assert body["patterns"][0].keys() == {
            "skill_name", "error_type", "count", "first_seen", "last_seen", "suggestion",
        }  # fmt: skip
        assert all(part in body["patterns"][0]["suggestion"] for part in ("broken", "Odd", "3"))

    def test_the_score_is_the_contracts(self):
        assert score(total=500, failures=100, avg_ms=10) == 100.0  # 80, and 20 for its use
        assert score(total=1, failures=1, avg_ms=60_000) == 20.4
        assert status_of(79.9) == "degraded" and status_of(49.9) == "unhealthy"

    @pytest.mark.parametrize(("given", "hours"), [("0", 1), ("999999999999999999999", 720)])
    def test_clamps(self, api, given, hours):
        assert api.get(f"/api/skills/health/dashboard?hours={given}").json()["hours"] == hours

    def test_costs_two_queries(self, api, django_assert_num_queries):
        [make_invocation(skill_name=f"s{number}") for number in range(20)]
        api.get("/api/skills/stats")
        with django_assert_num_queries(3):  # the token, the skills, the patterns
            api.get("/api/skills/health/dashboard")
