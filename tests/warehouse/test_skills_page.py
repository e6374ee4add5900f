"""The registry of skills with what they do, and the page of one skill."""

import json
from urllib.parse import quote

import pytest

from apps.core.rolling_up import roll_up
from apps.skillset.models import SkillGraphEntity, SkillGraphRelation, SkillStatusRecord
from apps.telemetry.models import SkillInvocation
from apps.telemetry.sums import STREAMS
from tests.telemetry.rows import ago, make_invocation

pytestmark = pytest.mark.django_db


@pytest.fixture
def skills(db):
    for name, layer, status in (
        ("goals", "L2", "healthy"),
        ("market_data", "L2", "degraded"),
        ("idle", "L3", "healthy"),
    ):
        SkillStatusRecord.objects.create(skill_name=name, canonical_name=name, layer=layer, status=status)
    for number in range(40):
        make_invocation(skill_name="goals", tool_name="list", duration_ms=20)
        make_invocation(skill_name="market_data", tool_name="price", success=number % 2, error_type="TimeoutError")
    make_invocation(skill_name="goals", created_at=ago(days=9))
    make_invocation(skill_name="self_made")


def names(response):
    return [skill.name for skill in response.context["page"].rows]


class TestRegistry:
    def test_tells_what_each_skill_does(self, browser_client, skills):
        response = browser_client.get("/skills")
        goals, idle, market, own = response.context["page"].rows
        assert (goals.name, goals.called, goals.failed, goals.state, goals.layer) == ("goals", 40, 0, "well", "L2")
        assert (market.failed, market.failure_rate, market.state, market.status) == (20, 0.5, "failing", "degraded")
        assert (idle.called, idle.state, idle.last_used) == (0, "unused", None)
        assert (own.name, own.status, own.state) == ("self_made", "", "unsure")
        assert sum(goals.spark.values) == 40 and not any(idle.spark.values)
        page = response.content.decode()
        assert "not registered" in page and "never" in page and "Calls: none." in page
        assert browser_client.get("/skills?range=all").context["page"].rows[0].called == 41

    def test_is_searched_filtered_and_sorted(self, browser_client, skills):
        assert names(browser_client.get("/skills?q=MARKET")) == ["market_data"]
        assert names(browser_client.get("/skills?state=failing")) == ["market_data"]
        assert names(browser_client.get("/skills?state=unused")) == ["idle"]
        assert names(browser_client.get("/skills?layer=L3")) == ["idle"]
        assert names(browser_client.get("/skills?sort=-calls"))[-1] == "idle"
        assert names(browser_client.get("/skills?sort=-failures"))[0] == "market_data"
        assert names(browser_client.get("/skills?sort=last_used"))[0] == "idle"
        assert len(names(browser_client.get("/skills?sort=secret&state=x&q=%00"))) == 4
        assert "No skill matches" in browser_client.get("/skills?q=nothing").content.decode()

    def test_is_exported_as_it_is_filtered(self, browser_client, skills):
        rows = json.loads(browser_client.get("/skills?state=failing&format=json").getvalue())["records"]
        assert [(row["skill"], row["calls"], row["failure_rate"]) for row in rows] == [("market_data", 40, 0.5)]

    def test_shows_the_known_skills_while_nothing_is_registered(self, browser_client):
        assert "api_client" in names(browser_client.get("/skills"))

    def test_many_come_in_pages(self, browser_client):
        for number in range(103):
            SkillStatusRecord.objects.create(skill_name=f"s{number:03}", canonical_name=f"s{number}")
        response = browser_client.get("/skills?sort=-name")
        assert len(names(response)) == 50 and b"1 to 50 of 103" in response.content
        assert b'href="?sort=-name&amp;page=2"' in response.content
        assert names(browser_client.get("/skills?sort=-name&page=3")) == ["s002", "s001", "s000"]
        for nonsense in ("0", "99", "-1", "x", ""):
            assert browser_client.get("/skills", {"page": nonsense}).status_code == 200

    def test_of_many_the_health_is_asked_of_what_is_shown(
        self, browser_client, skills, django_assert_max_num_queries, monkeypatch
    ):
        labels = [figure.label for figure in browser_client.get("/skills").context["figures"]]
        assert labels[-2:] == ["Failing now", "Worth a look now"]
        for number in range(50):
            make_invocation(skill_name=f"s{number:03}", duration_ms=1)
        monkeypatch.setattr("apps.warehouse.skills.views.MANY", 50)
        with django_assert_max_num_queries(12):
            response = browser_client.get("/skills")
        states = {skill.name: skill.state for skill in response.context["page"].rows}
        assert states["market_data"] == "failing" and states["s040"] == "unsure" and states["idle"] == "unused"
        assert "Failing now" not in [figure.label for figure in response.context["figures"]]
        assert b"Health is that of the skills on this page" in response.content
        failing = browser_client.get("/skills?state=failing&range=1h")
        assert names(failing) == ["market_data"] and b"Health is that of" not in failing.content


