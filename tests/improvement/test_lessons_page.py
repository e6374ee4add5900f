"""Lessons in a browser without scripts: how often each came up and whether its resolution holds, edits and merges."""

import json
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from apps.core.actors import Actor
from apps.core.models import Change
from apps.improvement import actions, lesson_actions
from apps.improvement.models import LessonDay, LessonLearned, LessonMerge
from apps.improvement.querysets import UNRESOLVED
from tests.goals.test_concurrency import at_once
from tests.improvement.rows import make_lesson

pytestmark = pytest.mark.django_db
SKILL, BOB = Actor("token", "skill", "write"), Actor("person", "bob", "write")


def learn(pattern, resolution=None, error_type="timeout"):
    return actions.learn(
        SKILL, error_pattern=pattern, error_type=error_type, skill_name=None, context={}, resolution=resolution,
        resolution_code=None, effectiveness=1,
    )[0]  # fmt: skip


def state(pk):
    return LessonLearned.objects.with_state().get(pk=pk)


def patterns(response):
    return [lesson.error_pattern for lesson, _ in response.context["lessons"]]


def days(pk):
    return dict(LessonDay.objects.filter(lesson_id=pk).values_list("day", "occurrences"))


class TestCounting:
    def test_by_the_day(self):
        pk = learn("p")
        learn("p")
        learn("p")
        assert days(pk) == {datetime.now(UTC).date(): 3}

    def test_of_what_others_wrote_only_the_ends_are_known(self):
        first, last = datetime(2026, 3, 1, 23, tzinfo=UTC), datetime(2026, 3, 4, 1, tzinfo=UTC)
        lesson = make_lesson(occurrences=9, created_at=first, last_occurred=last)
        assert days(lesson.pk) == {first.date(): 1, last.date(): 1}
        same = make_lesson("q", occurrences=9, created_at=first, last_occurred=first)
        assert days(same.pk) == {first.date(): 9}
        assert state(lesson.pk).resolved_at is None and state(lesson.pk).seen_since == 0

    def test_a_day_of_no_calendar_is_todays(self):
        lesson = make_lesson()
        with connection.cursor() as cursor:
            cursor.execute("UPDATE lessons_learned SET occurrences = 3, last_occurred = 'infinity'")
        assert days(lesson.pk) == {datetime.now(UTC).date(): 3}

    def test_seen_again_after_the_resolution(self):
        pk = learn("p")
        learn("p")
        assert (state(pk).resolved_at, state(pk).seen_since) == (None, 0)
        learn("p", "Wait.")  # it came up before it was resolved
        assert state(pk).resolved_at is not None and state(pk).seen_since == 0
        learn("p", "Wait.")
        learn("p")
        assert state(pk).seen_since == 2
        learn("p", "Wait longer.")
        assert state(pk).seen_since == 0
        LessonLearned.objects.update(resolution=UNRESOLVED)
        assert state(pk).resolved_at is None

    def test_a_deleted_one_is_forgotten(self):
        make_lesson().delete()
        assert not LessonDay.objects.exists()


