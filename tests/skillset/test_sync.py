"""The graph of skills follows the manifests."""

import shutil
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection, transaction

from apps.core.actors import Actor
from apps.skillset import sync
from apps.skillset.models import SkillGraphEntity, SkillGraphRelation, SkillStatusRecord
from tests.conftest import ApiClient
from tests.factories import make_token
from tests.skillset.manifests import write, write_foreign

pytestmark = [pytest.mark.django_db, pytest.mark.oldest]
URL = "/api/knowledge-graph/sync-skills"
ALWAYS = 7 + 8  # focus modes and categories that are there without any skill


def rows():
    """Everything stored, with the transactions that wrote it."""
    with connection.cursor() as cursor:
        for table in ("skill_graph_entities", "skill_graph_relations", "skill_status"):
            cursor.execute(f"SELECT xmin, stored.* FROM {table} AS stored ORDER BY id")
            yield cursor.fetchall()


def nodes():
    return {(node.type, node.name): node for node in SkillGraphEntity.objects.all()}


def edges():
    ends = SkillGraphRelation.objects.with_ends().values_list("from_name", "relation_type", "to_type", "to_name")
    return sorted(ends)


def write_pair(root):
    write(root, "store", description="Keeps", tools=["put", "take"], category="data", focus_affinity={"data": 0.5})
    write(root, "shop", description="Sells", layer="L3", tools=["sell", "take"], dependencies=["store"])


