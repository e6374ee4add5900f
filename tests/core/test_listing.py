"""Tables of rows: sorted and paged by a column, exported as shown, and kept under names."""

import csv
import io
import json

import pytest
from django.http import QueryDict

from apps.core.export import export_rows
from apps.core.keyset import keyset_page, ordered
from apps.core.models import SavedView
from apps.telemetry.models import AgentSession, ModelUsage
from tests.factories import make_person
from tests.telemetry.rows import ago, make_session, make_usage

pytestmark = pytest.mark.django_db
USAGE = "/model-usage"


def content_of(response):
    assert response.status_code == 200, response.content
    return b"".join(response.streaming_content).decode()


def agents(page):
    return [session.agent_id for session in page.rows]


def page_of(query, size=2):
    return keyset_page(AgentSession.objects.all(), "started_at", QueryDict(query), size, sorts=("cost_usd",))


class TestSorting:
    @pytest.fixture(autouse=True)
    def sessions(self):
        for agent, cost, minutes in (("a", 3, 1), ("b", 1, 2), ("c", 3, 3), ("d", 2, 4), ("e", 1, 5)):
            make_session(agent_id=agent, cost_usd=cost, started_at=ago(minutes=minutes))

    def walked(self, sort):
        """From page to page to the end, and back again."""
        page, there, back = page_of(f"sort={sort}"), [], []
        while True:
            there.append(agents(page))
            if not page.older:
                break
            page = page_of(f"sort={sort}&older_than={page.older.replace('+', '%2B')}")
        while page.newer:
            page = page_of(f"sort={sort}&newer_than={page.newer.replace('+', '%2B')}")
            back.append(agents(page))
        assert back == there[-2::-1]
        return sum(there, [])

    @pytest.mark.parametrize("sort", ["cost_usd", "-cost_usd", "started_at", "-started_at"])
    def test_walks_each_row_once_in_order(self, sort):
        column, sign = sort.removeprefix("-"), -1 if sort.startswith("-") else 1
        expected = sorted(AgentSession.objects.all(), key=lambda s: (getattr(s, column), s.pk), reverse=sign < 0)
        assert self.walked(sort) == [session.agent_id for session in expected]

    @pytest.mark.parametrize(
        "query", ["sort=metadata", "sort=agent_id", "sort=-", "older_than=NaN~1", "sort=cost_usd&older_than=x~y"]
    )
    def test_of_nonsense_it_shows_the_first_page(self, query):
        assert len(page_of(query, size=5).rows) == 5

    def test_all_rows_are_in_the_order_of_the_page(self):
        rows = ordered(AgentSession.objects.all(), "started_at", QueryDict("sort=-cost_usd"), ("cost_usd",))
        assert [row.agent_id for row in rows] == self.walked("-cost_usd")


class TestExport:
    @pytest.fixture(autouse=True)
    def calls(self):
        make_usage(model="kimi", cost_usd="1.5", session=make_session(agent_id="=1+1"))
        make_usage(model="qwen3", input_tokens=7, error_message="+evil", created_at=ago(days=2))
        make_usage(model="qwen3", created_at=ago(days=9))

    def test_holds_exactly_the_filtered_rows(self, browser_client):
        rows = json.loads(content_of(browser_client.get(f"{USAGE}?format=json")))["records"]
        assert [row["model"] for row in rows] == ["kimi", "qwen3"] and rows[0]["agent"] == "=1+1"
        lines = content_of(browser_client.get(f"{USAGE}?format=ndjson&model=qwen3&range=all")).splitlines()
        assert [json.loads(line)["input_tokens"] for line in lines] == [7, 0]
        assert content_of(browser_client.get(f"{USAGE}?format=json&model=none")) == '{"records": []}'

    def test_is_in_the_order_of_the_page(self, browser_client):
        lines = content_of(browser_client.get(f"{USAGE}?format=ndjson&sort=created_at")).splitlines()
        assert [json.loads(line)["model"] for line in lines] == ["qwen3", "kimi"]

    def test_runs_nothing_in_a_spreadsheet(self, browser_client):
        response = browser_client.get(f"{USAGE}?format=csv")
        assert response["Content-Disposition"] == 'attachment; filename="model-calls.csv"'
        kimi, qwen = csv.DictReader(io.StringIO(content_of(response)))
        assert kimi["agent"] == "'=1+1" and qwen["error_message"] == "'+evil"
        assert kimi["cost_usd"] == "1.500000" and kimi["success"] == "true"

    def test_knows_no_other_format(self, browser_client):
        assert browser_client.get(f"{USAGE}?format=exe").status_code == 404

    def test_of_no_rows_has_its_columns(self, rf):
        response = export_rows(rf.get("/?format=csv"), ModelUsage.objects.none(), ("model", "cost_usd"), "x")
        assert content_of(response).strip() == "model,cost_usd"


class TestSavedViews:
    VIEW = {"page": USAGE, "name": "Dear ones", "query": "model=kimi&range=30d"}

    def save(self, client, **over):
        return client.post("/views", self.VIEW | over)

    def test_lead_back_to_what_was_shown(self, browser_client):
        assert self.save(browser_client)["Location"] == f"{USAGE}?model=kimi&range=30d"
        page = browser_client.get(f"{USAGE}?model=kimi&range=30d&older_than=x").content.decode()
        assert f'<a href="{USAGE}?model=kimi&amp;range=30d" aria-current="true">Dear ones</a>' in page
        assert 'value="model=kimi&amp;range=30d"' in page

    def test_a_name_means_what_was_saved_last(self, browser_client):
        self.save(browser_client)
        self.save(browser_client, query="model=qwen3")
        assert [view.query for view in SavedView.objects.all()] == ["model=qwen3"]

    def test_are_the_persons_own(self, browser_client):
        view = SavedView.objects.create(user=make_person("bob"), page=USAGE, name="Bob's", query="")
        assert b"Bob&#x27;s" not in browser_client.get(USAGE).content
        assert browser_client.post(f"/views/{view.pk}/delete").status_code == 404
        assert SavedView.objects.exists()

    def test_can_be_deleted(self, browser_client):
        self.save(browser_client)
        response = browser_client.post(f"/views/{SavedView.objects.get().pk}/delete")
        assert response["Location"] == USAGE and not SavedView.objects.exists()

    @pytest.mark.parametrize(
        "over", [{"name": ""}, {"name": "x" * 61}, {"page": "//elsewhere"}, {"page": "https://x"}, {"name": "a\0b"}]
    )
    def test_leave_the_site_to_nobody(self, browser_client, over):
        assert self.save(browser_client, **over)["Location"] == "/"
        assert not SavedView.objects.exists()

    def test_are_not_without_number(self, browser_client):
        for number in range(50):
            self.save(browser_client, name=f"view {number}")
        page = browser_client.post("/views", self.VIEW, follow=True).content.decode()
        assert "There are 50 saved views" in page and SavedView.objects.count() == 50
        self.save(browser_client, name="view 7", query="model=x")
        assert SavedView.objects.get(name="view 7").query == "model=x"

    def test_are_written_by_a_form_alone(self, browser_client, client):
        assert browser_client.get("/views").status_code == 405
        assert client.post("/views", self.VIEW)["Location"].startswith("/login")
        assert not SavedView.objects.exists()
