"""Checkpoints: what was stored is what comes back."""

import re
from importlib import import_module

import pytest
from django.db import connection

from apps.memory.models import WorkingMemory, WorkingMemoryCheckpoint
from tests.memory.test_working_memory_api import ITEM_KEYS, make_item

pytestmark = pytest.mark.django_db
PATH = "/api/working-memory/checkpoint"


class TestMake:
    def test_stamps_and_keeps_the_live_items(self, api):
        item = make_item("k", 2)
        make_item("gone", 2, ttl_hours=1)
        made = api.post(PATH).json()
        assert made.keys() == {"checkpoint_id", "items_checkpointed", "created_at"}
        assert re.fullmatch(r"ckpt-\d{8}T\d{6}-[0-9a-f]{6}", made["checkpoint_id"])
        assert made["items_checkpointed"] == 1
        stamped = WorkingMemory.objects.get(key="k")
        assert stamped.checkpoint_id == made["checkpoint_id"]
        assert stamped.updated_at == item.updated_at  # so the ranking is as before
        assert WorkingMemory.objects.get(key="gone").checkpoint_id is None

    @pytest.mark.parametrize("body", [b"", b"{}", b'{"x": 1}', b"rubbish"])
    def test_ignores_the_body(self, api, body):
        assert api.post(PATH, body).json()["items_checkpointed"] == 0


class TestNewest:
    def test_none_yet(self, api):
        assert api.get(PATH).json() == {"checkpoint_id": None, "items": [], "count": 0}

    def test_is_as_it_was_stored(self, api):
        item = make_item("k", value={"then": 1}, importance=0.9, source="s", ttl_hours=3)
        make_item("minor")
        name = api.post(PATH).json()["checkpoint_id"]
        before = api.get("/api/working-memory?key=k").json()["items"][0]
        api.patch(f"/api/working-memory/{item.id}", {"value": "now", "importance": 0})
        api.delete(f"/api/working-memory/{WorkingMemory.objects.get(key='minor').id}")
        newest = api.get(PATH).json()
        assert (newest["checkpoint_id"], newest["count"]) == (name, 2)
        assert newest["items"][0] == before
        assert newest["items"][0].keys() == ITEM_KEYS and newest["items"][0]["checkpoint_id"] == name

    def test_touching_an_old_stamp_changes_nothing(self, api):
        make_item("a")
        api.post(PATH)
        old = WorkingMemory.objects.get()
        make_item("b")
        second = api.post(PATH).json()["checkpoint_id"]
        WorkingMemory.objects.filter(id=old.id).update(checkpoint_id=old.checkpoint_id)
        api.patch(f"/api/working-memory/{old.id}", {"value": 1})
        assert api.get(PATH).json()["checkpoint_id"] == second

    def test_is_bounded(self, api, django_assert_num_queries):
        [make_item(str(number)) for number in range(3)]
        api.post(PATH)
        with django_assert_num_queries(3):  # the token, the checkpoint, its items
            newest = api.get(f"{PATH}?limit=2").json()
        assert (len(newest["items"]), newest["count"]) == (2, 3)
        assert api.get(f"{PATH}?limit=1001").status_code == 422


class TestRestore:
    def test_writes_the_items_back_and_keeps_what_is_new(self, api):
        changed = make_item("changed", value=1, importance=0.9, ttl_hours=1)
        deleted = make_item("deleted", value=2)
        name = api.post(PATH).json()["checkpoint_id"]
        WorkingMemory.objects.filter(id=changed.id).update(value=9, importance=0, access_count=7)
        WorkingMemory.objects.filter(id=deleted.id).delete()
        make_item("new")
        answer = api.post(f"{PATH}/restore", {}).json()
        assert answer == {"restored": True, "checkpoint_id": name, "items_restored": 2}
        rows = {item.key: item for item in WorkingMemory.objects.all()}
        assert rows.keys() == {"changed", "deleted", "new"}
        assert (rows["changed"].value, rows["changed"].importance, rows["changed"].access_count) == (1, 0.9, 7)
        assert (rows["deleted"].id, rows["deleted"].value) == (deleted.id, 2)

    def test_by_name(self, api):
        make_item("k", value=1)
        first = api.post(PATH).json()["checkpoint_id"]
        api.post("/api/working-memory", {"key": "k", "value": 2})
        api.post(PATH)
        api.post(f"{PATH}/restore", {"checkpoint_id": first})
        assert WorkingMemory.objects.get().value == 1

    def test_the_time_to_live_starts_again(self, api):
        item = make_item("k", 0.5, ttl_hours=1)
        api.post(PATH)
        item.delete()
        api.post(f"{PATH}/restore", {})
        assert WorkingMemory.objects.get().updated_at > item.updated_at

    def test_an_id_that_is_taken_is_left_to_its_owner(self, api):
        item = make_item("k")
        api.post(PATH)
        WorkingMemory.objects.filter(id=item.id).update(key="renamed")
        api.post(f"{PATH}/restore", {})
        assert WorkingMemory.objects.get(key="renamed").id == item.id
        assert WorkingMemory.objects.get(key="k").id != item.id

    @pytest.mark.parametrize("body", [{}, {"checkpoint_id": "nobody"}])
    def test_unknown(self, api, body):
        response = api.post(f"{PATH}/restore", body)
        assert (response.status_code, response.json()) == (404, {"detail": "Checkpoint not found"})


def test_stamps_of_an_adopted_warehouse_become_checkpoints(api):
    make_item("old", 3, checkpoint_id="ckpt-1")
    newer = make_item("newer", 1, checkpoint_id="ckpt-2")
    make_item("unstamped")
    make_item("blank", checkpoint_id="")
    with connection.cursor() as cursor:
        cursor.execute(import_module("apps.memory.migrations.0005_checkpoints").KEEP_OLD_STAMPS)
    assert WorkingMemoryCheckpoint.objects.count() == 2
    newest = api.get(PATH).json()
    assert (newest["checkpoint_id"], newest["count"]) == ("ckpt-2", 1)
    assert newest["items"][0]["id"] == str(newer.id)
