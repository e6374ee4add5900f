"""Checkpoints, what restoring one would do, and the deletion of what nobody needs any more."""

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.memory import actions
from apps.memory.models import WorkingMemory, WorkingMemoryCheckpoint
from tests.memory.test_working_memory_page import make_item
from tests.telemetry.rows import ago

pytestmark = pytest.mark.django_db


def groups_of(response):
    return {group.kind: (group.count, [one.key for one in group.shown]) for group in response.context["groups"]}


def state():
    return dict(WorkingMemory.objects.values_list("key", "value"))


@pytest.fixture
def checkpoint(db):
    """One made of five items, of which each but the first has another fate since."""
    for key in ("same", "changed", "gone", "dead", "heavier"):
        make_item(key=key, value="then", source="<b>s</b>")
    made = actions.make_checkpoint()
    WorkingMemory.objects.filter(key="changed").update(value="<i>now</i>")
    WorkingMemory.objects.filter(key="heavier").update(importance=0.9)
    WorkingMemory.objects.filter(key="gone").delete()
    WorkingMemory.objects.filter(key="dead").update(ttl_hours=1, updated_at=ago(hours=2))
    make_item(key="new", value="new")
    make_item(key="dead already", ttl_hours=0)
    return made


class TestCheckpoints:
    def test_are_listed_the_newest_first_and_made(self, browser_client):
        assert b"No checkpoints" in browser_client.get("/working-memory/checkpoints").content
        make_item()
        for _ in range(2):
            response = browser_client.post("/working-memory/checkpoints", follow=True)
        first, second = response.context["page"].rows
        assert first.created_at > second.created_at and first.items_checkpointed == 1
        assert f"Kept as {first.pk}" in response.content.decode()

    def test_say_what_restoring_would_do(self, browser_client, checkpoint):
        response = browser_client.get("/working-memory/checkpoint", {"name": checkpoint.pk})
        assert groups_of(response) == {
            "changed": (2, ["changed", "heavier"]),
            "gone": (1, ["gone"]),
            "expired": (1, ["dead"]),
            "new": (1, ["new"]),
            "same": (1, ["same"]),
        }
        page = response.content.decode()
        assert "&lt;i&gt;now&lt;/i&gt;" in page and "importance" in page and "<i>now" not in page
        changed = next(group for group in response.context["groups"] if group.kind == "changed")
        assert [one.fields for one in changed.shown] == [
            [("value", '"then"', '"<i>now</i>"')], [("importance", 0.5, 0.9)],
        ]  # fmt: skip

    def test_restore_so_that_it_can_be_undone(self, browser_client, checkpoint):
        path = f"/working-memory/checkpoint?name={checkpoint.pk}"
        before = state()
        response = browser_client.post(path, follow=True)
        restored = dict.fromkeys(("same", "changed", "gone", "dead", "heavier"), "then")
        assert state() == {"new": "new", "dead already": {"n": 1}} | restored
        assert "5 items restored." in response.content.decode()
        assert groups_of(browser_client.get(path)).keys() == {"same", "new"}
        undo = WorkingMemoryCheckpoint.objects.newest_first().first()
        assert undo.items_checkpointed == 4 and undo.pk in response.content.decode()
        browser_client.post(f"/working-memory/checkpoint?name={undo.pk}")
        assert state() == before | {"gone": "then", "dead": "then"}

    def test_of_many_differences_only_some_are_shown(self, browser_client):
        WorkingMemory.objects.bulk_create(
            WorkingMemory(category="c", key=f"k{n:02}", value="x" * 5000) for n in range(70)
        )
        made = actions.make_checkpoint()
        WorkingMemory.objects.all().delete()
        response = browser_client.get("/working-memory/checkpoint", {"name": made.pk})
        [gone] = response.context["groups"]
        assert (gone.count, gone.hidden, gone.shown[0].key) == (70, 20, "k00") and len(response.content) < 50_000

    @pytest.mark.parametrize("name", ["", "a/b?c=d&e#f", "~", "ü" * 20])
    def test_may_be_called_anything(self, browser_client, name):
        WorkingMemoryCheckpoint.objects.create(pk=name, items_checkpointed=0)
        [row] = browser_client.get("/working-memory/checkpoints").context["page"].rows
        assert browser_client.get("/working-memory/checkpoint", {"name": row.pk}).status_code == 200

    @pytest.mark.parametrize("name", ["none", "\0", "x" * 5000])
    def test_that_are_not_there_are_not_found(self, browser_client, name):
        assert browser_client.get("/working-memory/checkpoint", {"name": name}).status_code == 404
        assert browser_client.post("/working-memory/checkpoint").status_code == 404
        assert not WorkingMemoryCheckpoint.objects.exists()

    def test_cost_at_most_twelve_queries(self, browser_client, checkpoint, django_assert_max_num_queries):
        for path in ("/working-memory/checkpoints", f"/working-memory/checkpoint?name={checkpoint.pk}"):
            with django_assert_max_num_queries(12):
                browser_client.get(path)


