"""The graph for measuring, in small, and the table of figures."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from apps.core.models import Change, User
from apps.knowledge.models import KnowledgeEntity, KnowledgeRelation
from apps.warehouse.bench import graph_rows

pytestmark = pytest.mark.django_db(transaction=True)


def test_makes_hubs_and_measures_them():
    graph_rows.fill(entities=60, relations=400)
    assert (KnowledgeEntity.objects.count(), KnowledgeRelation.objects.count()) == (60, 400)
    hub = KnowledgeEntity.objects.get(name="hub 1")
    assert hub.relations_out.count() + hub.relations_in.count() >= 40
    assert Change.objects.count() == 0
    out = StringIO()
    call_command("bench", "graph", requests=10, stdout=out)
    assert "page of a hub" in out.getvalue() and "paths between hubs" in out.getvalue()
    assert not User.objects.filter(username="bench graph").exists()


def test_refuses_a_database_with_a_graph_and_one_without():
    with pytest.raises(CommandError, match="--fill"):
        call_command("bench", "graph")
    KnowledgeEntity.objects.create(name="Aria", type="agent")
    with pytest.raises(CommandError, match="--yes"):
        call_command("bench", "graph", fill=True)
    assert KnowledgeEntity.objects.count() == 1
