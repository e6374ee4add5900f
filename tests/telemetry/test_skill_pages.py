"""The pages of all skills' statistics and health say what the rows say."""

import json

import pytest
from django.http import QueryDict

from apps.core.ranges import chosen_range
from apps.core.rolling_up import roll_up
from apps.telemetry.all_calls import AllTools
from apps.telemetry.latencies import InvocationTime
from apps.telemetry.models import SkillInvocation
from apps.telemetry.skill_calls import TOOL, SkillCalls
from apps.telemetry.sums import InvocationSum
from tests.telemetry.rows import ago, make_invocation

pytestmark = pytest.mark.django_db
TOOLS = "/skill-stats?show=tools"
PAGES = ("/skill-stats", TOOLS, "/skill-health")


def at(path, query):
    return f"{path}{'&' if '?' in path else '?'}{query}"


@pytest.fixture
def calls(db):
    for number in range(20):
        make_invocation(skill_name="market", tool_name="price", duration_ms=100 * (number + 1), tokens_used=2)
    for number in range(10):
        error = {"success": False, "error_type": "TimeoutError" if number else None}
        make_invocation(skill_name="feed", tool_name="<b>post</b>", duration_ms=None, created_at=ago(hours=30), **error)
    make_invocation(skill_name="market", tool_name="price", created_at=ago(days=9), duration_ms=5000)


def figures(response):
    return {figure.label: figure.text for figure in response.context["figures"]}


class TestStatistics:
    @pytest.mark.parametrize("rolled_up", [False, True])
    def test_add_up_the_chosen_time_beside_the_one_before(self, browser_client, calls, rolled_up):
        if rolled_up:
            roll_up(InvocationSum), roll_up(InvocationTime)
        response = browser_client.get("/skill-stats")
        shown = figures(response)
        assert shown["Calls"] == "30" and shown["Failed"] == "33.3 %" and shown["Tokens, as reported"] == "40"
        [median] = [figure for figure in response.context["figures"] if figure.label == "Median"]
        assert median.value == pytest.approx(1000, rel=0.1) and median.before == pytest.approx(5000, rel=0.1)
        assert figures(browser_client.get("/skill-stats?range=all"))["Calls"] == "31"

    def test_agree_with_the_api(self, browser_client, api, calls):
        stats = api.get("/api/skills/stats?hours=168").json()["stats"]
        skills = browser_client.get("/skill-stats").context["skills"]
        assert [(one.names[0], one.outcomes.calls, one.outcomes.failed, one.tokens) for one in skills] == [
            (row["skill_name"], row["total"], row["failures"], row["total_tokens"]) for row in stats
        ]

    def test_tools_that_are_slow_or_fail(self, browser_client, calls):
        make_invocation(skill_name="once", tool_name="slow", duration_ms=60_000, success=False, error_type="E")
        response = browser_client.get(TOOLS)
        context = response.context
        assert [tool.names for tool in context["slowest"]] == [("market", "price")]  # once is too seldom to tell
        assert [tool.names[0] for tool in context["failing"]] == ["feed", "once"]
        [tool] = context["slowest"]
        assert tool.percentiles[0] == pytest.approx(1000, rel=0.1) and tool.percentiles[2] <= tool.longest == 2000
        assert "&lt;b&gt;post&lt;/b&gt;" in response.content.decode()

    def test_of_no_tools(self, browser_client):
        assert b"No tool was slow or failed in this time." in browser_client.get(TOOLS).content

    def test_tools_stand_beside_the_skills_of_the_same_time(self, browser_client):
        assert b'href="?range=30d&amp;show=tools"' in browser_client.get("/skill-stats?range=30d").content
        assert b'href="?range=30d"' in browser_client.get("/skill-stats?range=30d&show=tools").content

    @pytest.mark.parametrize("ranked", [1, 3, 10])
    def test_of_very_many_tools_the_slowest_are_the_same(self, browser_client, monkeypatch, ranked):
        for number in range(60):
            make_invocation(tool_name=f"tool {number % 12}", duration_ms=number % 12 * 50 + number * number)
        time, _ = chosen_range(QueryDict())
        few = AllTools(time, most=ranked).slowest
        monkeypatch.setattr("apps.telemetry.all_calls.MANY", 1)
        many = AllTools(time, most=ranked).slowest
        assert many == few
        every = SkillCalls(time, parts=TOOL)
        p95 = {tool.names: tool.times.p95 for tool in every.timed(every.by(*TOOL), *TOOL)}
        assert [p95[names] for names in many] == sorted(p95.values(), reverse=True)[:ranked]

    def test_of_very_many_skills_the_busiest_and_the_worst_are_shown(self, browser_client):
        for number in range(51):
            make_invocation(skill_name=f"skill {number}")
        make_invocation(skill_name="busy")
        make_invocation(skill_name="busy", success=False)
        stats, health = browser_client.get("/skill-stats"), browser_client.get("/skill-health")
        assert (len(stats.context["skills"]), stats.context["skills"][0].names[0]) == (25, "busy")
        assert b"27 more that were called less" in stats.content
        assert len(health.context["conditions"]) == 50 and health.context["conditions"][0].skill == "busy"
        assert b"2 more that do better" in health.content

    def test_errors_come_with_advice(self, browser_client, calls):
        response = browser_client.get("/skill-stats")
        named, unnamed = response.context["errors"]
        assert (named.skill, named.type, named.count) == ("feed", "TimeoutError", 9)
        assert named.advice == "Give the call more time or ask for less at once."
        assert unnamed.count == 1 and "without an error_type" in unnamed.advice
        first = SkillInvocation.objects.filter(error_type="TimeoutError").earliest("created_at").created_at
        assert named.first_seen == first

    def test_charts_and_the_hours_of_the_week(self, browser_client, calls):
        context = browser_client.get("/skill-stats").context
        counts, shares, latency = context["charts"]
        assert sum(sum(one.values) for one in counts.series) == 30
        assert max(value for value in shares.series[0].values if value is not None) == 1
        assert [one.label for one in latency.series] == ["median", "p95", "p99"]
        assert sum(map(sum, context["rhythm"].values)) == 30
        long_ago = "/skill-stats?since=2020-01-01T00:00"
        assert browser_client.get(long_ago).context["rhythm"] is None
        assert sum(sum(one.values) for one in browser_client.get(long_ago).context["charts"][0].series) == 31

    def test_are_of_the_hours_in_the_persons_zone(self, browser_client):
        moment = ago(days=2).replace(minute=10)
        make_invocation(created_at=moment)
        browser_client.cookies["timezone"] = "Asia/Kolkata"
        week = browser_client.get("/skill-stats").context["rhythm"]
        [busy] = [cell.title for cell in week.cells if cell.level]
        assert f"{(moment.hour * 60 + 330) // 60 % 24:02}:00" in busy

    def test_are_exported(self, browser_client, calls):
        lines = browser_client.get("/skill-stats?format=csv").getvalue().decode().splitlines()
        assert lines[0].startswith("skill,tool,calls,failed") and lines[1].startswith("market,price,20,0")
        assert browser_client.get("/skill-stats?format=xml").status_code == 404


