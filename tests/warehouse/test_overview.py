"""The overview: what is new since a person last looked, for whom it was done, and what needs them now."""

import json
import uuid

import pytest
from django.urls import resolve, reverse

from apps.core.actors import Actor, acting
from apps.core.models import Change
from apps.goals.models import Goal
from apps.improvement.models import ImprovementProposal
from apps.security.models import SecurityEvent
from apps.warehouse.models import Visit
from apps.warehouse.overview import places, visits
from tests.factories import make_goal, make_person
from tests.remote_servers import remote_server
from tests.telemetry.rows import ago, make_activity, make_session, make_usage
from tests.warehouse.overview_rows import FRAGMENT, ITSELF, age_rows, make_lesson, shown, work

pytestmark = pytest.mark.django_db


class TestLastVisit:
    def look_again_after(self, client, **period):
        """The browser forgets the cookie by itself."""
        Visit.objects.update(seen_at=ago(**period))
        client.cookies.pop(visits.COOKIE, None)

    def test_the_first_one_shows_the_last_day(self, browser_client):
        response = browser_client.get("/")
        assert response.status_code == 200 and response.context["time"].name == "24h"
        assert browser_client.get("/?range=visit").context["time"].name == "24h"

    def test_the_next_one_shows_what_came_since(self, browser_client, alice):
        browser_client.get("/")
        self.look_again_after(browser_client, days=2)
        make_lesson(error_pattern="new")
        make_lesson(error_pattern="old", created_at=ago(days=3))
        response = browser_client.get("/")
        since = ago(days=2)
        assert response.context["time"].name == "visit" and abs(response.context["time"].since - since).seconds < 60
        assert shown(response)["New lessons"] == "1"
        assert browser_client.get("/?range=visit").context["time"].since == response.context["time"].since

    def test_lasts_while_pages_are_opened(self, browser_client):
        browser_client.get("/")
        self.look_again_after(browser_client, days=2)
        since = browser_client.get("/").context["time"].since
        assert browser_client.get("/").context["time"].since == since
        Visit.objects.update(seen_at=ago(hours=5))  # of which the person spent each quarter of an hour on the board
        assert browser_client.get("/?range=visit").context["time"].since == since
        cookie = browser_client.get("/sprint-board").cookies[visits.COOKIE]
        assert cookie["max-age"] == 1800 and cookie["httponly"]

    def test_goes_on_in_a_second_browser(self, browser_client, alice, client):
        browser_client.get("/")
        self.look_again_after(browser_client, days=2)
        since = browser_client.get("/").context["time"].since
        client.force_login(alice)
        assert client.get("/").context["time"].since == since

    def test_is_not_lengthened_by_what_a_page_fetches_itself(self, browser_client):
        browser_client.get("/")
        self.look_again_after(browser_client, days=2)
        seen_at = Visit.objects.get().seen_at
        response = browser_client.get("/", headers=ITSELF)
        assert response.status_code == 200 and visits.COOKIE not in response.cookies
        assert Visit.objects.get().seen_at == seen_at

    def test_does_not_begin_at_the_login(self, client):
        assert visits.COOKIE not in client.get("/login").cookies

    def test_is_each_persons_own(self, browser_client, client):
        browser_client.get("/")
        client.force_login(make_person("bob"))
        assert client.get("/").context["time"].name == "24h"
        assert Visit.objects.count() == 2

    def test_ends_by_marking_all_as_seen(self, browser_client):
        make_lesson()
        browser_client.get("/")
        response = browser_client.post(reverse("mark_all_seen"), follow=True)
        assert response.context["time"].name == "visit" and shown(response)["New lessons"] == "0"
        assert "marked as seen" in response.content.decode()
        assert shown(browser_client.get("/?range=24h"))["New lessons"] == "1"


@pytest.mark.parametrize(
    "path", [*places.PLACES.values(), *(places.row(kind, str(uuid.UUID(int=1))) for kind in places.ROWS)]
)
def test_all_lines_lead_somewhere(path):
    assert resolve(path).url_name


class TestAccess:
    @pytest.mark.parametrize("name", ["home", "overview_services", "overview_budgets"])
    def test_pages_are_for_people_and_only_to_be_read(self, client, browser_client, name):
        assert client.get(reverse(name)).status_code == 302
        assert browser_client.post(reverse(name)).status_code == 405

    def test_marking_needs_a_login_and_a_post(self, client, browser_client):
        assert client.post(reverse("mark_all_seen")).status_code == 302
        assert browser_client.get(reverse("mark_all_seen")).status_code == 405
        assert not Visit.objects.exists()

    def test_is_where_people_land(self, client, alice):
        response = client.post("/login", {"username": "alice", "password": "correct horse"}, follow=True)
        assert response.redirect_chain == [("/", 302)] and b"<h1>Overview</h1>" in response.content