class TestSkill:
    def test_tells_its_calls(self, browser_client, skills):
        make_invocation(skill_name="market_data", tool_name="chart", model_used="qwen3", tokens_used=9, duration_ms=700)
        response = browser_client.get("/skills/market_data")
        figures = {figure.label: figure.text for figure in response.context["figures"]}
        assert figures["Calls"] == "41" and figures["Failed"] == "48.8 %" and figures["Tokens, as reported"] == "9"
        assert [(tool.names[1], tool.outcomes.calls) for tool in response.context["tools"]] == [
            ("price", 40),
            ("chart", 1),
        ]
        assert [(model.names[0], model.tokens) for model in response.context["models"]] == [(None, 0), ("qwen3", 9)]
        [error] = response.context["errors"]
        assert (error.type, error.count) == ("TimeoutError", 20)
        *_, histogram = response.context["charts"]
        assert [values for _, values in histogram.rows] == [["1"]]
        assert sum(map(sum, response.context["rhythm"].values)) == 41
        assert "degraded, layer L2" in response.content.decode()

    def test_agrees_with_the_api(self, browser_client, api, skills):
        stats = api.get("/api/skills/stats/goals?hours=168").json()
        outcomes = browser_client.get("/skills/goals").context["outcomes"]
        assert (outcomes.calls, outcomes.failed) == (stats["total"], stats["failures"])

    def test_calls_older_and_newer_and_failed_ones(self, browser_client, skills):
        for number in range(60):
            make_invocation(skill_name="goals", created_at=ago(minutes=number))
        first = browser_client.get("/skills/goals").context["calls"]
        second = browser_client.get("/skills/goals", {"older_than": first.older}).context["calls"]
        assert len(first.rows) == len(second.rows) == 50 and not {*first.rows} & {*second.rows}
        failed = browser_client.get("/skills/market_data?outcome=failed")
        assert len(failed.context["calls"].rows) == 20
        assert b"No failed calls in this time" in browser_client.get("/skills/goals?outcome=failed").content

    def test_exports_exactly_the_filtered_calls(self, browser_client, skills):
        lines = browser_client.get("/skills/market_data?outcome=failed&format=ndjson").getvalue().splitlines()
        assert len(lines) == 20 and {json.loads(line)["success"] for line in lines} == {False}

    def test_what_its_manifest_says(self, browser_client, skills):
        node = SkillGraphEntity.objects.create(
            name="aria-market-data", type="skill", properties={"description": "Prices", "directory": "market_data"}
        )
        tool = SkillGraphEntity.objects.create(name="get_price", type="tool")
        SkillGraphRelation.objects.create(from_entity=node, to_entity=tool, relation_type="provides")
        response = browser_client.get("/skills/market_data")
        assert response.context["facts"].node == node.pk and response.context["facts"].ends == {"Tools": ["get_price"]}
        page = response.content.decode()
        assert "<p>Prices</p>" in page and f"/skill-graph/{node.pk}" in page
        assert browser_client.get("/skills/aria-market-data").status_code == 200  # without calls of that name

    def test_of_any_name_that_was_called(self, browser_client):
        for name in ("a/b c", "<i>x</i>", "ünï?#%25", ".hidden"):
            make_invocation(skill_name=name, created_at=ago(days=40))
            response = browser_client.get(f"/skills/{quote(name, safe='')}")
            assert response.status_code == 200 and response.context["name"] == name
            assert b"<i>x</i>" not in response.content

    def test_of_no_skill(self, browser_client, skills):
        assert browser_client.get("/skills/nobody").status_code == 404
        assert browser_client.get("/skills/no%00body").status_code == 404


@pytest.mark.parametrize("path", ["/skills", "/skills/goals"])
class TestPages:
    @pytest.mark.parametrize("rolled_up", [False, True])
    def test_cost_a_bounded_number_of_queries(
        self, browser_client, skills, path, rolled_up, django_assert_max_num_queries
    ):
        for stream in STREAMS if rolled_up else ():
            roll_up(stream)
        for time in ("24h", "7d", "all"):
            with django_assert_max_num_queries(12):
                browser_client.get(f"{path}?range={time}")

    def test_nonsense_shows_the_usual(self, browser_client, skills, path):
        for query in ("range=x%00", "since=0001-01-01T00:00", "older_than=x~y", "outcome=%00", "level=1"):
            assert browser_client.get(f"{path}?{query}").status_code == 200

    def test_are_for_those_who_logged_in_and_only_to_be_read(self, client, browser_client, skills, path):
        assert client.get(path).status_code == 302
        assert browser_client.post(path).status_code == 405

    def test_without_any_calls(self, browser_client, skills, path):
        SkillInvocation.objects.all().delete()
        assert browser_client.get(path).status_code == 200
