"""The page of sessions says what the API and the table say, of the time and the filters in its URL."""

import json

import pytest

from apps.telemetry.models import AgentSession
from apps.telemetry.prices import ModelPrice
from tests.telemetry.rows import ago, make_session, make_usage

pytestmark = pytest.mark.django_db
PAGE = "/sessions"


def figures(response):
    return {figure.label: figure.text for figure in response.context["figures"]}


def shown(response):
    return [row.session.agent_id for row in response.context["sessions"]]


@pytest.fixture
def sessions(db):
    done = make_session(
        agent_id="main",
        status="completed",
        started_at=ago(minutes=30),
        ended_at=ago(minutes=28),
        metadata={"openclaw_source_channel": "telegram", "openclaw_session": {"label": "Mend the roof"}},
    )
    failed = make_session(agent_id="analyst", status="error", started_at=ago(hours=2), ended_at=ago(hours=2))
    make_session(agent_id="cron", session_type="openclaw_cron", started_at=ago(hours=3))
    make_session(agent_id="runner", session_type="skill_exec", started_at=ago(hours=4))
    make_session(agent_id="runner", session_type="skill_exec", started_at=ago(hours=4))
    make_session(agent_id="long ago", started_at=ago(days=9))
    make_usage(session=done, cost_usd="1.5", input_tokens=1000)
    make_usage(session=done, cost_usd="0.5", input_tokens=10)
    make_usage(session=failed, input_tokens=70, success=False, error_message="<b>no</b>")


class TestPage:
    def test_adds_up_the_chosen_time_beside_the_one_before(self, browser_client, sessions):
        response = browser_client.get(PAGE)
        assert figures(response) == {
            "Sessions": "2",
            "Active": "0",
            "Failed": "50.0 %",
            "Tokens": "1,080",
            "Cost": "$2.00",
            "Mean duration": "1 min",
        }
        first, *_ = response.context["figures"]
        assert first.was == "1 in the period before"
        assert figures(browser_client.get(f"{PAGE}?range=all"))["Sessions"] == "3"

    def test_agrees_with_the_api(self, browser_client, api, sessions):
        response = browser_client.get(f"{PAGE}?range=24h")
        stats = api.get("/api/sessions/stats?hours=24").json()
        assert figures(response)["Sessions"] == str(stats["total_sessions"])
        assert float(response.context["figures"][4].value) == stats["total_cost"]
        listed = api.get("/api/sessions").json()["items"]
        assert shown(response) == [row["agent_id"] for row in listed][:2]

    def test_tells_what_is_hidden_and_shows_it(self, browser_client, sessions):
        page = browser_client.get(PAGE)
        assert b"2 runtime events hidden" in page.content and b"1 cron session hidden" in page.content
        with_cron = browser_client.get(f"{PAGE}?cron=on")
        assert shown(with_cron) == ["main", "analyst", "cron"] and b"Cron sessions are shown" in with_cron.content
        of_type = browser_client.get(f"{PAGE}?type=skill_exec")
        assert shown(of_type) == ["runner", "runner"] and b"events hidden" not in of_type.content

    def test_filters(self, browser_client, sessions):
        for query in ("status=completed", "agent=main", "channel=telegram", "cost=1.2", "text=mend+THE"):
            AgentSession.objects.filter(agent_id="main").update(cost_usd=2)
            assert shown(browser_client.get(f"{PAGE}?{query}")) == ["main"], query
        assert figures(browser_client.get(f"{PAGE}?agent=main"))["Sessions"] == "1"
        assert b"narrow the table alone" in browser_client.get(f"{PAGE}?cost=1").content

    def test_rows_tell_what_it_was_about_and_what_went_wrong(self, browser_client, sessions):
        content = browser_client.get(PAGE).content.decode()
        assert "Mend the roof" in content and "telegram" in content and "2 min" in content
        assert "&lt;b&gt;no&lt;/b&gt;" in content and "<b>no</b>" not in content

    def test_a_cost_that_nobody_reported_is_unknown_and_not_nought(self, browser_client, sessions):
        response = browser_client.get(PAGE)
        done, failed = response.context["sessions"]
        assert done.cost == 2 and failed.cost is None
        assert response.context["figures"][4].note == "1 call reported without a cost"

    def test_a_cost_that_nobody_reported_is_estimated_by_the_price(self, browser_client, sessions):
        price = {"model": "qwen3", "input_usd": 100, "output_usd": 0, "source": "test", "updated_at": ago(days=1)}
        ModelPrice.objects.create(name="qwen3", **price)
        response = browser_client.get(PAGE)
        _, failed = response.context["sessions"]
        assert float(failed.cost) == 0.007 and failed.cost_note == "of it $0.0070 estimated"
        assert "≈ $0.0070" in response.content.decode()

    def test_sorts_by_cost(self, browser_client):
        for cost in (1, 3, 2):
            make_session(agent_id=str(cost), cost_usd=cost)
        assert shown(browser_client.get(f"{PAGE}?sort=-cost_usd")) == ["3", "2", "1"]
        assert b'aria-sort="descending"' in browser_client.get(f"{PAGE}?sort=-cost_usd").content

    def test_pages_and_exports_what_it_shows(self, browser_client, sessions):
        for number in range(60):
            make_session(agent_id=f"many {number}", started_at=ago(minutes=100 + number))
        response = browser_client.get(PAGE)
        assert len(shown(response)) == 50
        older = browser_client.get(PAGE, {"older_than": response.context["page"].older})
        assert len(shown(older)) == 12
        lines = b"".join(browser_client.get(f"{PAGE}?format=ndjson&agent=main").streaming_content).splitlines()
        assert [json.loads(line)["agent_id"] for line in lines] == ["main"]

    def test_of_nothing_it_says_how_sessions_get_there(self, browser_client):
        assert b"POST /api/sessions" in browser_client.get(PAGE).content

    @pytest.mark.parametrize(
        "query",
        ["cost=much", "cost=1e99", "cost=NaN", "text=ab", "text=%00%00abc", "status=%00", "range=x", "sort=metadata"],
    )
    def test_says_what_makes_no_sense_and_shows_the_rest(self, browser_client, sessions, query):
        response = browser_client.get(f"{PAGE}?{query}&agent=main")
        assert response.status_code == 200 and shown(response) == ["main"]
        assert b'role="alert"' in response.content or query in ("range=x", "sort=metadata")

    @pytest.mark.parametrize("metadata", [[], "text", None, {"openclaw_session": []}, {"skill": 1, "function": {}}])
    def test_metadata_may_be_anything(self, browser_client, metadata):
        make_session(metadata=metadata if metadata is not None else {})
        assert browser_client.get(PAGE).status_code == 200

    def test_asks_as_many_questions_of_many_sessions_as_of_one(
        self, browser_client, sessions, django_assert_max_num_queries
    ):
        for _ in range(30):
            make_usage(session=make_session(), success=False)
        with django_assert_max_num_queries(12):
            browser_client.get(PAGE)

    def test_is_for_persons_who_are_logged_in_and_only_read(self, client, browser_client):
        assert client.get(PAGE)["Location"].startswith("/login")
        assert browser_client.post(PAGE).status_code == 405
