"""Many writers at once, each on a thread and a connection of its own."""

import pytest

from apps.core.actors import Actor
from apps.memory import actions
from apps.memory.models import Memory, WorkingMemory, WorkingMemoryCheckpoint
from apps.memory.querysets import Weights
from tests.goals.test_concurrency import at_once
from tests.memory.test_working_memory_api import make_item

pytestmark = pytest.mark.django_db(transaction=True)
SKILL = Actor("token", "skill", "write")


def test_first_writers_of_one_key_make_one_memory():
    ids = at_once(lambda number: actions.store_memory(SKILL, "k", number, "general"), range(24))
    assert len(set(ids)) == 1 and Memory.objects.count() == 1


def test_rewrites_of_an_item_are_all_counted():
    ids = at_once(lambda number: actions.store_item("c", "k", number, 0.5, None, None), range(40))
    assert len(set(ids)) == 1
    assert WorkingMemory.objects.get().access_count == 39


def test_contexts_of_different_order_neither_deadlock_nor_lose_a_use():
    for number in range(30):
        make_item(str(number), importance=number / 30, hours_ago=number)

    def work(number):
        if number % 8 == 7:
            actions.make_checkpoint()
        elif number % 8 == 6:
            actions.clean_up(WorkingMemory.objects.expired())
        else:
            assert len(actions.recall(Weights(*[(1, 0, 0), (-1, 0, 0), (0, 1, 0)][number % 3]), 30)) == 30

    at_once(work, range(64))
    assert set(WorkingMemory.objects.values_list("access_count", flat=True)) == {48}
    assert [c.items_checkpointed for c in WorkingMemoryCheckpoint.objects.all()] == [30] * 8
