"""The wire contract of lessons and of performance reviews."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.core.actors import Actor
from apps.core.models import Change
from apps.improvement import actions
from apps.improvement.models import LessonLearned, PerformanceLog
from apps.improvement.querysets import UNRESOLVED
from tests.goals.test_concurrency import at_once

pytestmark = pytest.mark.django_db
LESSON_KEYS = {
    "id", "error_pattern", "error_type", "skill_name", "context", "resolution", "resolution_code", "occurrences",
    "last_occurred", "effectiveness", "created_at",
}  # fmt: skip


def make_lesson(pattern, days_ago=0, **over):
    fields = {
        "error_type": "timeout",
        "resolution": "wait",
        "last_occurred": timezone.now() - timedelta(days=days_ago),
    } | over
    return LessonLearned.objects.create(error_pattern=pattern, **fields)


def patterns(response, name="lessons"):
    return [lesson["error_pattern"] for lesson in response.json()[name]]


class TestLearn:
    def test_a_new_one_has_defaults(self, api):
        answer = api.post("/api/lessons", {"error_pattern": "p", "error_type": "t", "context": None}).json()
        lesson = LessonLearned.objects.get()
        assert answer == {"created": True, "id": str(lesson.id)}
        assert (lesson.resolution, lesson.context, lesson.occurrences, lesson.effectiveness) == (UNRESOLVED, {}, 1, 1)
        assert lesson.skill_name is None and lesson.resolution_code is None

    def test_keeps_all_that_is_sent(self, api):
        body = {
            "error_pattern": "p", "error_type": "t", "skill_name": "s", "context": "while asleep",
            "resolution": "wake up", "resolution_code": "up()", "effectiveness": "0.5",
        }  # fmt: skip
        api.post("/api/lessons", body)
        stored = LessonLearned.objects.values(*body).get()
        assert stored == {**body, "context": {"message": "while asleep"}, "effectiveness": 0.5}

    def test_a_known_one_has_occurred_once_more(self, api):
        lesson = make_lesson("p", 3, context={"a": 1})
        body = {"error_pattern": "p", "error_type": "other", "context": {"b": 2}, "effectiveness": 0}
        assert api.post("/api/lessons", body).json() == {"updated": True, "occurrences": 2, "id": str(lesson.id)}
        known = LessonLearned.objects.get()
        assert (known.error_type, known.context, known.effectiveness, known.resolution) == (
            "timeout", {"a": 1}, 1, "wait",
        )  # fmt: skip
        assert known.last_occurred > lesson.last_occurred and known.created_at == lesson.created_at

    @pytest.mark.parametrize(("sent", "kept"), [("better", "better"), ("", "wait"), (None, "wait")])
    def test_a_resolution_replaces_the_old_one(self, api, sent, kept):
        make_lesson("p")
        api.post("/api/lessons", {"error_pattern": "p", "error_type": "t", "resolution": sent})
        assert LessonLearned.objects.get().resolution == kept

    def test_the_history_has_new_resolutions_but_no_counts(self, api):
        for resolution in (None, None, "found it"):
            api.post("/api/lessons", {"error_pattern": "p", "error_type": "t", "resolution": resolution})
        changes = Change.objects.of(LessonLearned.objects.get())
        assert [(change.operation, change.actor_name) for change in changes] == [
            ("update", "skill"),
            ("insert", "skill"),
        ]
        assert changes[0].after == {"resolution": "found it"}

    @pytest.mark.parametrize(
        "body", [{}, {"error_pattern": "p"}, {"error_type": "t"}, {"error_pattern": "", "error_type": "t"}]
    )
    def test_pattern_and_type_are_required(self, api, body):
        response = api.post("/api/lessons", body)
        assert (response.status_code, response.json()) == (400, {"detail": "error_pattern and error_type are required"})

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"[]",
            b'{"error_pattern": "' + b"x" * 201 + b'", "error_type": "t"}',
            b'{"error_pattern": "p", "error_type": "' + b"x" * 101 + b'"}',
            b'{"error_pattern": "p", "error_type": "t", "skill_name": "' + b"x" * 101 + b'"}',
            b'{"error_pattern": "p", "error_type": "t", "effectiveness": "inf"}',
            b'{"error_pattern": "p", "error_type": "t", "effectiveness": "much"}',
            b'{"error_pattern": "p", "error_type": "t", "context": [1]}',
            b'{"error_pattern": "p\\u0000", "error_type": "t"}',
        ],
    )
    def test_bad_bodies(self, api, body):
        assert api.post("/api/lessons", body).status_code == 422
        assert not LessonLearned.objects.exists()


class TestList:
    def test_lately_needed_first(self, api, django_assert_num_queries):
        make_lesson("old", 3)
        make_lesson("new")
        api.get("/api/lessons")
        with django_assert_num_queries(2):  # the token, the page with its count
            page = api.get("/api/lessons?per_page=1&limit=9").json()
        assert [lesson["error_pattern"] for lesson in page["items"]] == ["new"]
        assert page["items"][0].keys() == LESSON_KEYS
        assert (page["total"], page["page"], page["limit"], page["pages"]) == (2, 1, 1, 2)
        assert api.get("/api/lessons").json()["limit"] == 25

    @pytest.mark.parametrize("query", ["per_page=-1", "per_page=1001", "per_page=", "page=x"])
    def test_bounds(self, api, query):
        assert api.get(f"/api/lessons?{query}").status_code == 422


class TestCheck:
    def test_five_most_effective(self, api, django_assert_num_queries):
        for number in range(7):
            make_lesson(f"p{number}", effectiveness=number / 10)
        with django_assert_num_queries(3):  # the token, its use, the lessons
            answer = api.get("/api/lessons/check")
        assert patterns(answer) == ["p6", "p5", "p4", "p3", "p2"]
        assert answer.json()["has_resolution"] is True
        assert answer.json()["lessons"][0].keys() == LESSON_KEYS

    def test_of_a_type_and_a_skill(self, api):
        make_lesson("a", skill_name="s")
        make_lesson("b", skill_name="s", error_type="model")
        make_lesson("c")
        assert patterns(api.get("/api/lessons/check?skill_name=s&error_type=timeout")) == ["a"]
        assert len(patterns(api.get("/api/lessons/check?skill_name=&error_type="))) == 3

    @pytest.mark.parametrize(
        ("message", "first"),
        [
            ("psycopg.OperationalError: connection refused: is the database up?", "db_connection_refused"),
            ("litellm.Timeout: request took 600 s", "litellm_timeout"),
            ("Traceback (most recent call last)\n" + "  File x\n" * 5000 + "HTTP 429 rate limit", "api_429_rate_limit"),
            ("hallucinated", "tool_hallucinated_function"),
        ],
    )
    def test_what_is_like_the_message_comes_first(self, api, message, first):
        api.post("/api/lessons/seed")
        make_lesson("unlike", effectiveness=9)
        answer = api.get("/api/lessons/check", {"error_message": message})
        assert patterns(answer)[0] == first and len(patterns(answer)) == 5

    def test_like_ones_come_by_effectiveness(self, api):
        make_lesson("some timeout", effectiveness=0.1, resolution="x")
        make_lesson("some Timeout", effectiveness=0.9)
        assert patterns(api.get("/api/lessons/check?error_message=timeout"))[0] == "some Timeout"

    def test_compares_the_latest_alone(self, api, monkeypatch):
        monkeypatch.setattr("apps.improvement.querysets.COMPARED", 1)
        make_lesson("old", 3)
        make_lesson("new")
        assert patterns(api.get("/api/lessons/check?error_message=old")) == ["new"]

    @pytest.mark.parametrize("resolution", [UNRESOLVED, ""])
    def test_an_unresolved_one_is_no_resolution(self, api, resolution):
        make_lesson("p", resolution=resolution)
        answer = api.get("/api/lessons/check?error_type=timeout").json()
        assert len(answer["lessons"]) == 1 and answer["has_resolution"] is False

    def test_nothing_known(self, api):
        assert api.get("/api/lessons/check?error_type=x").json() == {"lessons": [], "has_resolution": False}
        assert api.get("/api/lessons/check?error_message=%00").status_code == 422

    @pytest.mark.parametrize(("query", "index"), [("", "site_lesson_best"), ("error_message=x", "site_lesson_last")])
    def test_costs_no_more_for_a_large_table(self, api, query, index):
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off")
        with CaptureQueriesContext(connection) as queries:
            api.get(f"/api/lessons/check?{query}")
        with connection.cursor() as cursor:
            cursor.execute("EXPLAIN " + queries[-1]["sql"])
            assert index in str(cursor.fetchall())


class TestSeed:
    def test_counts_what_was_missing(self, api):
        make_lesson("litellm_timeout", resolution="mine")
        assert api.post("/api/lessons/seed").json() == {"seeded": 4, "total": 5}
        assert api.post("/api/lessons/seed", b"", content_type="text/plain").json() == {"seeded": 0, "total": 5}
        stored = dict(LessonLearned.objects.values_list("error_pattern", "error_type"))
        assert stored == {
            "api_429_rate_limit": "rate_limit",
            "litellm_timeout": "timeout",
            "tool_hallucinated_function": "validation",
            "db_connection_refused": "connection",
            "embedding_model_unavailable": "model",
        }
        assert LessonLearned.objects.get(error_pattern="litellm_timeout").resolution == "mine"
        lesson = LessonLearned.objects.get(error_pattern="db_connection_refused")
        assert (lesson.occurrences, lesson.effectiveness, lesson.context) == (1, 1, {})
        assert Change.objects.of(lesson).get().actor_name == "skill"


@pytest.mark.django_db(transaction=True)
def test_no_occurrence_is_lost():
    def work(number):
        return actions.learn(
            Actor("token", "skill", "write"), error_pattern="p", error_type="t", skill_name=None, context={},
            resolution=None, resolution_code=None, effectiveness=1,
        )  # fmt: skip

    answers = at_once(work, range(40))
    assert sorted(occurrences for _, occurrences, _ in answers) == list(range(1, 41))
    assert [is_new for _, _, is_new in answers].count(True) == 1
    assert LessonLearned.objects.get().occurrences == 40


class TestPerformance:
    def test_is_stored_and_listed_newest_first(self, api, django_assert_num_queries):
        body = {"review_period": "2026-W08", "successes": "slept", "failures": 3, "x": 1}
        assert api.post("/api/performance", body).json() == {"created": True}
        api.post("/api/performance", {"review_period": "2026-W09"})
        with django_assert_num_queries(2):  # the token, the rows
            answer = api.get("/api/performance").json()
        assert answer["count"] == 2
        newest, older = answer["logs"]
        assert newest["review_period"] == "2026-W09" and newest["successes"] is None
        row = PerformanceLog.objects.get(id=older["id"])
        assert older == {
            "id": row.id, "review_period": "2026-W08", "successes": "slept", "failures": "3", "improvements": None,
            "created_at": row.created_at.isoformat(),
        }  # fmt: skip
        assert api.get("/api/performance?limit=1").json()["count"] == 1

    @pytest.mark.parametrize("limit", ["-1", "1001", "x"])
    def test_bounds(self, api, limit):
        assert api.get(f"/api/performance?limit={limit}").status_code == 422

    @pytest.mark.parametrize(
        "body", [b"", b"{}", b'{"review_period": ""}', b'{"review_period": "' + b"x" * 21 + b'"}', b'{"agent_id": "a"}']
    )
    def test_bad_bodies(self, api, body):
        assert api.post("/api/performance", body).status_code == 422
        assert not PerformanceLog.objects.exists()
