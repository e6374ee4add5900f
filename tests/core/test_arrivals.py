"""How many rows came since an open page was made: bounded, and by the page's own filters."""

import pytest
from django.utils import timezone

from apps.core.arrivals import HEADER, MOST
from apps.telemetry.models import AgentSession, ModelUsage
from tests.telemetry.rows import ago, make_session, make_usage

pytestmark = pytest.mark.django_db


def calls(browser, query="", since=None):
    headers = {} if since is None else {HEADER: since}
    response = browser.get(f"/model-usage{query}", headers=headers)
    assert response.status_code == 200
    return response.context["calls"]


def test_counts_what_is_newer_than_the_newest_shown_and_matches_the_filters(browser_client):
    make_usage(created_at=ago(minutes=5))
    since = calls(browser_client).since
    make_usage(created_at=ago(minutes=6))
    assert calls(browser_client, since=since).arrived == 0
    make_usage()
    make_usage(model="kimi")
    asked = calls(browser_client, since=since)
    assert (asked.arrived, asked.news, asked.rows) == (2, "2 new", [])
    assert calls(browser_client, "?model=kimi", since=since).arrived == 1
    assert calls(browser_client, "?since=2020-01-01T00:00&until=2020-01-02T00:00", since=since).arrived == 0


def test_counts_from_the_beginning_of_an_empty_list(browser_client):
    since = calls(browser_client).since
    assert calls(browser_client, since=since).arrived == 0
    make_usage()
    assert calls(browser_client, since=since).arrived == 1


def test_shows_rows_that_change_as_they_are_now(browser_client):
    shown = make_session(agent_id="shown", status="active", started_at=ago(minutes=5))
    since = browser_client.get("/sessions").context["page"].since
    make_session(agent_id="new")
    AgentSession.objects.filter(pk=shown.pk).update(status="completed")
    response = browser_client.get("/sessions", headers={HEADER: since})
    assert response.context["page"].arrived == 1
    assert [(row.agent_id, row.status) for row in response.context["page"].rows] == [("shown", "completed")]


def test_counts_no_more_than_it_says(browser_client):
    since = timezone.now().isoformat()
    ModelUsage.objects.bulk_create(ModelUsage(model="m") for _ in range(MOST + 20))
    assert calls(browser_client, since=since).news == "99+ new"


def test_announces_nothing_where_new_rows_would_not_be_on_top(browser_client):
    make_usage(created_at=ago(minutes=2))
    last = make_usage(created_at=ago(minutes=1))
    older = f"?older_than={last.created_at.isoformat()}~{last.pk}".replace("+", "%2B")
    assert calls(browser_client, older).since == ""
    assert calls(browser_client, "?sort=created_at").since == ""
    assert calls(browser_client, since="").arrived == 0


@pytest.mark.parametrize("since", ["soon", "2026-03-01T00:00:00", "9" * 400, "0001-01-01T00:00:00+14:00"])
def test_takes_any_header(browser_client, since):
    make_usage()
    assert calls(browser_client, since=since).arrived in (0, 1)


def test_costs_no_more_queries_than_the_page(browser_client, django_assert_max_num_queries):
    make_usage()
    with django_assert_max_num_queries(12):
        calls(browser_client, since=timezone.now().isoformat())
