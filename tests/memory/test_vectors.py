"""The copies of vectors that searches compare follow the memories, whoever writes them."""

from contextlib import contextmanager

import pytest

from apps.core.statements import execute
from apps.memory.models import MemoryVector, SemanticMemory
from apps.memory.vectors import copy_missing

pytestmark = pytest.mark.django_db
ONE = [1.0] + [0.0] * 767


def make(**fields):
    return SemanticMemory.objects.create(content="A text", **{"embedding": ONE, **fields})


def test_a_new_memory():
    memory = make(category="lesson", importance=0.25, source="skill", embedding=[3.0, 4.0] + [0.0] * 766)
    copy = MemoryVector.objects.get(memory=memory.pk)
    assert [round(number, 3) for number in copy.vector[:3]] == [0.6, 0.8, 0.0]
    for name in ("embedding_model", "category", "importance", "source", "created_at", "buried"):
        assert getattr(copy, name) == getattr(memory, name)


@pytest.mark.parametrize("numbers", [[0.0] * 768, [3e38] * 768, [1e-40] * 768, [1.0, -1e30] * 384])
def test_vectors_that_halves_cannot_hold(numbers):
    make(embedding=numbers)
    assert MemoryVector.objects.count() == 1


@pytest.mark.parametrize(
    "change",
    [
        {"category": "other"},
        {"importance": 0.9},
        {"source": None},
        {"buried": True},
        {"embedding_model": "another"},
        {"created_at": "2020-01-01T00:00:00Z"},
    ],
)
def test_a_change(change):
    make()
    SemanticMemory.objects.update(**change)
    assert MemoryVector.objects.filter(**change).exists()


def test_a_new_vector_and_a_new_key():
    make()
    execute("UPDATE semantic_memories SET embedding = %s", [str([-number for number in ONE])])
    assert MemoryVector.objects.get().vector[0] == -1
    execute("UPDATE semantic_memories SET id = gen_random_uuid()")
    assert MemoryVector.objects.get().memory == SemanticMemory.objects.get().pk


def test_a_use_is_none():
    make()
    before = execute("SELECT ctid, xmin FROM site_memory_vector")
    execute("UPDATE semantic_memories SET access_count = access_count + 1, accessed_at = now()")
    assert execute("SELECT ctid, xmin FROM site_memory_vector") == before


@pytest.mark.parametrize("statement", ["DELETE FROM semantic_memories", "TRUNCATE semantic_memories"])
def test_what_is_gone(statement):
    make()
    execute(statement)
    assert not MemoryVector.objects.exists()


@contextmanager
def past_the_triggers():
    execute("ALTER TABLE semantic_memories DISABLE TRIGGER USER")
    yield
    execute("ALTER TABLE semantic_memories ENABLE TRIGGER USER")


def test_what_a_writer_without_triggers_left_behind():
    memory = make()
    with past_the_triggers():
        SemanticMemory.objects.all().delete()
    make(id=memory.pk, category="again")
    assert MemoryVector.objects.get().category == "again"


def test_what_a_writer_without_triggers_brought():
    make(category="a")
    with past_the_triggers():
        make(category="b")
    assert MemoryVector.objects.count() == 1
    copy_missing()
    copy_missing()
    assert {*MemoryVector.objects.values_list("category", flat=True)} == {"a", "b"}