class TestList:
    @pytest.fixture
    def three(self, db):
        now = timezone.now()
        make_lesson("db_connection_refused", error_type="connection", skill_name="goals", effectiveness=0.2)
        make_lesson("api_429_rate_limit", resolution=UNRESOLVED, occurrences=7, last_occurred=now - timedelta(days=1))
        make_lesson("litellm_timeout", last_occurred=now - timedelta(days=2), created_at=now - timedelta(days=2))
        learn("litellm_timeout")
        LessonLearned.objects.filter(error_pattern="litellm_timeout").update(last_occurred=now - timedelta(days=2))

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("", ["db", "api", "litellm"]),
            ("sort=-occurrences", ["api", "litellm", "db"]),
            ("sort=effectiveness&type=&skill=", ["db", "litellm", "api"]),
            ("type=connection", ["db"]),
            ("skill=goals", ["db"]),
            ("state=unresolved", ["api"]),
            ("state=again", ["litellm"]),
            ("state=resolved", ["db", "litellm"]),
            ("q=RATE+limit", ["api"]),
            ("message=connection+refused:+is+it+up?", ["db", "api", "litellm"]),
            ("message=the+request+hit+a+timeout&type=timeout", ["litellm", "api"]),
            ("type=%00&state=x&q=%00&message=%00&older_than=x&sort=x", ["db", "api", "litellm"]),
        ],
    )
    def test_filters_and_sorts(self, browser_client, three, query, found):
        response = browser_client.get(f"/lessons?{query}")
        assert response.status_code == 200
        shown = [pattern.split("_")[0] for pattern in patterns(response)]
        assert sorted(shown) == sorted(found) if "effectiveness" in query else shown == found

    def test_says_how_it_stands(self, browser_client, three):
        response = browser_client.get("/lessons")
        page = response.content.decode()
        assert {figure.label: figure.text for figure in response.context["figures"]} == {
            "Lessons": "3", "Unresolved": "1", "Seen again after the resolution": "1", "Occurrences in 7 days": "5",
        }  # fmt: skip
        assert "seen again 1 time<" in page and "unresolved</span>" in page and "resolved</span>" in page
        assert "Occurrences in 30 days: " in page

    def test_ranks_as_the_api_does(self, browser_client, api, three):
        message = "psycopg: connection refused"
        answer = api.get("/api/lessons/check", {"error_message": message}).json()["lessons"]
        page = browser_client.get("/lessons", {"message": message})
        assert patterns(page) == [lesson["error_pattern"] for lesson in answer]

    def test_says_when_there_are_none(self, browser_client):
        assert "POST /api/lessons</code>" in browser_client.get("/lessons").content.decode()
        assert "matches the filters" in browser_client.get("/lessons?q=x").content.decode()

    def test_asks_little_of_the_database(self, browser_client, django_assert_max_num_queries):
        for number in range(60):
            make_lesson(f"p{number}")
        with django_assert_max_num_queries(10):
            assert len(patterns(browser_client.get("/lessons"))) == 50

    def test_an_open_page_hears_of_what_came_up_again(self, browser_client):
        learn("p")
        since = browser_client.get("/lessons").context["page"].since
        learn("p")
        learn("q")
        response = browser_client.get("/lessons", headers={"Live-Since": since})
        assert response.context["page"].news == "2 new"

    def test_exports_what_is_filtered(self, browser_client, three):
        response = browser_client.get("/lessons?state=again&format=ndjson")
        assert [json.loads(line)["error_pattern"] for line in response.getvalue().splitlines()] == ["litellm_timeout"]

    def test_needs_a_login(self):
        for path in ("/lessons", "/lessons/duplicates", f"/lessons/{uuid4()}"):
            assert Client().get(path).url.startswith("/login")


class TestPage:
    def test_shows_all_of_it_as_text(self, browser_client, django_assert_max_num_queries):
        lesson = make_lesson(
            "<b>p", skill_name="a/b c", resolution="<i>r", resolution_code="<script>", context={"<u>": 1},
            occurrences=5, created_at=timezone.now() - timedelta(days=3),
        )  # fmt: skip
        with django_assert_max_num_queries(9):
            page = browser_client.get(f"/lessons/{lesson.pk}").content.decode()
        assert "&lt;b&gt;p" in page and "&lt;i&gt;r" in page and "&lt;script&gt;" in page and "&lt;u&gt;" in page
        assert "<b>p" not in page and "<i>r" not in page and "<u>" not in page
        assert 'href="/skills/a%2Fb%20c?outcome=failed"' in page
        assert "5 occurrences" in page and "of 3 earlier ones the day is not known" in page

    def test_draws_when_it_came_up(self, browser_client):
        pk = learn("p")
        learn("p", "Wait.")
        learn("p")
        response = browser_client.get(f"/lessons/{pk}")
        assert response.context["chart"].series[0].values[-2:] == [0, 3]
        assert "and seen again 1 time since." in response.content.decode()

    @pytest.mark.parametrize("path", ["/lessons/{}", "/lessons/x"])
    def test_unknown(self, browser_client, path):
        assert browser_client.get(path.format(uuid4())).status_code == 404

    def test_its_history_shows_the_lines_that_differ(self, browser_client):
        lesson = make_lesson(resolution="<i>a\n" * 20)
        lesson.resolution = "<i>a\n" * 20 + "<b>\n"
        lesson.effectiveness = 0.5
        lesson.save()
        page = browser_client.get(f"/lessons/{lesson.pk}").content.decode()
        assert "<code>&lt;b&gt;</code>" in page and "17 unchanged lines" in page and "<i>a" not in page
        assert "<del>1</del> → <ins>0.5</ins>" in page