class TestCleanUp:
    @pytest.fixture
    def mind(self, db):
        make_item(key="dead", ttl_hours=1, updated_at=ago(hours=2))
        make_item(key="dead too", ttl_hours=1, updated_at=ago(hours=2), category="x", source="cron")
        make_item(key="alive", category="x", source="cron", updated_at=ago(hours=1))
        make_item(key="other", updated_at=ago(hours=1))

    def send(self, client, **over):
        return client.post("/working-memory/clean-up", {"until": timezone.now().isoformat()} | over, follow=True)

    @pytest.mark.parametrize(
        ("fields", "found"),
        [
            ({}, ["dead", "dead too"]),
            ({"category": "x"}, ["dead too"]),
            ({"source": "cron", "what": "all"}, ["alive", "dead too"]),
            ({"category": "none", "what": "all"}, []),
        ],
    )
    def test_deletes_what_the_preview_showed(self, browser_client, mind, fields, found):
        preview = browser_client.get("/working-memory/clean-up", fields)
        assert [item.key for item in preview.context["items"]] == found and preview.context["count"] == len(found)
        assert len(state()) == 4
        response = self.send(browser_client, **fields)
        assert state().keys() == {"dead", "dead too", "alive", "other"} - set(found)
        assert f"Deleted: {len(found)}." in response.content.decode()

    def test_leaves_what_was_written_since(self, browser_client, mind):
        moment = timezone.now().isoformat()
        actions.store_item("x", "alive", "anew", 0.5, None, "cron")
        self.send(browser_client, category="x", what="all", until=moment)
        assert state().keys() == {"dead", "alive", "other"}

    def test_of_what_is_alive_keeps_a_checkpoint(self, browser_client, mind):
        self.send(browser_client)
        assert not WorkingMemoryCheckpoint.objects.exists()
        response = self.send(browser_client, category="x", what="all")
        [kept] = WorkingMemoryCheckpoint.objects.all()
        assert kept.pk in response.content.decode()
        assert set(kept.items.values_list("key", flat=True)) == {"alive", "other"}

    @pytest.mark.parametrize(
        "fields",
        [
            {"what": "all"},
            {"what": "nonsense"},
            {"category": "\0"},
            {"source": "x" * 200},
            {"until": "soon"},
            {"until": ""},
        ],
    )
    def test_refuses_nonsense(self, browser_client, mind, fields):
        assert self.send(browser_client, **fields).status_code == 422 and len(state()) == 4
        assert browser_client.get("/working-memory/clean-up", fields).status_code == 200

    def test_comes_by_itself_a_day_after_the_end(self, mind):
        make_item(key="long dead", ttl_hours=1, updated_at=ago(hours=26))
        assert actions.purge_expired() == 1 and "long dead" not in state() and len(state()) == 4
        assert actions.purge_expired() == 0

    def test_shows_text_as_text(self, browser_client):
        make_item(key="<b>k</b>", value="<script>", ttl_hours=0, source="<i>")
        page = browser_client.get("/working-memory/clean-up").content.decode()
        assert "&lt;b&gt;k" in page and "&lt;script&gt;" in page and "<b>k" not in page and "<i>" not in page


def test_are_for_those_who_logged_in(client, browser_client, checkpoint):
    count = WorkingMemory.objects.count()
    paths = ("/working-memory/checkpoints", f"/working-memory/checkpoint?name={checkpoint.pk}")
    for path in (*paths, "/working-memory/clean-up"):
        assert client.get(path).status_code == client.post(path).status_code == 302
        assert browser_client.put(path).status_code == 405
    assert WorkingMemory.objects.count() == count and WorkingMemoryCheckpoint.objects.count() == 1


def test_a_lifetime_of_any_length_is_no_error(browser_client):
    make_item(ttl_hours=2**31 - 1)
    assert actions.purge_expired() == 0
    assert WorkingMemory.objects.expired(since=timedelta(days=1)).count() == 0
