"""Many reporters at once, each on a thread and a connection of its own."""

from uuid import uuid4

import pytest

from apps.social.models import SocialPost
from apps.telemetry.models import ActivityLog, ModelUsage
from tests.conftest import ApiClient
from tests.factories import make_token
from tests.goals.test_concurrency import at_once

pytestmark = pytest.mark.django_db(transaction=True)


def answers(path, bodies):
    secret = make_token()
    return at_once(lambda body: ApiClient(secret).post(path, body).json(), bodies, threads=8)


def test_of_many_reviews_one_is_recorded():
    given = answers("/api/activities", [{"action": "six_hour_review"}] * 8)
    assert sorted(answer["created"] for answer in given) == [False] * 7 + [True]
    assert len({answer["next_allowed"] for answer in given if not answer["created"]}) == 1
    assert ActivityLog.objects.count() == 1


def test_tries_of_one_commit_store_it_and_its_post_once():
    given = answers("/api/activities", [{"action": "commit", "id": str(uuid4())}] * 8)
    assert len({answer["id"] for answer in given}) == 1
    assert (ActivityLog.objects.count(), SocialPost.objects.count()) == (1, 1)


def test_tries_of_one_call_cost_once():
    given = answers("/api/model-usage", [{"model": "m", "cost_usd": 1, "id": str(uuid4())}] * 8)
    assert all(answer == given[0] for answer in given) and ModelUsage.objects.count() == 1
