"""The page of model usage says what the API and the table say, of the time and the filters in its URL."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.core import zones
from apps.core.rolling_up import roll_up
from apps.core.rollups import ceiling
from apps.telemetry.models import ModelUsage
from apps.telemetry.sums import UsageSum
from tests.telemetry.rows import ago, make_session, make_usage

pytestmark = pytest.mark.django_db


def figures(response):
    return {figure.label: figure.text for figure in response.context["figures"]}


@pytest.fixture
def calls(db):
    session = make_session(agent_id="analyst")
    make_usage(model="kimi", provider="moonshot", cost_usd="1.5", input_tokens=1000, latency_ms=300, session=session)
    make_usage(model="qwen3", cost_usd="0.25", output_tokens=20, success=False, error_message="<b>no</b>")
    make_usage(model="qwen3", cost_usd="4", created_at=ago(days=9))
    make_usage(model="test-model", cost_usd="100")


class TestPage:
    def test_adds_up_the_chosen_time_beside_the_one_before(self, browser_client, calls):
        response = browser_client.get("/model-usage")
        assert response.status_code == 200
        shown = figures(response)
        assert shown["Cost"] == "$1.75" and shown["Calls"] == "2" and shown["Failed"] == "50.0 %"
        [cost] = [figure for figure in response.context["figures"] if figure.label == "Cost"]
        assert cost.change == "56 % less than before" and cost.was == "$4.00 in the period before"
        assert figures(browser_client.get("/model-usage?range=all"))["Cost"] == "$5.75"

    def test_agrees_with_the_api(self, browser_client, api, calls):
        stats = api.get("/api/model-usage/stats?hours=168").json()
        rows = browser_client.get("/model-usage?range=7d").context["table"]
        assert [(row.names["model"], float(row.usage.cost.amount)) for row in rows] == [("kimi", 1.5), ("qwen3", 0.25)]
        assert sum(row.usage.requests for row in rows) == stats["total_requests"]
        assert float(sum(row.usage.cost.amount for row in rows)) == stats["total_cost"]

    def test_what_other_clocks_call_later_this_hour_is_counted_and_listed(self, browser_client):
        end_of_hour = ceiling(timezone.now(), "hour")
        make_usage(created_at=end_of_hour - timedelta(microseconds=1))
        make_usage(created_at=end_of_hour + timedelta(hours=1))
        response = browser_client.get("/model-usage?range=24h")
        assert figures(response)["Calls"] == "1" and len(response.context["calls"].rows) == 1

    def test_reads_rows_of_stale_hours_alone(self, browser_client, calls):
        with CaptureQueriesContext(connection) as asked:
            browser_client.get("/model-usage?range=all")
        table = next(query["sql"] for query in asked if query["sql"].startswith('SELECT "site_usage_sum"."model"'))
        assert table.count("model_usage AS r") == 1 and "created_at >= h.starts" in table

    def test_shows_the_calls_and_their_text_as_text(self, browser_client, calls):
        page = browser_client.get("/model-usage").content.decode()
        assert "&lt;b&gt;no&lt;/b&gt;" in page and "<b>no</b>" not in page
        assert "analyst" in page and "test-model" not in page

    def test_filters_by_model_provider_and_agent(self, browser_client, calls):
        assert figures(browser_client.get("/model-usage?model=kimi"))["Calls"] == "1"
        assert figures(browser_client.get("/model-usage?provider=local"))["Calls"] == "1"
        response = browser_client.get("/model-usage?agent=analyst")
        assert figures(response)["Cost"] == "$1.50" and len(response.context["calls"].rows) == 1
        unknown = browser_client.get("/model-usage?model=nothing%00like%20it")
        assert unknown.status_code == 200 and figures(unknown)["Failed"] == "unknown"

    def test_of_nothing_it_says_how_calls_get_there(self, browser_client):
        for time in ("1h", "24h", "all"):
            response = browser_client.get(f"/model-usage?range={time}")
            assert response.status_code == 200 and b"POST /api/model-usage" in response.content

    def test_takes_a_range_of_ones_own(self, browser_client):
        make_usage(cost_usd="2", created_at=datetime(2026, 3, 1, 12, tzinfo=UTC))
        make_usage(cost_usd="3", created_at=datetime(2026, 3, 2, 12, tzinfo=UTC))
        own = "/model-usage?since=2026-03-01T00:00&until=2026-03-02T00:00"
        assert figures(browser_client.get(own))["Cost"] == "$2.00"

    def test_reads_and_writes_times_in_the_persons_zone(self, browser_client):
        make_usage(cost_usd="2", created_at=datetime(2026, 3, 1, 23, 30, tzinfo=UTC))
        make_usage(cost_usd="3", created_at=datetime(2026, 3, 1, 22, 30, tzinfo=UTC))
        browser_client.cookies["timezone"] = "Europe/Berlin"
        response = browser_client.get("/model-usage?since=2026-03-02T00:00&until=2026-03-10T00:00")
        assert figures(response)["Cost"] == "$2.00"
        cost, *_ = response.context["charts"]
        assert list(cost.rows)[0] == ("Mar 2", ["$2.00"])
        browser_client.cookies["timezone"] = "Mars/Olympus"
        assert browser_client.get("/model-usage").status_code == 200

    def test_does_not_look_for_all_zones_each_time(self, browser_client, monkeypatch):
        browser_client.cookies["timezone"] = "Europe/Berlin"
        browser_client.get("/model-usage")
        monkeypatch.delattr(zones, "available_timezones")
        assert browser_client.get("/model-usage").status_code == 200

    @pytest.mark.parametrize("days", [130, 1000])  # drawn by the week and by the month
    def test_draws_weeks_and_months_of_the_persons_zone(self, browser_client, days):
        make_usage(cost_usd="2", created_at=datetime(2026, 6, 1, 12, tzinfo=UTC))  # a Monday
        roll_up(UsageSum)
        browser_client.cookies["timezone"] = "America/New_York"
        since = datetime(2026, 7, 1) - timedelta(days=days)
        response = browser_client.get(f"/model-usage?since={since:%Y-%m-%dT%H:%M}&until=2026-07-01T00:00")
        cost, *_ = response.context["charts"]
        assert [label for label, [dollars] in cost.rows if dollars != "$0.00"] == [
            "week of Jun 1" if days == 130 else "Jun 2026"
        ]

    @pytest.mark.parametrize("zone", ["Asia/Kolkata", "America/New_York"])
    @pytest.mark.parametrize(
        "query", ["since=0001-01-01T00:00", "until=0001-01-01T00:00", "since=9999-12-31T23:30&until=9999-12-31T23:45"]
    )
    def test_a_time_at_the_end_of_the_calendar_shows_the_usual_one(self, browser_client, query, zone):
        browser_client.cookies["timezone"] = zone
        response = browser_client.get(f"/model-usage?{query}")
        assert response.status_code == 200 and response.context["time"].name == "7d"
        assert "This must" in response.content.decode()

    @pytest.mark.parametrize(
        "query", ["range=yesterday", "since=soon", "since=2026-03-02T00:00&until=2026-03-01T00:00", "older_than=x~y"]
    )
    def test_of_nonsense_it_shows_the_usual_time(self, browser_client, calls, query):
        response = browser_client.get(f"/model-usage?{query}")
        assert response.status_code == 200 and figures(response)["Cost"] == "$1.75"

    def test_says_what_is_wrong_with_a_range(self, browser_client):
        response = browser_client.get("/model-usage?since=2026-03-02T00:00&until=2026-03-01T00:00")
        assert b"This must be later than the start." in response.content

    @pytest.mark.parametrize("query", ["", "by=agent", "by=skill", "range=all", "range=all&model=kimi"])
    def test_costs_a_bounded_number_of_queries(self, browser_client, calls, query, django_assert_max_num_queries):
        with django_assert_max_num_queries(12):
            browser_client.get(f"/model-usage?{query}")

    def test_is_for_those_who_logged_in_and_only_to_be_read(self, client, browser_client):
        assert client.get("/model-usage").status_code == 302
        assert browser_client.post("/model-usage").status_code == 405


def test_older_and_newer_calls_are_steady_while_others_arrive(browser_client):
    moment = timezone.now() - timedelta(hours=1)
    ModelUsage.objects.bulk_create(
        ModelUsage(model=f"m{n:03}", created_at=moment - timedelta(minutes=n // 3)) for n in range(120)
    )
    seen, query = [], ""
    while True:
        page = browser_client.get(f"/model-usage?{query}").context["calls"]
        seen += [call.pk for call in page.rows]
        make_usage(model="late")
        if not page.older:
            break
        query = f"older_than={page.older.replace('+', '%2B')}"
    assert len(seen) == len(set(seen)) == 120
    newer = browser_client.get(f"/model-usage?newer_than={page.newer.replace('+', '%2B')}").context["calls"]
    assert [call.pk for call in newer.rows] == seen[50:100]