class TestSync:
    def test_makes_what_the_manifests_describe(self, api, folder):
        write_pair(folder)
        assert api.post(URL).json() == {
            "status": "ok",
            "stats": {
                "entities": ALWAYS + 5, "relations": 7, "skills": 2, "tools": 3, "focus_modes": 7, "categories": 8,
                "written": ALWAYS + 5 + 7, "cleared": 0,
            },
            "problems": [],
        }  # fmt: skip
        assert edges() == [
            ("aria-shop", "depends_on", "skill", "aria-store"),
            ("aria-shop", "provides", "tool", "sell"),
            ("aria-shop", "provides", "tool", "take"),
            ("aria-store", "affinity", "focus_mode", "data"),
            ("aria-store", "belongs_to", "category", "data"),
            ("aria-store", "provides", "tool", "put"),
            ("aria-store", "provides", "tool", "take"),
        ]
        assert nodes()["skill", "aria-shop"].properties == {
            "description": "Sells", "layer": 3, "category": "unknown", "directory": "shop", "tool_count": 2,
            "synced_from": "shop/skill.json",
        }  # fmt: skip
        assert nodes()["tool", "take"].properties["skill"] == "aria-shop"  # the first folder's
        assert SkillGraphRelation.objects.get(relation_type="affinity").properties["weight"] == 0.5

    def test_a_second_one_writes_nothing(self, api, folder):
        write_foreign(folder)
        api.post("/api/skills/seed")
        api.post(URL)
        before = list(rows())
        stats = api.post(URL).json()["stats"]
        assert (stats["written"], stats["cleared"]) == (0, 0) and list(rows()) == before

    def test_follows_changes_and_keeps_the_ids_of_what_stays(self, api, folder):
        write_pair(folder)
        api.post(URL)
        before = nodes()
        write(folder, "store", description="Keeps everything", tools=["put", "count"], category="astronomy")
        write(folder, "bank")
        shutil.rmtree(folder / "shop")
        stats = api.post(URL).json()["stats"]
        # The shop, sell and take; all three edges of the shop; and of the store take, affinity and the old category
        assert stats["cleared"] == 3 + 3 + 3
        after = nodes()
        assert after["skill", "aria-store"].properties["description"] == "Keeps everything"
        assert ("skill", "aria-shop") not in after and ("tool", "take") not in after
        assert ("skill", "aria-bank") in after and ("category", "astronomy") in after
        assert all(node.id == before[key].id for key, node in after.items() if key in before)
        assert edges() == [
            ("aria-store", "belongs_to", "category", "astronomy"),
            ("aria-store", "provides", "tool", "count"),
            ("aria-store", "provides", "tool", "put"),
        ]

    def test_a_manifest_that_breaks_is_named_and_its_skill_stays_as_it_was(self, api, folder):
        write_pair(folder)
        api.post(URL)
        before = nodes(), edges()
        write(folder, "store", '{"name": "aria-store", "tools": [')
        write(folder, "bank")
        answer = api.post(URL).json()
        assert [problem["file"] for problem in answer["problems"]] == ["store/skill.json"]
        assert answer["stats"]["cleared"] == 0 and ("skill", "aria-bank") in nodes()
        assert nodes().items() >= before[0].items() and edges() == before[1]
        (folder / "store" / "skill.json").unlink()
        api.post(URL)
        assert ("skill", "aria-store") not in nodes()

    def test_takes_over_what_a_manifest_describes_and_leaves_the_rest(self, api, folder):
        own = SkillGraphEntity.objects.create(name="aria-old", type="skill", properties={"directory": "old"})
        known = SkillGraphEntity.objects.create(name="aria-store", type="skill", properties={"directory": "store"})
        put = SkillGraphEntity.objects.create(name="put", type="tool", properties=["odd"])
        provides = SkillGraphRelation.objects.create(from_entity=known, to_entity=put, relation_type="provides")
        likes = SkillGraphRelation.objects.create(from_entity=own, to_entity=known, relation_type="likes")
        write_pair(folder)
        api.post(URL)
        assert nodes()["skill", "aria-store"].id == known.id and nodes()["tool", "put"].properties["skill"]
        assert SkillGraphRelation.objects.filter(relation_type="provides", to_entity=put).get().id == provides.id
        shutil.rmtree(folder / "store"), shutil.rmtree(folder / "shop")
        api.post(URL)
        assert set(nodes()) - {("skill", "aria-old")} == {
            key for key in nodes() if key[0] in ("focus_mode", "category")
        }
        own.refresh_from_db()
        assert own.properties == {"directory": "old"}
        assert not SkillGraphRelation.objects.filter(id=likes.id).exists()  # an edge needs both its ends

    def test_forty_foreign_manifests(self, api, folder):
        write_foreign(folder, 40)
        answer = api.post(URL).json()
        stats = answer["stats"]
        assert answer["problems"] == []
        # By habit: two lists of two tools, one of one; and the one that twice five skills share
        assert (stats["skills"], stats["tools"]) == (40, 5 * (2 + 2 + 1) + 1)
        assert (stats["focus_modes"], stats["categories"]) == (7 + 1, 8 + 1)
        relations = {"provides": 5 * (2 + 2 + 2 + 1), "belongs_to": 5, "affinity": 5 * (2 + 3 + 1), "depends_on": 15}
        stored = [relation for _, relation, _, _ in edges()]
        assert {relation: stored.count(relation) for relation in relations} == relations
        assert stats["relations"] == len(stored) == sum(relations.values())
        assert SkillGraphEntity.objects.count() == stats["entities"]
        found = api.get("/api/knowledge-graph/skill-for-task?task=look_5").json()["candidates"]
        assert [skill["name"] for skill in found] == ["aria-rich-5"]

    def test_our_own_manifests_are_without_problems(self, api):
        answer = api.post(URL).json()
        assert (answer["status"], answer["problems"]) == ("ok", [])

    def test_no_folder_changes_nothing(self, api, folder):
        write_pair(folder)
        api.post(URL)
        before = list(rows())
        shutil.rmtree(folder)
        response = api.post(URL)
        assert response.status_code == 500
        assert response.json()["detail"].startswith("Sync failed: The folder of skills 'skills' cannot be read")
        assert list(rows()) == before

    def test_costs_the_same_for_any_number_of_skills(self, folder, django_assert_num_queries):
        write_foreign(folder, 40)
        with django_assert_num_queries(10):  # two of them the savepoint
            sync.sync_skills(Actor("command", "test"), folder)

    def test_only_by_post_and_with_the_right_to_write(self, api, reader, stranger, folder):
        assert [client.post(URL).status_code for client in (reader, stranger)] == [403, 401]
        assert api.get(URL).status_code == 405 and not nodes()


class TestRegistry:
    def test_in_use_it_learns_of_new_skills(self, api, folder):
        write(folder, "goals", layer=1), write(folder, "star_gazing", layer="L1")
        api.post(URL)
        assert SkillStatusRecord.objects.count() == 0 and api.get("/api/skills").json()["count"] == 36
        SkillStatusRecord.objects.create(skill_name="goals", canonical_name="goals", status="degraded", layer="L2")
        api.post(URL)
        new = SkillStatusRecord.objects.get(skill_name="star_gazing")
        assert (new.canonical_name, new.layer, new.status) == ("star-gazing", "L1", "healthy")
        assert SkillStatusRecord.objects.get(skill_name="goals").status == "degraded"
        assert api.get("/api/skills/star_gazing/health").json()["id"] == str(new.id)


