"""Many writers at once, each on a thread and a connection of its own."""

import random
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from apps.core.actors import Actor
from apps.goals.actions import create_goal, move_goal, update_goal
from apps.goals.models import Goal
from apps.goals.querysets import Column
from tests.conftest import ApiClient
from tests.factories import make_goal, make_token

pytestmark = pytest.mark.django_db(transaction=True)
SKILL = Actor("token", "skill", "write")


def at_once(function, arguments, threads=16):
    def run(argument):
        try:
            return function(argument)
        finally:
            connection.close()

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(run, arguments))


def positions(column):
    return list(Goal.objects.in_column(column).values_list("position", flat=True))


def test_fifty_moves_in_one_column_leave_it_dense_and_whole():
    goals = [make_goal(position=0) for _ in range(30)]
    chance = random.Random(7)
    moves = [(chance.choice(goals).goal_id, chance.randrange(30)) for _ in range(50)]
    at_once(lambda move: move_goal(SKILL, move[0], Column.BACKLOG, position=move[1]), moves)
    assert positions("backlog") == list(range(30))


def test_moves_changes_and_creations_across_columns_neither_deadlock_nor_lose_a_goal():
    goals = [make_goal(position=place) for place in range(20)]
    chance = random.Random(11)

    def work(number):
        goal = chance.choice(goals)
        if number % 3 == 0:
            update_goal(SKILL, goal.goal_id, {"status": chance.choice(["active", "paused", "pending"])})
        elif number % 3 == 1:
            move_goal(SKILL, goal.goal_id, chance.choice(list(Column)), position=chance.randrange(5))
        else:
            update_goal(SKILL, goal.goal_id, {"title": f"changed by {number}"})

    at_once(work, range(90))
    assert Goal.objects.count() == 20
    for column in Column.values:
        assert sorted(set(positions(column))) == sorted(positions(column))


def test_of_two_writers_with_the_same_revision_one_wins():
    goal = make_goal()
    secret = make_token()
    revision = ApiClient(secret).get(f"/api/goals/{goal.goal_id}")["ETag"]

    def write(number):
        client = ApiClient(secret)
        body = {"title": f"writer {number}"}
        return client.patch(f"/api/goals/{goal.goal_id}", body, headers={"If-Match": revision}).status_code

    assert sorted(at_once(write, range(8), threads=8)) == [200] + [409] * 7


def test_of_many_creations_of_one_id_one_wins():
    secret = make_token()
    answers = at_once(
        lambda number: ApiClient(secret).post("/api/goals", {"title": "x", "goal_id": "same"}).status_code, range(8), 8
    )
    assert sorted(answers) == [200] + [409] * 7
    assert Goal.objects.count() == 1


def test_created_goals_have_ids_of_their_own():
    at_once(lambda number: create_goal(SKILL, title=f"goal {number}"), range(40))
    assert Goal.objects.values("goal_id").distinct().count() == 40
