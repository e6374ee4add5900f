"""The log of activities says what the rows say, of the time and the filters in its URL."""

import csv
import io
from datetime import UTC, datetime

import pytest
from django.db import connection

from apps.core.rolling_up import roll_up
from apps.telemetry.models import ActivityLog
from apps.telemetry.sums import ActivitySum
from tests.telemetry.rows import ago, make_activity, make_session

pytestmark = pytest.mark.django_db


def figures(response):
    return {figure.label: figure.text for figure in response.context["figures"]}


def said(response):
    return [activity.description for activity in response.context["activities"]]


@pytest.fixture
def log(db):
    make_activity(action="think", details={"message": "Of <b>tea</b>"}, created_at=ago(hours=1))
    make_activity(
        action="think",
        details={"message": "Of cake"},
        success=False,
        error_message="<i>Oven</i> is cold",
        created_at=ago(hours=2),
    )
    make_activity(action="heartbeat", skill="health", details={"message": "Alive"}, created_at=ago(hours=3))
    make_activity(action="think", skill="goals", details={"message": "Old"}, created_at=ago(days=9))


class TestLog:
    def test_adds_up_the_chosen_time_beside_the_one_before(self, browser_client, log):
        response = browser_client.get("/activities")
        assert response.status_code == 200
        assert figures(response) == {
            "Activities": "3", "Failed": "1", "Failure rate": "33.3 %", "By the schedule": "1", "Skills at work": "1",
        }  # fmt: skip
        [count] = [figure for figure in response.context["figures"] if figure.label == "Activities"]
        assert count.was == "1 in the period before"
        assert figures(browser_client.get("/activities?range=all"))["Activities"] == "4"

    def test_shows_the_newest_first_with_what_went_wrong_as_text(self, browser_client, log):
        response = browser_client.get("/activities")
        page = response.content.decode()
        assert said(response) == ["Of <b>tea</b>", "Of cake", "Alive"]
        assert (
            "Of &lt;b&gt;tea&lt;/b&gt;" in page and "&lt;i&gt;Oven&lt;/i&gt; is cold" in page and "<b>tea" not in page
        )

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("action=think", ["Of <b>tea</b>", "Of cake"]),
            ("skill=health", ["Alive"]),
            ("outcome=failed", ["Of cake"]),
            ("outcome=succeeded&action=think", ["Of <b>tea</b>"]),
            ("work=scheduled", ["Alive"]),
            ("work=other&outcome=succeeded", ["Of <b>tea</b>"]),
            ("action=nothing%20like%20it", []),
        ],
    )
    def test_filters_rows_and_figures_alike(self, browser_client, log, query, found):
        response = browser_client.get(f"/activities?{query}")
        assert said(response) == found and figures(response)["Activities"] == str(len(found))

    @pytest.mark.parametrize(
        ("text", "found"), [("CAKE", ["Of cake"]), ("heartb", ["Alive"]), ("100%", []), ("a_e", [])]
    )
    def test_finds_a_text_in_action_and_details(self, browser_client, log, text, found):
        response = browser_client.get("/activities", {"text": text})
        assert said(response) == (found if text not in ("a_e",) else ["Of <b>tea</b>", "Of cake", "Alive"])
        assert figures(response)["Activities"] == "3"

    def test_an_index_knows_the_text(self, db):
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")  # which is quicker among so few
        assert "site_activity_text" in ActivityLog.objects.telling("needle").explain()

    def test_says_which_texts_it_cannot_find(self, browser_client, log):
        response = browser_client.get("/activities?text=ab")
        assert b"at least three letters" in response.content and len(said(response)) == 3

    def test_draws_what_succeeded_and_what_failed(self, browser_client):
        make_activity(created_at=datetime(2026, 3, 1, 12, tzinfo=UTC))
        make_activity(created_at=datetime(2026, 3, 1, 13, tzinfo=UTC), success=False)
        make_activity(created_at=datetime(2026, 3, 2, 23, 30, tzinfo=UTC))
        roll_up(ActivitySum)
        url = "/activities?since=2026-03-01T00:00&until=2026-03-10T00:00"
        rows = list(browser_client.get(url).context["chart"].rows)
        assert rows[:2] == [("Mar 1", ["1", "1"]), ("Mar 2", ["1", "0"])]
        browser_client.cookies["timezone"] = "Europe/Berlin"
        assert list(browser_client.get(url).context["chart"].rows)[2] == ("Mar 3", ["1", "0"])
        failed = browser_client.get(f"{url}&outcome=failed").context["chart"]
        assert [one.label for one in failed.series] == ["failed"]

    def test_counts_what_was_done_most(self, browser_client, log):
        response = browser_client.get("/activities")
        assert [(row["name"], row["count"], row["failed"]) for row in response.context["actions"]] == [
            ("think", 2, 1), ("heartbeat", 1, 0),
        ]  # fmt: skip
        assert [(row["name"], row["count"]) for row in response.context["skills"]] == [(None, 2), ("health", 1)]

    def test_tells_for_whom(self, browser_client):
        chat = make_session(metadata={"openclaw_source_channel": "telegram"})
        cron = make_session(session_type="openclaw_cron")
        for session in (chat.pk, cron.pk, "no uuid", "00000000-0000-0000-0000-000000000000", None, {"odd": 1}):
            make_activity(details={"session_id": str(session) if not isinstance(session, dict) else session})
        make_activity(action="heartbeat")
        origins = [one.origin for one in browser_client.get("/activities").context["activities"]]
        assert origins == ["agent", *["unknown"] * 4, "agent", "person"]
        page = browser_client.get("/activities").content.decode()
        assert f"/sessions/{chat.pk}" in page and "/sessions/00000000" not in page

    @pytest.mark.parametrize(
        ("details", "description"),
        [
            ({"message": "", "description": "second"}, "second"),
            ({"args_preview": "third"}, "third"),
            ({"n": 1}, '{"n": 1}'),
            ({}, "{}"),
            ([1, 2], "[1, 2]"),
            ("text", '"text"'),
            ({"message": {"deep": True}}, '{"deep": true}'),
            ({"message": "x" * 5000}, "x" * 300),
        ],
    )
    def test_describes_any_details(self, browser_client, details, description):
        make_activity(details=details)
        assert said(browser_client.get("/activities")) == [description]

    def test_comes_as_a_file(self, browser_client, log):
        response = browser_client.get("/activities?action=think&format=csv")
        rows = list(csv.DictReader(io.StringIO(b"".join(response.streaming_content).decode())))
        assert [row["details"] for row in rows] == ['{"message": "Of <b>tea</b>"}', '{"message": "Of cake"}']
        assert rows[1]["error_message"] == "<i>Oven</i> is cold"

    @pytest.mark.parametrize("text", ["\0", "x" * 3000])
    @pytest.mark.parametrize("name", ["action", "skill", "outcome", "work", "text", "range", "older_than", "since"])
    def test_of_nonsense_it_makes_sense(self, browser_client, log, name, text):
        assert browser_client.get("/activities", {name: text}).status_code == 200

    def test_of_nothing_it_says_how_activities_get_there(self, browser_client):
        for time in ("1h", "all"):
            response = browser_client.get(f"/activities?range={time}")
            assert response.status_code == 200 and b"POST /api/activities" in response.content

    @pytest.mark.parametrize("path", ["/activities", "/activities?range=all", "/creative-pulse?range=all"])
    def test_costs_at_most_twelve_queries(self, browser_client, log, creations, django_assert_max_num_queries, path):
        make_activity(details={"session_id": str(make_session().pk)})
        with django_assert_max_num_queries(12):
            browser_client.get(path)

    def test_is_for_those_who_logged_in_and_only_to_be_read(self, client, browser_client):
        for path in ("/activities", "/creative-pulse", f"/activities/{make_activity().pk}"):
            assert client.get(path).status_code == 302 and browser_client.post(path).status_code == 405