class TestSince:
    def test_of_nothing_it_says_how_rows_get_there(self, browser_client):
        for time in ("visit", "1h", "24h", "7d", "30d", "all"):
            response = browser_client.get(f"/?range={time}")
            assert response.status_code == 200 and b"POST /api/goals" in response.content
            assert b"Nothing needs you." in response.content

    def test_counts_beside_the_time_before(self, browser_client):
        make_session(session_type="interactive")
        make_session(status="error", started_at=ago(hours=3))
        make_session(started_at=ago(hours=30))
        make_usage(cost_usd="1.5")
        make_usage(cost_usd="3", created_at=ago(hours=30))
        make_usage(cost_usd="9", model="test-model")
        make_lesson()
        ImprovementProposal.objects.create(title="Cache it", description="d", created_at=ago(days=90))
        response = browser_client.get("/?range=24h")
        assert shown(response) == {
            "Goals moved": "0", "Sessions": "2", "Sessions failed": "1", "Cost": "$1.50", "New lessons": "1",
            "Proposals waiting": "1",
        }  # fmt: skip
        changes = {linked.figure.label: linked.figure.change for linked in response.context["since"].figures}
        assert changes["Sessions"] == "100 % more than before" and changes["Cost"] == "50 % less than before"
        assert shown(browser_client.get("/?range=all"))["Cost"] == "$4.50"

    def test_counts_each_goal_that_moved_once(self, browser_client):
        made = make_goal()
        finished = make_goal(status="completed", completed_at=ago(hours=1), created_at=ago(days=9))
        moved = make_goal(created_at=ago(days=9))
        for status in ("active", "paused", "active"):
            Goal.objects.filter(pk=moved.pk).update(status=status)
        Goal.objects.filter(pk=make_goal(created_at=ago(days=9)).pk).update(title="Only renamed")
        assert {made, finished, moved} < set(Goal.objects.all())
        response = browser_client.get("/?range=24h")
        assert shown(response)["Goals moved"] == "3"
        [goals] = [work.goals for work in response.context["since"].work if work.goals.moved]
        assert (goals.made, goals.finished) == (1, 1)

    def test_counts_a_goal_that_was_made_again_once(self, browser_client):
        with acting(Actor("token", "skill")):
            goal = make_goal()
        Goal.objects.all().delete()
        with acting(Actor("person", "alice")):
            goal.save(force_insert=True)
        person, agent, unknown = (one.goals.made for one in work(browser_client.get("/?range=24h")).values())
        assert (person, agent, unknown) == (0, 1, 0)

    def test_tells_what_people_wanted_from_what_the_agent_did_by_itself(self, browser_client, api):
        browser_client.post("/goals/add", {"title": "By hand", "board_column": "todo"})
        assert api.post("/api/goals", {"title": "Tidy up the tidying up"}).status_code == 200
        assert api.post("/api/goals", {"title": "For Alice", "assigned_to": "alice"}).status_code == 200
        with acting(Actor("command", "import")):
            make_goal(assigned_to="alice")
            make_goal(assigned_to="analyst")
        make_session(session_type="interactive")
        make_session(session_type="openclaw_subagent", metadata={"openclaw_source_channel": "telegram"})
        make_session(session_type="openclaw_run", metadata={"openclaw_source_channel": "cron"})
        session = make_session(session_type="openclaw_cron", status="error")
        make_session(session_type="skill_exec")
        make_usage(session=session, cost_usd="2")
        found = work(browser_client.get("/?range=24h"))
        person, agent, unknown = found.values()
        assert (person.goals.made, agent.goals.made, unknown.goals.made) == (2, 2, 1)
        assert [one.sessions["total"] for one in (person, agent, unknown)] == [2, 2, 1]
        assert (person.sessions["failures"], agent.sessions["failures"], agent.sessions["cost"]) == (0, 1, 2)

    def test_draws_at_least_a_day(self, browser_client):
        make_activity(created_at=ago(hours=20))
        make_session(status="error")
        activity, failures = browser_client.get("/?range=1h").context["charts"]
        assert len(activity.labels) in (24, 25)
        totals = {series.label: sum(series.values) for series in activity.series}
        assert totals == {"Sessions": 1, "Model calls": 0, "Skill calls": 0, "Activities": 1}
        assert {series.label: sum(series.values) for series in failures.series}["Sessions"] == 1

    def test_draws_all_time_from_the_first_row(self, browser_client):
        make_activity(created_at=ago(days=40))
        activity, _ = browser_client.get("/?range=all").context["charts"]
        assert len(activity.labels) == 41 and activity.series[-1].values[0] == 1

    @pytest.mark.parametrize(("zone", "day"), [("UTC", "Mar 1"), ("Europe/Berlin", "Mar 2"), ("America/Lima", "Mar 1")])
    def test_draws_days_of_the_persons_zone(self, browser_client, zone, day):
        make_activity(created_at="2026-03-01T23:30:00Z")
        browser_client.cookies["timezone"] = zone
        activity, _ = browser_client.get("/?since=2026-02-20T00:00&until=2026-03-10T00:00").context["charts"]
        counts = dict(zip(activity.labels, activity.series[-1].values, strict=True))
        assert [label for label, count in counts.items() if count] == [day]

    @pytest.mark.parametrize(
        "query", ["range=yesterday", "since=soon", "since=2026-03-02T00:00&until=2026-03-01T00:00", "range=%00"]
    )
    def test_of_nonsense_it_shows_the_usual_time(self, browser_client, query):
        response = browser_client.get(f"/?{query}")
        assert response.status_code == 200 and response.context["time"].name == "24h"

    def test_takes_a_range_of_ones_own(self, browser_client):
        make_lesson(created_at="2026-03-01T12:00:00Z")
        assert shown(browser_client.get("/?since=2026-03-01T00:00&until=2026-03-02T00:00"))["New lessons"] == "1"


