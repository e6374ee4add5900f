"""What only an outbox sends: changes of sessions, and items that have waited."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from apps.core.models import IdempotencyKey
from apps.memory.models import Thought
from apps.telemetry.models import AgentSession
from tests.conftest import ApiClient
from tests.factories import make_token
from tests.goals.test_concurrency import at_once
from tests.telemetry.rows import ago, make_session
from tests.warehouse.test_batch import send

pytestmark = pytest.mark.django_db


def change(session_id, **changes):
    return {"kind": "session_update", "id": str(uuid4()), "session_id": str(session_id)} | changes


class TestChangesOfSessions:
    def test_follow_the_session_and_one_another(self, api):
        key = uuid4()
        later = [change(key, tokens_used=n, status=status) for n, status in ((5, "active"), (9, "completed"))]
        answer = send(api, [*later, {"kind": "session", "id": str(key)}])
        assert answer["by_kind"]["session_update"] == {"stored": 2, "duplicates": 0}
        session = AgentSession.objects.get(pk=key)
        assert (session.tokens_used, session.status, session.ended_at is None) == (9, "completed", False)

    def test_again_change_nothing(self, api):
        session = make_session()
        first = change(session.pk, status="completed", messages_count=3)
        send(api, [first])
        send(api, [change(session.pk, status="active", messages_count=4)])
        answer = send(api, [first])
        assert (answer["stored"], answer["duplicates"]) == (0, 1)
        session.refresh_from_db()
        assert (session.status, session.messages_count, session.ended_at) == ("active", 4, None)

    def test_end_it_when_they_came_about(self, api):
        session, ended = make_session(started_at=ago(hours=5)), ago(hours=2)
        send(api, [change(session.pk, status="error", created_at=ended.isoformat())])
        session.refresh_from_db()
        assert session.ended_at == ended

    def test_of_an_unknown_session_are_told(self, api):
        known, nobody = make_session(), uuid4()
        answer = send(api, [change(nobody, tokens_used=1), change(known.pk, tokens_used=2)])
        assert (answer["stored"], [item["index"] for item in answer["invalid"]]) == (1, [0])
        assert str(nobody) in answer["invalid"][0]["detail"]

    @pytest.mark.parametrize(
        ("wrong", "word"), [({"session_id": "x"}, "session_id:"), ({"status": "asleep"}, "status:"), ({"id": 5}, "id:")]
    )
    def test_that_are_none(self, api, wrong, word):
        (told,) = send(api, [change(uuid4()) | wrong])["invalid"]
        assert word in told["detail"]

    def test_keys_are_forgotten_after_a_month(self, api):
        send(api, [change(make_session().pk, tokens_used=1)])
        assert IdempotencyKey.objects.forgotten().count() == 0
        IdempotencyKey.objects.update(created_at=ago(days=31))
        assert IdempotencyKey.objects.forgotten().count() == 1


class TestItemsThatWaited:
    def test_keep_their_time(self, api):
        came = ago(days=2)
        send(api, [{"kind": "thought", "content": "hm", "created_at": came.isoformat()}])
        assert Thought.objects.get().created_at == came

    def test_none_comes_from_the_future(self, api):
        ahead = (timezone.now() + timedelta(hours=3)).isoformat()
        send(api, [{"kind": "thought", "content": "hm", "created_at": ahead}])
        assert Thought.objects.get().created_at <= timezone.now()

    def test_without_a_time_they_came_now(self, api):
        before = timezone.now()
        send(api, [{"kind": "thought", "content": "hm", "created_at": None}])
        assert before - timedelta(seconds=1) <= Thought.objects.get().created_at <= timezone.now()


@pytest.mark.django_db(transaction=True)
def test_the_same_changes_from_many_senders_at_once_are_made_once():
    secret = make_token()
    session = make_session()
    changes = [change(session.pk, tokens_used=n) for n in range(20)]

    def work(_):
        return send(ApiClient(secret), changes)["by_kind"]["session_update"]["stored"]

    assert sum(at_once(work, range(6), 6)) == 20
    session.refresh_from_db()
    assert session.tokens_used == 19
