"""The memories for measuring, in small, and the table of figures."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from apps.core.models import Change, User
from apps.memory.models import SemanticMemory, WorkingMemory
from apps.warehouse.bench import memory, memory_rows

pytestmark = pytest.mark.django_db(transaction=True)


def test_makes_memories_and_measures_them():
    memory_rows.fill(semantic=300, items=90)
    assert (SemanticMemory.objects.count(), WorkingMemory.objects.count()) == (300, 90)
    assert SemanticMemory.objects.filter(category="category 7").count() == 3
    assert Change.objects.count() == 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_indexes WHERE indexname = 'site_semantic_embedding'")
        assert cursor.fetchone() == (1,)
    out = StringIO()
    call_command("bench", "memory", requests=3, stdout=out)
    assert all(f"search by hybrid, {share} % filter" in out.getvalue() for share in (1, 2, 10))
    assert "context of a category" in out.getvalue()
    assert not User.objects.filter(username="bench memory").exists()


def test_judges_what_is_slow_and_what_overlooks():
    assert memory.judged("a", [1, 2, 3], bar=3).met and not memory.judged("a", [1, 4], bar=3).met
    assert not memory.judged("a", [1], bar=3, recall=0.94).met and memory.judged("a", [1], bar=3, recall=0.95).met


def test_refuses_a_database_with_memories_and_one_without():
    with pytest.raises(CommandError, match="--fill"):
        call_command("bench", "memory")
    WorkingMemory.objects.create(category="c", key="k", value=1)
    with pytest.raises(CommandError, match="--yes"):
        call_command("bench", "memory", fill=True)
    assert WorkingMemory.objects.count() == 1