class TestEvents:
    def events(self, client):
        return [
            (event.noun, event.what, event.subject, event.who) for event in client.get("/?range=24h").context["events"]
        ]

    def test_the_latest_of_all_tables_come_first(self, browser_client, alice):
        with acting(Actor("person", "alice")):
            goal = make_goal(title="Sail", created_at=ago(hours=9))
            Goal.objects.filter(pk=goal.pk).update(status="paused")
        age_rows(Change, changed_at=ago(hours=2))
        make_goal(title="Land", status="completed", completed_at=ago(hours=1), created_at=ago(days=9), assigned_to="a")
        make_session(status="error", started_at=ago(hours=3), session_type="interactive")
        make_session(started_at=ago(hours=3))
        make_lesson(created_at=ago(hours=4), skill_name="research")
        ImprovementProposal.objects.create(
            title="Cache",
            description="d",
            created_at=ago(hours=6),
            status="approved",
            reviewed_at=ago(hours=5),
            reviewed_by="bob",
        )
        SecurityEvent.objects.create(
            threat_level="HIGH", threat_type="injection", source="api", created_at=ago(hours=7)
        )
        SecurityEvent.objects.create(threat_level="LOW", threat_type="typo")
        make_lesson(error_pattern="long ago", created_at=ago(days=2))
        assert self.events(browser_client) == [
            ("goal", "finished", "Land", "a"),
            ("goal", "paused", "Sail", "alice"),
            ("session", "failed", "interactive", "main"),
            ("lesson", "learnt", "429", "research"),
            ("proposal", "approved", "Cache", "bob"),
            ("proposal", "made", "Cache", ""),
            ("attack", "let through", "injection", "api"),
            ("goal", "made", "Sail", "alice"),
        ]

    def test_a_goal_that_is_gone_has_no_link(self, browser_client):
        goal = make_goal(created_at=ago(days=9))
        Goal.objects.filter(pk=goal.pk).update(status="active")
        goal.delete()
        assert self.events(browser_client)[0][:3] == ("goal", "active", "deleted since")


class TestCost:
    def test_asks_a_bounded_number_of_queries(self, browser_client, django_assert_max_num_queries):
        make_goal()
        make_usage(session=make_session(status="error"))
        for path in ("/", "/?range=7d", "/?range=all"):
            with django_assert_max_num_queries(12):
                assert browser_client.get(path).status_code == 200


class TestServices:
    def test_tells_what_is_not_configured_from_what_is_down(self, browser_client, settings):
        settings.SERVICE_URLS = dict.fromkeys(settings.SERVICE_URLS, "") | {"ollama": "http://127.0.0.1:1"}
        page = browser_client.get(reverse("overview_services"), headers=FRAGMENT).content.decode()
        assert page.index("ollama") < page.index("postgres") < page.index("grafana")
        assert (
            "unavailable since" in page
            and f"{len(settings.SERVICE_URLS) - 1} not configured" in page
            and "<h1" not in page
        )
        assert "ARIA_HOST_STATS_URL" in page

    def test_shows_memory_and_disk(self, browser_client, settings):
        said = {
            "ram": {"used_gb": 15.5, "total_gb": 16, "percent": 96.9},
            "swap": {"used_gb": 0, "total_gb": 0, "percent": 0},
            "disk": {"used_gb": "much"},
        }
        with remote_server(body=json.dumps(said).encode()) as server:
            settings.ARIA_HOST_STATS_URL = server.url
            page = browser_client.get(reverse("overview_services")).content.decode()
        assert "97 % of 16 GB" in page and "nearly full" in page and "Swap" not in page and "Disk" not in page
        assert "<h1>Services and host</h1>" in page

    def test_asks_nobody_for_the_overview_itself(self, browser_client, settings):
        with remote_server() as server:
            settings.SERVICE_URLS = settings.SERVICE_URLS | {"ollama": server.url}
            browser_client.get("/")
            assert not server.asked
