"""One entity of two, also while others write; and back again."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import uuid4

import pytest
from django.db import IntegrityError, connections
from django.test import Client

from apps.core.actors import Actor, acting
from apps.knowledge.actions import create_relation
from apps.knowledge.duplicates import like, likely, look_for_duplicates
from apps.knowledge.merging import joined, merge
from apps.knowledge.models import GraphEdit, KnowledgeEntity, KnowledgeRelation, MergeCandidate
from apps.knowledge.undoing import undo
from tests.knowledge.graphs import make_entity, make_star, relate
from tests.knowledge.test_editing import HOSTILE, MOST_QUERIES, everything, said

ALICE = Actor("person", "alice", "write")


@pytest.fixture
def twins(db):
    """Two of the same, who share a neighbour, know each other, and each have one of their own."""
    kept = make_entity("PostgreSQL", "tool", properties={"port": 5432, "seen": ["a"], "licence": "PostgreSQL"})
    gone = make_entity("Postgre SQL", "tool", properties={"port": 5433, "seen": ["a", "b"], "home": "postgresql.org"})
    shared = make_entity("Aria", "agent")
    relate(shared, kept, "uses", properties={"since": 2024})
    relate(shared, gone, "uses", properties={"since": 2025, "how": "daily"})
    relate(kept, gone, "same_as"), relate(gone, gone, "knows")
    relate(gone, make_entity("disk"), "needs"), relate(gone, make_entity("memory"), "needs")
    relate(make_entity("Najia", "person"), gone, "likes")
    relate(kept, make_entity("port"), "has")
    return kept, gone


def relations():
    rows = KnowledgeRelation.objects.with_ends().values_list("from_name", "relation_type", "to_name")
    return sorted(rows)


def test_keeps_all_relations_once(twins):
    kept, gone = twins
    edit = merge(ALICE, kept.pk, gone.pk)
    assert relations() == sorted(
        [
            *(("Aria", "uses", "PostgreSQL"), ("Najia", "likes", "PostgreSQL"), ("PostgreSQL", "has", "port")),
            *(("PostgreSQL", "needs", "disk"), ("PostgreSQL", "needs", "memory")),
        ]
    )
    assert KnowledgeRelation.objects.get(relation_type="uses").properties == {"since": 2024, "how": "daily"}
    kept.refresh_from_db()
    assert kept.properties == {"port": 5432, "seen": ["a", "b"], "licence": "PostgreSQL", "home": "postgresql.org"}
    assert not KnowledgeEntity.objects.filter(pk=gone.pk).exists()
    assert (edit.about, edit.entity, edit.actor_name) == ("“Postgre SQL” into “PostgreSQL”", kept.pk, "alice")


def test_an_old_link_leads_to_what_it_was_merged_into(browser_client, twins):
    kept, gone = twins
    last = make_entity("Postgres")
    merge(ALICE, kept.pk, gone.pk)
    edit = merge(ALICE, last.pk, kept.pk)
    for old in (gone, kept):
        response = browser_client.get(f"/knowledge/{old.pk}", follow=True)
        assert response.redirect_chain == [(f"/knowledge/{last.pk}", 302)] and b"was merged into" in response.content
    undo(ALICE, edit.action)
    assert browser_client.get(f"/knowledge/{gone.pk}").headers["Location"] == f"/knowledge/{kept.pk}"
    kept.delete()
    assert browser_client.get(f"/knowledge/{gone.pk}").status_code == 404
    assert browser_client.get(f"/skill-graph/{gone.pk}").status_code == 404


def test_is_undone_in_one_step(twins):
    before = unmoved(everything())
    edit = merge(ALICE, twins[0].pk, twins[1].pk)
    undo(ALICE, edit.action)
    assert unmoved(everything()) == before
    merge(ALICE, twins[1].pk, twins[0].pk)


def unmoved(rows):
    """But for the revision, which moves with each change."""
    return [[{name: value for name, value in row.items() if name != "updated_at"} for row in table] for table in rows]


def test_undone_it_keeps_what_came_since(twins):
    kept, gone = twins
    edit = merge(ALICE, kept.pk, gone.pk)
    with acting(ALICE):  # in a test all is one transaction
        with_later = relate(kept, make_entity("later"), "has")
    undo(ALICE, edit.action)
    with_later.refresh_from_db()
    assert with_later.from_entity == kept and KnowledgeEntity.objects.filter(pk=gone.pk).exists()


def test_doubles_of_its_own_become_one(db):
    kept, gone, other = make_entity("a"), make_entity("b"), make_entity("c")
    relate(gone, other, "uses", properties={"x": 1}), relate(gone, other, "uses", properties={"y": [2]})
    merge(ALICE, kept.pk, gone.pk)
    assert KnowledgeRelation.objects.get().properties == {"x": 1, "y": [2]}


@pytest.mark.parametrize(
    ("kept", "gone", "take", "result"),
    [
        ({"a": 1}, {"a": 2}, ["a"], {"a": 2}),
        ({"a": 1}, {"a": 2}, ["b"], {"a": 1}),
        ({}, {"a": None}, [], {"a": None}),
        ([], {"a": 1}, [], {"a": 1}),
        ({"a": 1}, "text", [], {"a": 1}),
    ],
)
def test_properties_are_joined(kept, gone, take, result):
    assert joined(kept, gone, take).properties == result


class TestPages:
    pytestmark = pytest.mark.django_db

    def test_preview_then_merge_then_undo(self, browser_client, twins, django_assert_max_num_queries):
        kept, gone = twins
        path = f"/knowledge/merge/{kept.pk}/{gone.pk}"
        with django_assert_max_num_queries(MOST_QUERIES):
            page = browser_client.get(path)
        assert {name: dict(number) for name, number in page.context["relations"]} == {
            **{"uses": {"double": 1}, "same_as": {"loop": 1}, "knows": {"loop": 1}},
            **{"needs": {"moved": 2}, "likes": {"moved": 1}},
        }
        assert page.context["joined"].conflicts == [("port", 5432, 5433)] and page.context["joined"].added == ["home"]
        sent = {name: page.context[name] for name in ("revision", "other_revision")}
        response = browser_client.post(path, sent | {"take": ["port"]}, follow=True)
        assert "Merged “Postgre SQL” into “PostgreSQL”" in said(response)
        kept.refresh_from_db()
        assert kept.properties["port"] == 5433
        response = browser_client.post(f"/knowledge/edits/{GraphEdit.objects.get().action}/undo", follow=True)
        assert KnowledgeEntity.objects.filter(name__startswith="Postgre").count() == 2
        assert b"Undone: merged" in response.content

    def test_not_what_was_changed_or_went_since(self, browser_client, twins):
        kept, gone = twins
        path = f"/knowledge/merge/{kept.pk}/{gone.pk}"
        page = browser_client.get(path)
        sent = {name: page.context[name] for name in ("revision", "other_revision")}
        KnowledgeEntity.objects.filter(pk=gone.pk).update(type="x")
        assert browser_client.post(path, sent).status_code == 409 and browser_client.post(path).status_code == 409
        gone.delete()
        assert "merged or deleted meanwhile" in said(browser_client.post(path, sent, follow=True))
        assert browser_client.get(path).status_code == 404
        assert browser_client.get(f"/knowledge/merge/{kept.pk}/{kept.pk}").status_code == 404

    def test_the_queue(self, browser_client, twins, django_assert_max_num_queries):
        kept, gone = twins
        assert b"No two entities look like the same" in browser_client.get("/knowledge/merge").content
        assert look_for_duplicates() == 7 and look_for_duplicates() == 0
        with django_assert_max_num_queries(MOST_QUERIES):
            page = browser_client.get("/knowledge/merge")
        assert [{pair.one, pair.other} for pair in page.context["pairs"]] == [{kept, gone}]
        response = browser_client.post(f"/knowledge/merge/{kept.pk}/{gone.pk}/apart", follow=True)
        assert response.context["pairs"] == [] and MergeCandidate.objects.get().dismissed_by == "alice"
        KnowledgeEntity.objects.filter(pk=gone.pk).update(name="Postgres SQL")
        look_for_duplicates()
        assert browser_client.get("/knowledge/merge").context["pairs"] == []
        assert browser_client.get(f"/knowledge/merge?of={gone.pk}").context["pairs"] == []
        assert b"they are not the same" in browser_client.get(f"/knowledge/merge/{gone.pk}/{kept.pk}").content
        browser_client.post(f"/knowledge/merge/{gone.pk}/{kept.pk}/apart", {"again": "yes"})
        assert len(browser_client.get("/knowledge/merge").context["pairs"]) == 1

    def test_the_likes_of_one_and_any_other(self, browser_client, twins):
        page = browser_client.get(f"/knowledge/merge?of={twins[1].pk}&q=Aria")
        assert [pair.other for pair in page.context["pairs"]] == [twins[0]] and page.context["pairs"][0].shared == 1
        assert [node.name for node in page.context["found"]] == ["Aria"]
        assert browser_client.get(f"/knowledge/merge?of={uuid4()}").status_code == 404
        assert browser_client.get("/knowledge/merge?of=nonsense%00&q=%00").status_code == 200

    def test_methods_and_strangers(self, browser_client, twins):
        pair = f"/knowledge/merge/{twins[0].pk}/{twins[1].pk}"
        assert browser_client.post("/knowledge/merge").status_code == 405
        assert browser_client.get(f"{pair}/apart").status_code == 405 and browser_client.put(pair).status_code == 405
        for path in (pair, f"{pair}/apart", "/knowledge/merge"):
            assert Client().post(path).status_code == 302
        assert not MergeCandidate.objects.exists() and KnowledgeEntity.objects.filter(pk=twins[1].pk).exists()

    def test_hostile_text_is_text(self, browser_client):
        one, other = (make_entity(HOSTILE, HOSTILE, properties={HOSTILE: n, "x": HOSTILE}) for n in (HOSTILE, 2))
        relate(other, one, HOSTILE)
        look_for_duplicates()
        for path in ("/knowledge/merge", f"/knowledge/merge?of={one.pk}", f"/knowledge/merge/{one.pk}/{other.pk}"):
            content = browser_client.get(path).content.decode()
            assert "<script>alert" not in content and "&lt;script&gt;" in content


class TestLikely:
    pytestmark = pytest.mark.django_db

    def test_by_spelling_and_by_neighbours(self):
        for name in ("LiteLLM", "litellm", "session 41", "session 42", "kimi k2", "kimi k3"):
            make_entity(name)
        apple, apples = make_entity("Apple Inc"), make_entity("Apple Incorporated")
        make_entity("Apple Inedible")
        for name in ("iPhone", "Mac"):
            thing = make_entity(name)
            relate(apple, thing), relate(apples, thing)
        look_for_duplicates()
        found = [{pair.one.name, pair.other.name} for pair in likely()]
        assert found == [{"LiteLLM", "litellm"}, {apple.name, apples.name}]

    def test_what_was_merged_is_no_more_and_comes_back_when_undone(self, twins):
        look_for_duplicates()
        edit = merge(ALICE, twins[0].pk, twins[1].pk)
        assert likely() == []
        look_for_duplicates()
        assert not MergeCandidate.objects.exists()
        undo(ALICE, edit.action)
        assert look_for_duplicates() == 1 and len(likely()) == 1

    def test_what_was_renamed_is_looked_at_anew(self, twins):
        look_for_duplicates()
        KnowledgeEntity.objects.filter(pk=twins[1].pk).update(name="Something else")
        assert look_for_duplicates() == 1 and likely() == [] and like(twins[0].pk) == []


class TestAtTheSameTime:
    pytestmark = pytest.mark.django_db(transaction=True)

    def test_two_merges_that_share_a_node(self, transactional_db):
        a, b, c = (make_entity(name) for name in "abc")
        for node in (a, b, c):
            make_star(node, [f"{node.name}{number}" for number in range(5)])
        relate(a, b), relate(b, c), relate(c, a)
        results = together(lambda: merge(ALICE, b.pk, a.pk), lambda: merge(ALICE, c.pk, b.pk))
        done = [one for one in results if isinstance(one, GraphEdit)]
        assert len(done) == 2 or isinstance(
            next(one for one in results if one not in done), KnowledgeEntity.DoesNotExist
        )
        left = KnowledgeEntity.objects.filter(name__in="abc").count()
        assert left == 3 - len(done)
        assert KnowledgeRelation.objects.filter(to_entity__name__regex="[abc][0-9]").count() == 15
        for edit in sorted(done, key=lambda one: one.made_at, reverse=True):
            undo(ALICE, edit.action)
        assert KnowledgeRelation.objects.count() == 18 and KnowledgeEntity.objects.count() == 18

    def test_relations_are_added_meanwhile(self, transactional_db):
        kept, gone = make_entity("kept"), make_entity("gone")
        others = [make_entity(f"n{number}") for number in range(20)]

        def add():
            stored = 0
            for other in others:
                try:
                    create_relation(ALICE, from_entity=other.pk, to_entity=gone.pk, relation_type="knows")
                    stored += 1
                except IntegrityError:
                    pass  # refused, and said so
            return stored

        stored, edit = together(add, lambda: merge(ALICE, kept.pk, gone.pk))
        assert isinstance(edit, GraphEdit)
        assert KnowledgeRelation.objects.filter(to_entity=kept).count() == stored == KnowledgeRelation.objects.count()

    def test_the_same_merge_twice(self, transactional_db):
        kept, gone = make_entity("kept"), make_entity("gone")
        make_star(gone, ["a", "b"])
        results = together(*[lambda: merge(ALICE, kept.pk, gone.pk)] * 2)
        assert sorted(type(one).__name__ for one in results) == ["DoesNotExist", "GraphEdit"]
        assert KnowledgeRelation.objects.filter(from_entity=kept).count() == 2


def together(*functions):
    """What each returns or raises, begun at the same moment in threads of their own."""
    barrier = Barrier(len(functions))

    def run(function):
        barrier.wait()
        try:
            return function()
        except Exception as error:
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(functions)) as pool:
        return list(pool.map(run, functions))