class TestOne:
    def test_shows_everything_as_text(self, browser_client):
        session = make_session()
        activity = make_activity(
            action="<u>x</u>", skill="a/b", success=False, error_message="<i>no</i>",
            details={"session_id": str(session.pk), "words": ["<script>", "ü"]},
        )  # fmt: skip
        page = browser_client.get(f"/activities/{activity.pk}").content.decode()
        assert "&lt;script&gt;" in page and "ü" in page and "&lt;i&gt;no" in page and "<u>" not in page
        assert f"/sessions/{session.pk}" in page and "/skills/a%2Fb" in page and 'aria-label="Breadcrumbs"' in page

    def test_gives_the_log_just_the_details(self, browser_client):
        activity = make_activity(details={"n": 1})
        page = browser_client.get(f"/activities/{activity.pk}", headers={"HX-Request": "true"}).content.decode()
        assert page.strip().startswith("<pre>") and "&quot;n&quot;: 1" in page and "<html" not in page

    def test_of_what_is_not_there_says_so(self, browser_client):
        assert browser_client.get("/activities/00000000-0000-0000-0000-000000000000").status_code == 404
        assert browser_client.get("/activities/nonsense").status_code == 404


@pytest.fixture
def creations(db):
    context = {"creative_context": {"topic": "<b>Tides</b>", "idea_count": 3, "hypothesis": "Moon", "status": "open"}}
    make_activity(skill="aria-brainstorm", details=context, created_at=ago(hours=1))
    make_activity(skill="experiment", details=context | {"args_preview": "A trial"}, created_at=ago(hours=2))
    make_activity(skill="factcheck", details={"message": "Checked"}, success=False, created_at=ago(hours=3))
    make_activity(skill="brainstorm", details={"message": "Old"}, created_at=ago(days=9))
    make_activity(skill="health", details={"message": "No creation"})


