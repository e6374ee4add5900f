import asyncio

import httpx
import pytest

from apps.goals.models import Goal
from skills.api_client import AriaAPIClient
from tests.factories import make_goal, make_token
from tests.servers import running_site

pytestmark = pytest.mark.django_db(transaction=True)


def call(client, method, *args, **kwargs):
    async def run():
        async with client:
            return await getattr(client, method)(*args, **kwargs)

    return asyncio.run(run())


def test_a_skill_works_the_board_over_a_real_site(db):
    goal = make_goal(goal_id="tea", title="Make tea")
    token = make_token()
    with running_site() as site:

        def client():
            return AriaAPIClient(f"{site.url}/api", token)

        assert call(client(), "get_goals").data["total"] == 1
        moved = call(client(), "move_goal", "tea", "doing")
        assert moved.success and moved.data == {"moved": True, "board_column": "doing", "position": 0}
        made = call(client(), "create_goal", "Drink tea", status="active")
        board = call(client(), "get_goal_board").data
        assert {g["title"] for g in board["columns"]["doing"]} == {"Make tea", "Drink tea"}
        assert call(client(), "update_goal", made.data["goal_id"], priority=1).success
        assert call(client(), "delete_goal", made.data["goal_id"]).success
        unknown = call(client(), "move_goal", "nobody", "doing")
        assert not unknown.success and unknown.error == "404: Goal nobody not found"
    assert Goal.objects.get(pk=goal.pk).status == "active"


@pytest.mark.parametrize(
    ("handler", "words"),
    [
        (lambda request: httpx.Response(401, json={"detail": "Unauthorized"}), "401: Unauthorized"),
        (lambda request: httpx.Response(502, text="<html>"), "no JSON"),
    ],
)
def test_answers_never_raise(handler, words):
    client = AriaAPIClient("http://site/api", "x", transport=httpx.MockTransport(handler))
    result = call(client, "get_goals")
    assert not result.success and words in result.error


def test_a_site_that_is_away_is_an_error_not_an_exception():
    result = call(AriaAPIClient("http://127.0.0.1:9/api", "x"), "get_goals")
    assert not result.success and "does not answer" in result.error