class TestEdit:
    def body(self, lesson, **over):
        fields = ("resolution", "resolution_code", "error_type", "skill_name", "effectiveness")
        seen = {name: getattr(lesson, name) if getattr(lesson, name) is not None else "" for name in fields}
        return seen | {f"initial-{name}": value for name, value in seen.items()} | over

    def test_works(self, browser_client):
        lesson = make_lesson()
        body = self.body(lesson, resolution="a\r\nb ", effectiveness="0.5", skill_name="goals")
        response = browser_client.post(f"/lessons/{lesson.pk}", body)
        assert response.url == f"/lessons/{lesson.pk}"
        lesson.refresh_from_db()
        assert (lesson.resolution, lesson.effectiveness, lesson.skill_name) == ("a\nb ", 0.5, "goals")
        assert lesson.resolution_code is None
        change = Change.objects.of(lesson).first()
        assert change.actor_name == "alice" and change.after.keys() == {"resolution", "effectiveness", "skill_name"}

    def test_no_resolution_is_unresolved(self, browser_client):
        lesson = make_lesson()
        browser_client.post(f"/lessons/{lesson.pk}", self.body(lesson, resolution=""))
        lesson.refresh_from_db()
        assert lesson.resolution == UNRESOLVED

    def test_other_fields_and_counts_do_not_collide(self, browser_client):
        lesson = make_lesson()
        body = self.body(lesson, resolution="mine")
        LessonLearned.objects.update(effectiveness=0.1, occurrences=8)
        assert browser_client.post(f"/lessons/{lesson.pk}", body).status_code == 302
        lesson.refresh_from_db()
        assert (lesson.resolution, lesson.effectiveness, lesson.occurrences) == ("mine", 0.1, 8)

    def test_two_versions_of_a_field_are_both_shown(self, browser_client):
        lesson = make_lesson()
        body = self.body(lesson, resolution="mine")
        LessonLearned.objects.update(resolution="<b>theirs")
        response = browser_client.post(f"/lessons/{lesson.pk}", body)
        page = response.content.decode()
        assert response.status_code == 409 and "&lt;b&gt;theirs" in page and "<td>mine</td>" in page
        lesson.refresh_from_db()
        assert lesson.resolution == "<b>theirs"
        again = self.body(lesson, resolution="mine")
        assert browser_client.post(f"/lessons/{lesson.pk}", again).status_code == 302
        lesson.refresh_from_db()
        assert lesson.resolution == "mine"

    @pytest.mark.parametrize("over", [{"error_type": ""}, {"effectiveness": "inf"}, {"resolution": "\0"}])
    def test_bad_values_are_told(self, browser_client, over):
        lesson = make_lesson()
        response = browser_client.post(f"/lessons/{lesson.pk}", self.body(lesson, **over))
        assert response.status_code == 422 and 'class="errorlist"' in response.content.decode()

    def test_wrong_method_unknown_and_nobody(self, browser_client):
        path = f"/lessons/{make_lesson().pk}"
        assert browser_client.delete(path).status_code == 405
        assert browser_client.post(f"/lessons/{uuid4()}").status_code == 404
        assert Client().post(path).url.startswith("/login")