class TestCreativePulse:
    def test_has_what_the_creative_skills_did(self, browser_client, creations):
        response = browser_client.get("/creative-pulse")
        assert figures(response) == {
            "All": "3", "Brainstorm": "1", "Experiment": "1", "Community": "0", "Fact check": "1", "Memeothy": "0",
        }  # fmt: skip
        assert len(said(response)) == 3 and said(response)[1:] == ["A trial", "Checked"]
        assert "No creation" not in response.content.decode()
        assert [(row["name"], row["count"]) for row in response.context["actions"]] == [("look_around", 3)]
        assert [one.label for one in response.context["chart"].series] == [
            "brainstorm", "experiment", "community", "fact_check", "memeothy",
        ]  # fmt: skip

    def test_agrees_with_the_api(self, browser_client, api, creations):
        creative = api.get("/api/activities/visualization?hours=168&include_creative=true").json()["creative"]
        shown = figures(browser_client.get("/creative-pulse?range=7d"))
        assert [str(skill["count"]) for skill in creative["skills"]] == list(shown.values())[1:]

    def test_of_one_skill(self, browser_client, creations):
        response = browser_client.get("/creative-pulse?skill=fact_check")
        assert said(response) == ["Checked"] and figures(response)["All"] == "3"
        assert len(said(browser_client.get("/creative-pulse?skill=fact_check%00"))) == 3

    def test_shows_the_latest_brainstorm_and_experiment_as_text(self, browser_client, creations):
        page = browser_client.get("/creative-pulse").content.decode()
        assert "&lt;b&gt;Tides&lt;/b&gt;" in page and "3 ideas" in page and "Moon" in page and "<b>Tides" not in page

    def test_comes_as_a_file(self, browser_client, creations):
        lines = b"".join(browser_client.get("/creative-pulse?format=ndjson").streaming_content).splitlines()
        assert len(lines) == 3

    def test_of_nothing_it_says_what_fills_it(self, browser_client):
        assert b"memeothy fill it" in browser_client.get("/creative-pulse?range=all").content


def test_older_activities_are_steady_while_others_arrive(browser_client):
    moment = ago(hours=1)
    ActivityLog.objects.bulk_create(ActivityLog(action=f"a{n}", created_at=moment) for n in range(70))
    first = browser_client.get("/activities").context["page"]
    make_activity(action="late")
    older = browser_client.get("/activities", {"older_than": first.older}).context["page"]
    seen = [one.pk for one in (*first.rows, *older.rows)]
    assert len(set(seen)) == len(seen) == 70
    assert b"1 new" in browser_client.get("/activities", headers={"Live-Since": first.since}).content