class TestCommand:
    def run(self, *arguments):
        out, errors = StringIO(), StringIO()
        call_command("sync_skills", *arguments, stdout=out, stderr=errors)
        return out.getvalue(), errors.getvalue()

    def test_tells_what_it_did_and_what_is_wrong(self, folder):
        write_pair(folder)
        write(folder, "broken", "[]")
        out, errors = self.run()
        assert out == ("2 skills, 3 tools, 7 focus modes and 8 categories with 7 relations; 27 written, 0 removed.\n")
        assert errors == "broken/skill.json: is no JSON object\n"
        assert self.run()[0].endswith("0 written, 0 removed.\n")

    def test_another_folder(self, folder, tmp_path):
        (tmp_path / "other").mkdir()
        write_foreign(tmp_path / "other")
        assert self.run("--dir", str(tmp_path / "other"))[0].startswith("40 skills, 26 tools, ")

    def test_no_folder(self, tmp_path):
        with pytest.raises(CommandError, match="'gone' cannot be read"):
            self.run("--dir", str(tmp_path / "gone"))


@pytest.mark.django_db(transaction=True)
class TestTogether:
    def in_threads(self, *functions):
        def run(function):
            try:
                return function()
            finally:
                connection.close()

        with ThreadPoolExecutor(len(functions)) as pool:
            return [future.result() for future in [pool.submit(run, function) for function in functions]]

    def test_many_at_once_make_one_graph(self, folder):
        write_foreign(folder)
        client = ApiClient(make_token())
        answers = self.in_threads(*[lambda: client.post(URL).json()["stats"]] * 8)
        assert sorted(stats["written"] for stats in answers)[:-1] == [0] * 7
        assert SkillGraphEntity.objects.count() == answers[0]["entities"]
        assert SkillGraphRelation.objects.count() == answers[0]["relations"]

    def test_a_reader_sees_the_old_graph_or_the_new_one(self, folder, tmp_path):
        """Two versions that share no skill follow each other while others read and one empties the graph."""
        versions = {}
        for version in "ab":
            root = folder / version
            root.mkdir()
            for number in range(20):
                write(root, f"{version}{number}", tools=[f"{version}{number}_{tool}" for tool in range(5)])
            versions[version] = root
        client = ApiClient(make_token())
        both, deadline, over = {"aria-a", "aria-b"}, time.monotonic() + 60, threading.Event()

        def sync_both():
            while not over.is_set():
                for root in versions.values():
                    sync.sync_skills(Actor("command", "test"), root)

        def empty():
            while not over.wait(0.05):
                client.delete("/api/knowledge-graph/auto-generated")

        def read():
            pages = [read_page()]
            while not (len(pages) > 20 and both <= set(pages)) and time.monotonic() < deadline:
                pages.append(read_page())
            return set(pages)

        def read_page():
            page = client.get("/api/skill-graph?limit=5000").json()
            skills = {node["name"] for node in page["entities"] if node["type"] == "skill"}
            counts = page["stats"]["entity_count"], page["stats"]["relation_count"]
            assert counts in ((0, 0), (ALWAYS + 120, 100)) and counts[0] == len(page["entities"])
            assert skills == {edge["from_name"] for edge in page["relations"]}
            (version,) = {name[:6] for name in skills} or {""}
            return version

        def read_until_over():
            try:
                return read()
            finally:
                over.set()

        *_, seen = self.in_threads(sync_both, sync_both, empty, read_until_over)
        assert both <= seen

    def test_does_not_wait_for_ever(self, folder, monkeypatch):
        monkeypatch.setattr(sync, "LONGEST_WAIT", "1ms")
        with transaction.atomic(), connection.cursor() as cursor:
            sync.lock_skill_graph(cursor)

            def attempt():
                with pytest.raises(OperationalError, match="lock timeout"):
                    sync.sync_skills(Actor("command", "test"), Path(folder))

            self.in_threads(attempt)
