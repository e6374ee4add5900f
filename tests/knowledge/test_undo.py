"""Taking back what was done, by the history."""

from uuid import uuid4

import pytest
from django.db import connection

from apps.core.actors import Actor, acting
from apps.core.models import Change
from apps.knowledge.actions import delete_entity, delete_relation
from apps.knowledge.models import GraphEdit, KnowledgeEntity, KnowledgeRelation
from apps.knowledge.undoing import CannotUndo, undo
from tests.knowledge.graphs import make_entity, make_star, relate

pytestmark = pytest.mark.django_db
ALICE = Actor("person", "alice", "write")


def change(node, **columns):
    with acting(ALICE) as action:
        KnowledgeEntity.objects.filter(pk=node.pk).update(**columns)
    return action


def test_a_change_goes_back_and_forth(db):
    node = make_entity("Aria", properties={"a": 1})
    first = undo(ALICE, change(node, name="ARIA", properties={"a": 2, "b": 3}))
    node.refresh_from_db()
    assert (node.name, node.properties) == ("Aria", {"a": 1})
    undo(ALICE, first.action)
    node.refresh_from_db()
    assert (node.name, node.properties) == ("ARIA", {"a": 2, "b": 3})


def test_other_properties_may_have_been_changed_since(db):
    node = make_entity("Aria", properties={"a": 1, "b": 1, "gone": True})
    action = change(node, properties={"a": 2, "b": 1, "new": None})
    change(node, properties={"a": 2, "b": 9, "new": None, "c": 7})
    undo(ALICE, action)
    node.refresh_from_db()
    assert node.properties == {"a": 1, "b": 9, "gone": True, "c": 7}


@pytest.mark.parametrize("later", [{"name": "x"}, {"properties": {"a": 3}}, {"properties": []}])
def test_not_over_somebodys_later_change(db, later):
    node = make_entity("Aria", properties={"a": 1})
    action = change(node, name="ARIA", properties={"a": 2})
    change(node, **later)
    with pytest.raises(CannotUndo, match="changed since"):
        undo(ALICE, action)
    node.refresh_from_db()
    assert {name: getattr(node, name) for name in later} == later and not GraphEdit.objects.exists()


def test_only_once(db):
    node = make_entity("Aria")
    edit = delete_entity(ALICE, node.pk)
    undo(ALICE, edit.action)
    with pytest.raises(CannotUndo, match="there again"):
        undo(ALICE, edit.action)
    with pytest.raises(Change.DoesNotExist):
        undo(ALICE, uuid4())


def test_undoing_the_undoing_deletes_again(db):
    node = make_entity("Aria")
    make_star(node, ["a", "b"])
    edit = delete_entity(ALICE, node.pk)
    restored = undo(ALICE, edit.action)
    assert KnowledgeRelation.objects.count() == 2
    undo(ALICE, restored.action)
    assert not KnowledgeEntity.objects.filter(pk=node.pk).exists() and not KnowledgeRelation.objects.exists()
    edit.refresh_from_db()
    assert not edit.undone


def test_what_was_made_stays_where_others_have_built_on_it(db):
    with acting(ALICE) as action:
        node = make_entity("Aria")
    with acting(ALICE):  # in a test all is one transaction
        relate(make_entity("other"), node)
    with pytest.raises(CannotUndo, match="connected with something else"):
        undo(ALICE, action)


def test_relations_need_their_ends(db):
    node, other = make_entity("Aria"), make_entity("Other end")
    relate(node, other)
    first, second = delete_entity(ALICE, node.pk), delete_entity(ALICE, other.pk)
    with pytest.raises(CannotUndo, match="“Other end”.*restore that first"):
        undo(ALICE, first.action)
    undo(ALICE, second.action)
    undo(ALICE, first.action)
    assert KnowledgeRelation.objects.get().to_entity == other


def test_several_changes_of_one_row_in_one_go(db):
    node = make_entity("Aria", properties={"a": 1})
    with acting(ALICE) as action:
        KnowledgeEntity.objects.filter(pk=node.pk).update(name="ARIA")
        KnowledgeEntity.objects.filter(pk=node.pk).update(name="A", type="x")
        KnowledgeEntity.objects.filter(pk=node.pk).delete()
        passing = make_entity("passing")
        KnowledgeEntity.objects.filter(pk=passing.pk).delete()
    undo(ALICE, action)
    assert list(KnowledgeEntity.objects.values_list("name", "type")) == [("Aria", "concept")]


def test_numbers_of_any_size_come_back(db):
    node = make_entity("Aria")
    with connection.cursor() as cursor:
        cursor.execute('UPDATE knowledge_entities SET properties = \'{"n": 1e400, "m": 0.12345678901234567890123}\'')
        undo(ALICE, delete_entity(ALICE, node.pk).action)
        cursor.execute("SELECT properties ->> 'm', length(properties ->> 'n') FROM knowledge_entities")
        assert cursor.fetchone() == ("0.12345678901234567890123", 401)


def test_a_relation_whose_end_is_gone(db):
    node, other = make_entity("Aria"), make_entity("Other")
    edit = delete_relation(ALICE, relate(node, other).pk)
    with acting(ALICE):
        other.delete()
    with pytest.raises(CannotUndo, match="“Other”"):
        undo(ALICE, edit.action)
    assert Change.objects.filter(action=edit.action).count() == 1