class TestHealth:
    def test_the_worst_first_with_the_reason(self, browser_client, calls):
        response = browser_client.get("/skill-health")
        assert [(one.skill, one.level) for one in response.context["conditions"]] == [
            ("feed", "failing"),
            ("market", "unsure"),
        ]
        page = response.content.decode()
        assert "10 of 10 calls failed in 7 d" in page
        assert "the last 5 calls all failed" in page and "too few calls" in page

    def test_of_one_level(self, browser_client, calls):
        only = browser_client.get("/skill-health?level=unsure").context["conditions"]
        assert [one.skill for one in only] == ["market"]
        assert len(browser_client.get("/skill-health?level=%00").context["conditions"]) == 2
        assert "No skill is in this state" in browser_client.get("/skill-health?level=well").content.decode()

    def test_is_exported(self, browser_client, calls):
        rows = browser_client.get("/skill-health?format=json&level=failing")
        [row] = json.loads(rows.getvalue())["records"]
        assert row["skill"] == "feed" and row["health"] == "failing" and row["calls_7d"] == 10


@pytest.mark.parametrize("path", PAGES)
class TestPages:
    def test_of_nothing_they_say_how_calls_get_there(self, browser_client, path):
        for time in ("1h", "7d", "all"):
            assert b"POST /api/skills/invocations" in browser_client.get(at(path, f"range={time}")).content

    def test_cost_a_bounded_number_of_queries(self, browser_client, calls, path, django_assert_max_num_queries):
        for time in ("24h", "30d", "all"):
            with django_assert_max_num_queries(12):
                browser_client.get(at(path, f"range={time}"))

    def test_nonsense_shows_the_usual(self, browser_client, calls, path):
        for query in ("range=x%00", "since=0001-01-01T00:00&until=9999-12-31T00:00", "range=7d&until=no"):
            assert browser_client.get(at(path, query)).status_code == 200

    def test_are_for_those_who_logged_in_and_only_to_be_read(self, client, browser_client, path):
        assert client.get(path).status_code == 302
        assert browser_client.post(path).status_code == 405
