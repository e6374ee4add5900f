"""Memories that say nearly the same, over the whole warehouse."""

import pytest
from django.test import Client

from apps.memory.alike import look_for_alike, most_alike, progress
from apps.memory.models import AlikePair, SemanticMemory
from apps.memory.semantic_actions import OUTDATED
from tests.memory.test_semantic_api import LOCAL, make_semantic

pytestmark = pytest.mark.django_db
NIGHT = "The proxy restarted during the night."


def along(*axes):
    """A vector along these of its 768 axes."""
    return [float(axis in axes) for axis in range(768)]


@pytest.fixture
def twins():
    older = make_semantic(NIGHT, embedding=along(1))
    newer = make_semantic(f"{NIGHT} <b>Again</b>", embedding=along(1), source="log")
    make_semantic("Apples are ripe.", embedding=along(2))
    make_semantic(NIGHT, embedding=along(1), model="another")
    make_semantic("Nothing", embedding=along())
    return older, newer


def pairs():
    return [(pair.older.pk, pair.newer.pk) for pair in most_alike()]


def test_are_found_once_within_one_model(twins):
    assert (look_for_alike(), look_for_alike()) == (5, 0)
    [pair] = most_alike()
    assert (pair.older, pair.newer, pair.similarity) == (*twins, pytest.approx(1))
    assert progress() == (5, 5)


def test_the_nearest_come_first(twins):
    third = make_semantic("Nearly", embedding=[*along(1)[:3], 0.1, *along(1)[4:]])
    look_for_alike()
    assert pairs()[0] == tuple(one.pk for one in twins)
    assert {pair[1] for pair in pairs()[1:]} == {third.pk}


def test_what_says_something_else_now_is_looked_at_again(twins):
    look_for_alike()
    SemanticMemory.objects.filter(pk=twins[1].pk).update(content="Pears", embedding=along(3))
    assert look_for_alike() == 1 and pairs() == []
    SemanticMemory.objects.filter(pk=twins[1].pk).update(content="Apples", embedding=along(2))
    assert look_for_alike() == 1 and len(pairs()) == 1


def test_what_is_buried_or_gone_is_no_pair(twins):
    look_for_alike()
    SemanticMemory.objects.filter(pk=twins[0].pk).update(buried=True)
    assert pairs() == []
    SemanticMemory.objects.filter(pk=twins[0].pk).update(buried=False)
    assert len(pairs()) == 1
    twins[0].delete()
    assert pairs() == []
    look_for_alike()
    assert not AlikePair.objects.exists()


def test_what_waits_for_a_new_vector_is_compared_with_nothing(twins):
    SemanticMemory.objects.filter(pk__in=[one.pk for one in twins]).update(embedding_model=OUTDATED)
    assert look_for_alike() == 3 and pairs() == [] and progress() == (3, 3)
    SemanticMemory.objects.filter(embedding_model=OUTDATED).update(embedding_model=LOCAL)
    assert look_for_alike() == 2 and len(pairs()) == 1


def test_what_is_dug_up_again_is_looked_at_again(twins):
    older, newer = twins
    newer.delete()
    look_for_alike()
    SemanticMemory.objects.filter(pk=older.pk).update(buried=True)
    make_semantic(NIGHT, embedding=along(1))
    assert look_for_alike() == 1 and pairs() == []
    SemanticMemory.objects.filter(pk=older.pk).update(buried=False)
    assert look_for_alike() == 1 and len(pairs()) == 1


class TestPage:
    def test_shows_both_texts(self, browser_client, twins):
        look_for_alike()
        page = browser_client.get("/memory-search?show=alike").content.decode()
        assert all(f'href="{one.get_absolute_url()}"' in page for one in twins)
        assert "&lt;b&gt;Again" in page and "1.000" in page and "Looked through" not in page

    def test_says_how_far_it_is(self, browser_client, twins):
        page = browser_client.get("/memory-search?show=alike").content.decode()
        assert "No two memories" in page and "Looked through 0 of 5" in page

    def test_asks_few_questions(self, browser_client, twins, django_assert_max_num_queries):
        look_for_alike()
        with django_assert_max_num_queries(12):
            browser_client.get("/memory-search?show=alike")

    def test_needs_a_login_and_is_only_read(self, browser_client):
        assert Client().get("/memory-search?show=alike").status_code == 302
        assert browser_client.post("/memory-search?show=alike").status_code == 405
