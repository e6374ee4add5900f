"""The page of thoughts says what the rows say, of the time and the filters in its URL."""

import csv
import io
from datetime import UTC, datetime

import pytest
from django.db import connection

from apps.memory.models import Thought
from tests.telemetry.rows import ago

pytestmark = pytest.mark.django_db


def make_thought(**over) -> Thought:
    return Thought.objects.create(**{"content": "Of tea"} | over)


def told(response):
    return [thought.excerpt for thought in response.context["page"].rows]


@pytest.fixture
def thoughts(db):
    make_thought(content="Of <b>tea</b>", category="idle", created_at=ago(hours=1))
    make_thought(content="Of cake", category="idle", created_at=ago(hours=2))
    make_thought(content="Finish the report", category="plan", created_at=ago(hours=3))
    make_thought(content="Old cake", category="plan", created_at=ago(days=9))


class TestThoughts:
    def test_the_newest_first_as_text(self, browser_client, thoughts):
        response = browser_client.get("/thoughts")
        page = response.content.decode()
        assert told(response) == ["Of <b>tea</b>", "Of cake", "Finish the report"]
        assert "Of &lt;b&gt;tea&lt;/b&gt;" in page and "<b>tea" not in page

    def test_counts_them_by_category_beside_the_time_before(self, browser_client, thoughts):
        context = browser_client.get("/thoughts").context
        [figure] = context["figures"]
        assert (figure.text, figure.was) == ("3", "1 in the period before")
        assert [(row["category"], row["count"]) for row in context["categories"]] == [("idle", 2), ("plan", 1)]
        assert browser_client.get("/thoughts?range=all").context["figures"][0].text == "4"

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("category=plan", ["Finish the report"]),
            ("text=CAKE", ["Of cake"]),
            ("text=cake&range=all", ["Of cake", "Old cake"]),
            ("text=cake&category=plan&range=all", ["Old cake"]),
            ("text=cak_", []),
            ("category=none", []),
        ],
    )
    def test_filters_rows_and_figures_alike(self, browser_client, thoughts, query, found):
        response = browser_client.get(f"/thoughts?{query}")
        assert told(response) == found and response.context["figures"][0].text == str(len(found))

    def test_draws_each_category_and_beyond_the_largest_few_the_others(self, browser_client):
        for number in range(7):
            for day in range(1, 9 - number):
                make_thought(category=f"c{number}", created_at=datetime(2026, 3, day, 23, 30, tzinfo=UTC))
        make_thought(created_at=datetime(1969, 1, 1, tzinfo=UTC))
        url = "/thoughts?since=2026-03-01T00:00&until=2026-03-10T00:00"
        chart = browser_client.get(url).context["chart"]
        assert [one.label for one in chart.series] == ["c0", "c1", "c2", "c3", "others"]
        assert next(iter(chart.rows)) == ("Mar 1", ["1", "1", "1", "1", "3"])
        browser_client.cookies["timezone"] = "Europe/Berlin"
        assert list(browser_client.get(url).context["chart"].rows)[1] == ("Mar 2", ["1", "1", "1", "1", "3"])
        of_one = browser_client.get(f"{url}&category=c6").context["chart"]
        assert [(one.label, sum(one.values)) for one in of_one.series] == [("c6", 2)]
        assert browser_client.get("/thoughts?range=all").context["chart"].labels[0] == "Mar 2026"

    def test_of_long_ones_it_shows_the_place_of_the_text(self, browser_client):
        make_thought(content=f"{'before ' * 200}the Needle{' after' * 200}")
        response = browser_client.get("/thoughts?text=needle")
        [excerpt] = told(response)
        assert "the Needle after" in excerpt and len(excerpt) == 600 and b"Read all" in response.content
        [start] = told(browser_client.get("/thoughts"))
        assert start == ("before " * 200)[:600]

    def test_an_index_knows_the_text(self, db):
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")  # which is quicker among so few
        assert "idx_thoughts_content_trgm" in Thought.objects.telling("needle").explain()

    def test_says_which_texts_it_cannot_find(self, browser_client, thoughts):
        response = browser_client.get("/thoughts?text=ab")
        assert b"at least three letters" in response.content and len(told(response)) == 3

    def test_older_ones_are_steady_while_others_arrive(self, browser_client):
        moment = ago(hours=1)
        Thought.objects.bulk_create(Thought(content=f"t{n}", created_at=moment) for n in range(70))
        first = browser_client.get("/thoughts").context["page"]
        make_thought(content="late")
        older = browser_client.get("/thoughts", {"older_than": first.older}).context["page"]
        assert len({one.pk for one in (*first.rows, *older.rows)}) == 70
        live = browser_client.get("/thoughts", headers={"Live-Since": first.since})
        assert b"1 new" in live.content and live.context["figures"][0].text == "71"

    def test_come_as_a_file(self, browser_client, thoughts):
        response = browser_client.get("/thoughts?category=idle&format=csv")
        rows = list(csv.DictReader(io.StringIO(b"".join(response.streaming_content).decode())))
        assert [row["content"] for row in rows] == ["Of <b>tea</b>", "Of cake"]

    @pytest.mark.parametrize("text", ["\0", "x" * 3000])
    @pytest.mark.parametrize("name", ["category", "text", "range", "older_than", "since"])
    def test_of_nonsense_it_makes_sense(self, browser_client, thoughts, name, text):
        assert browser_client.get("/thoughts", {name: text}).status_code == 200

    def test_of_nothing_it_says_how_they_get_there(self, browser_client):
        for time in ("1h", "all"):
            assert b"POST /api/thoughts" in browser_client.get(f"/thoughts?range={time}").content

    @pytest.mark.parametrize("path", ["/thoughts", "/thoughts?range=all&text=cake"])
    def test_cost_at_most_twelve_queries(self, browser_client, thoughts, django_assert_max_num_queries, path):
        with django_assert_max_num_queries(12):
            browser_client.get(path)

    def test_are_for_those_who_logged_in_and_only_to_be_read(self, client, browser_client):
        for path in ("/thoughts", f"/thoughts/{make_thought().pk}"):
            assert client.get(path).status_code == 302 and browser_client.post(path).status_code == 405


class TestOne:
    def test_shows_everything_as_text(self, browser_client):
        one = make_thought(content="<i>x</i>\nü", category="<u>", metadata={"mood": "<script>"})
        page = browser_client.get(f"/thoughts/{one.pk}").content.decode()
        assert "&lt;i&gt;x&lt;/i&gt;\nü" in page and "&lt;script&gt;" in page and "<u>" not in page
        assert 'aria-label="Breadcrumbs"' in page and "range=all&amp;category=%3Cu%3E" in page

    def test_of_what_is_not_there_says_so(self, browser_client):
        assert browser_client.get("/thoughts/00000000-0000-0000-0000-000000000000").status_code == 404
        assert browser_client.get("/thoughts/nonsense").status_code == 404