class TestMerge:
    def post(self, client, kept, removed):
        return client.post("/lessons/merge", {"kept": kept.pk, "removed": removed.pk})

    @pytest.fixture
    def two(self, db):
        early = timezone.now() - timedelta(days=1)
        kept = make_lesson("goals_read_timeout", occurrences=2, last_occurred=early, created_at=early)
        return kept, make_lesson("goals_read_timeouts", occurrences=3, resolution="theirs", context={"a": 1})

    def test_adds_up_and_counts_on(self, browser_client, two):
        kept, removed = two
        response = self.post(browser_client, kept, removed)
        assert response.url == f"/lessons/{kept.pk}"
        page = browser_client.get(response.url).content.decode()
        assert "is part of this lesson now" in page and "Undo the merge of goals_read_timeouts" in page
        [lesson] = LessonLearned.objects.with_state()
        assert (lesson.pk, lesson.occurrences, lesson.last_occurred) == (kept.pk, 5, removed.last_occurred)
        assert lesson.seen_since == 0
        assert learn("goals_read_timeouts", error_type="other") == kept.pk
        assert LessonLearned.objects.get().occurrences == 6
        chart = browser_client.get(f"/lessons/{kept.pk}").context["chart"]
        assert chart.series[0].values[-2:] == [2, 4]

    def test_the_old_address_leads_on(self, browser_client, two):
        kept, removed = two
        self.post(browser_client, kept, removed)
        assert browser_client.get(f"/lessons/{removed.pk}").url == f"/lessons/{kept.pk}"

    def test_can_be_undone(self, browser_client, two):
        kept, removed = two
        self.post(browser_client, kept, removed)
        response = browser_client.post(f"/lessons/merges/{LessonMerge.objects.get().pk}/undo")
        assert response.url == f"/lessons/{removed.pk}"
        columns = [field.attname for field in LessonLearned._meta.concrete_fields]
        assert LessonLearned.objects.filter(pk=removed.pk).values(*columns).get() == {
            name: getattr(removed, name) for name in columns
        }
        kept.refresh_from_db()
        assert kept.occurrences == 2 and sum(days(removed.pk).values()) == 3
        assert learn("goals_read_timeouts") == removed.pk
        assert Change.objects.of(removed).filter(operation="insert").first().actor_name == "alice"

    def test_what_was_noted_anew_gets_its_occurrences_back(self, browser_client, two):
        kept, removed = two
        self.post(browser_client, kept, removed)
        anew = make_lesson("goals_read_timeouts")
        assert browser_client.post(f"/lessons/merges/{LessonMerge.objects.get().pk}/undo").url == f"/lessons/{anew.pk}"
        assert LessonLearned.objects.get(pk=anew.pk).occurrences == 4

    def test_in_a_chain(self, browser_client, two):
        kept, removed = two
        last = make_lesson("read_timeout")
        self.post(browser_client, kept, removed)
        self.post(browser_client, last, kept)
        assert learn("goals_read_timeouts") == learn("goals_read_timeout") == last.pk
        page = browser_client.get(f"/lessons/{last.pk}")
        assert len(page.context["merges"]) == 2 and page.content.decode().count("Undo the merge") == 1
        inner, outer = LessonMerge.objects.order_by("pk")
        response = browser_client.post(f"/lessons/merges/{inner.pk}/undo")
        assert response.status_code == 409 and "undo that first" in response.content.decode()
        for merge in (outer, inner):
            assert browser_client.post(f"/lessons/merges/{merge.pk}/undo").status_code == 302
        assert dict(LessonLearned.objects.values_list("error_pattern", "occurrences")) == {
            "read_timeout": 3, "goals_read_timeout": 2, "goals_read_timeouts": 3,
        }  # fmt: skip
        assert browser_client.post(f"/lessons/merges/{inner.pk}/undo").status_code == 409

    def test_likely_ones_are_offered(self, browser_client, two):
        make_lesson("goals_read_timeout_2", error_type="other")
        make_lesson("nothing alike")
        [(kept, removed, likeness)] = browser_client.get("/lessons/duplicates").context["pairs"]
        assert (kept.occurrences, removed.occurrences) == (3, 2) and likeness > 0.6
        beside = browser_client.get(f"/lessons/{two[0].pk}").context["duplicates"]
        assert {other.error_pattern for other in beside} == {"goals_read_timeouts", "goals_read_timeout_2"}

    def test_few_questions_however_many_pairs(self, browser_client, django_assert_max_num_queries):
        for number in range(20):
            make_lesson(f"goals_read_timeout_{number}")
        with django_assert_max_num_queries(4):
            assert len(browser_client.get("/lessons/duplicates").context["pairs"]) == 50

    def test_what_is_gone_or_the_same_is_told(self, browser_client, two):
        kept, removed = two
        assert self.post(browser_client, kept, kept).status_code == 409
        assert self.post(browser_client, kept, removed).status_code == 302
        assert self.post(browser_client, kept, removed).status_code == 409
        assert LessonLearned.objects.get().occurrences == 5

    def test_wrong_method_unknown_and_nobody(self, browser_client, two):
        assert browser_client.get("/lessons/merge").status_code == 405
        assert browser_client.post("/lessons/merge", {"kept": "x"}).status_code == 422
        assert browser_client.get("/lessons/merges/1/undo").status_code == 405
        assert browser_client.post("/lessons/merges/99999999999999999999/undo").status_code == 404
        assert Client().post("/lessons/merge").url.startswith("/login")
        assert LessonLearned.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_merges_at_once_lose_nothing():
    lessons = [make_lesson(f"p{number}") for number in range(6)]

    def work(number):
        try:
            lesson_actions.merge_lessons(BOB, lessons[number // 5 % 6].pk, lessons[number % 6].pk)
        except lesson_actions.NotPossible:
            return
        learn(f"p{number % 6}")

    at_once(work, range(24))
    done = LessonMerge.objects.count()
    assert LessonLearned.objects.count() <= 6
    # Each merge that was done was followed by one more occurrence.
    assert sum(LessonLearned.objects.values_list("occurrences", flat=True)) == 6 + done
