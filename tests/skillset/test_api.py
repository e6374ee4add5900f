"""The wire contract of the registry of skills, and the sums that it shows."""

import json
import random
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from importlib import import_module

import pytest
from django.db import connection, transaction
from django.db.models import Count, Max, Q

from apps.skillset.models import SkillStatusRecord, SkillUse
from apps.telemetry.models import SkillInvocation
from tests.conftest import ApiClient
from tests.factories import make_token
from tests.skillset.manifests import write

KEYS = [field.attname for field in SkillStatusRecord._meta.concrete_fields]
MOMENT = datetime(2026, 11, 20, 12, tzinfo=UTC)
pytestmark = pytest.mark.django_db


def call(name="goals", success=True, hours=0):
    return SkillInvocation.objects.create(
        skill_name=name, tool_name="t", success=success, created_at=MOMENT + timedelta(hours=hours)
    )


def register(name, **fields):
    return SkillStatusRecord.objects.create(skill_name=name, canonical_name=name.replace("_", "-"), **fields)


class TestList:
    def test_row_and_counts(self, api):
        register("social", status="healthy", layer="L3", last_health_check=MOMENT)
        register("ci_cd", status="degraded")
        register("llm", status="odd")
        body = api.get("/api/skills").json()
        assert [skill["skill_name"] for skill in body["skills"]] == ["ci_cd", "llm", "social"]
        assert {key: body[key] for key in ("count", "healthy", "degraded", "unavailable")} == {
            "count": 3, "healthy": 1, "degraded": 1, "unavailable": 0,
        }  # fmt: skip
        assert all(list(skill) == KEYS for skill in body["skills"])
        first, _, last = body["skills"]
        assert first["last_health_check"] == first["updated_at"] != last["last_health_check"]
        assert (first["layer"], first["metadata"], first["use_count"]) == (None, None, 0)

    def test_filters_and_bounds(self, api):
        register("social", status="healthy")
        register("llm", status="degraded")
        assert [s["skill_name"] for s in api.get("/api/skills?status=degraded").json()["skills"]] == ["llm"]
        assert api.get("/api/skills?status=nothing").json()["count"] == 0
        assert api.get("/api/skills?status=&limit=1").json()["count"] == 1
        assert api.get("/api/skills?limit=0").json()["count"] == 0
        for limit in ("-1", "1001", "x"):
            assert api.get(f"/api/skills?limit={limit}").status_code == 422

    def test_shows_the_larger_of_the_stored_and_the_counted(self, api):
        register("goals", use_count=1, error_count=7)
        register("llm", use_count=5, last_execution=MOMENT)
        register("unused", last_execution=MOMENT)
        call(success=False, hours=2)
        call(hours=1)
        call("llm", hours=3)
        goals, llm, unused = api.get("/api/skills").json()["skills"]
        assert (goals["use_count"], goals["error_count"]) == (2, 7)
        assert goals["last_execution"] == "2026-11-20T14:00:00+00:00"
        assert (llm["use_count"], llm["last_execution"]) == (5, "2026-11-20T15:00:00+00:00")
        assert unused["last_execution"] == "2026-11-20T12:00:00+00:00"

    def test_costs_two_queries(self, api, django_assert_num_queries):
        register("goals")
        api.get("/api/skills")
        with django_assert_num_queries(3):  # the token's among them
            api.get("/api/skills")


class TestEmptyRegistry:
    def test_shows_what_seeding_would_store_and_stores_nothing(self, api, folder):
        call("llm")
        shown = api.get("/api/skills").json()
        assert (shown["count"], shown["healthy"], SkillStatusRecord.objects.count()) == (35, 35, 0)
        one = api.get("/api/skills/llm/health").json()
        assert list(one) == KEYS and one["layer"] == "L1"
        assert api.get("/api/skills?status=healthy").json()["count"] == 0
        api.post("/api/skills/seed")
        seeded = api.get("/api/skills").json()
        times = {"updated_at": None, "last_health_check": None}
        assert [skill | times for skill in shown["skills"]] == [skill | times for skill in seeded["skills"]]
        assert {skill["skill_name"]: skill["use_count"] for skill in seeded["skills"]}["llm"] == 1

    def test_knows_the_skills_that_are_there_as_well(self, api, folder):
        write(folder, "star_gazing", layer=1), write(folder, "goals", layer=1), write(folder, "broken", "{")
        shown = {skill["skill_name"]: skill for skill in api.get("/api/skills").json()["skills"]}
        assert len(shown) == 36 and shown["goals"]["layer"] == "L2" and "broken" not in shown
        assert shown["star_gazing"] == api.get("/api/skills/star_gazing/health").json() | {
            "last_health_check": shown["star_gazing"]["updated_at"], "updated_at": shown["star_gazing"]["updated_at"],
        }  # fmt: skip
        assert (shown["star_gazing"]["canonical_name"], shown["star_gazing"]["layer"]) == ("star-gazing", "L1")
        assert api.post("/api/skills/seed").json() == {"seeded": 36, "total": 36}
        assert api.get("/api/skills").json()["count"] == 36

    def test_without_a_folder_of_skills(self, api, folder):
        folder.rmdir()
        assert api.get("/api/skills").json()["count"] == 35
        assert api.post("/api/skills/seed").json() == {"seeded": 35, "total": 35}

    def test_seeding_adds_what_is_missing(self, api, folder):
        register("social", status="degraded")
        assert api.post("/api/skills/seed").json() == {"seeded": 34, "total": 35}
        assert api.post("/api/skills/seed").json() == {"seeded": 0, "total": 35}
        assert SkillStatusRecord.objects.get(skill_name="social").status == "degraded"
        assert SkillStatusRecord.objects.get(skill_name="ci_cd").canonical_name == "ci-cd"


class TestHealth:
    def test_is_the_row_as_stored(self, api):
        register("goals", use_count=1)
        call(), call()
        body = api.get("/api/skills/goals/health").json()
        assert list(body) == KEYS
        assert (body["use_count"], body["last_health_check"]) == (1, None)

    def test_of_no_skill(self, api):
        register("goals")
        for name in ("nobody", "llm", "x" * 500):
            response = api.get(f"/api/skills/{name}/health")
            assert (response.status_code, response.json()) == (404, {"detail": f"Skill '{name}' not found"})

    def test_stands_in_nobodys_way(self, api):
        assert "overall" in api.get("/api/skills/health/dashboard").json()
        assert "total" in api.get("/api/skills/stats/health").json()
        assert api.get("/api/skills/health/health").json()["skill_name"] == "health"


class TestCoherence:
    def skill(self, folder, name, manifest="{}"):
        (folder / name).mkdir()
        for part, text in (("__init__.py", ""), ("SKILL.md", "# Skill"), ("skill.json", manifest)):
            (folder / name / part).write_text(text)

    def test_a_whole_skill(self, api, folder):
        self.skill(folder, "ci_cd", '{"name": "aria-ci-cd"}')
        body = api.get("/api/skills/coherence").json()
        assert body.pop("generated_at").endswith("+00:00")
        assert body.pop("skills") == [
            {
                "skill": "ci_cd", "canonical": "aria-ci-cd", "is_support_dir": False, "has_init": True,
                "has_skill_json": True, "has_skill_md": True, "name_matches": True, "manifest_name": "aria-ci-cd",
                "errors": [], "warnings": [], "coherent": True,
            }
        ]  # fmt: skip
        assert body == {
            "root": "skills", "count": 1, "coherent_count": 1, "incoherent_count": 0, "coherent": True,
        }  # fmt: skip

    @pytest.mark.parametrize(
        "manifest", ["{", "[]", "[" * 5000, '"x"', '{"name": "aria-other"}', "{}", "\ufeff{", "1" * 5000]
    )
    def test_a_bad_manifest_is_an_error_of_that_skill(self, api, folder, manifest):
        self.skill(folder, "llm", manifest)
        body = api.get("/api/skills/coherence").json()
        assert (body["coherent"], body["incoherent_count"], len(body["skills"][0]["errors"])) == (False, 1, 1)

    def test_what_a_manifest_says_wrongly_is_a_warning(self, api, folder):
        self.skill(folder, "llm", '{"name": "aria-llm", "layer": "core"}')
        skill = api.get("/api/skills/coherence").json()["skills"][0]
        assert (skill["coherent"], skill["warnings"]) == (True, ["layer is none of 0 to 4, 3 is taken"])

    def test_a_link_out_of_the_folder_is_not_read(self, api, folder, tmp_path):
        self.skill(folder, "llm")
        (tmp_path / "secret").write_text('{"name": "aria-llm"}')
        (folder / "llm" / "skill.json").unlink()
        (folder / "llm" / "skill.json").symlink_to(tmp_path / "secret")
        skill = api.get("/api/skills/coherence").json()["skills"][0]
        assert skill["errors"] == ["Invalid skill.json: is a link that leads out of the folder of skills"]

    def test_missing_parts(self, api, folder):
        (folder / "llm").mkdir()
        skill = api.get("/api/skills/coherence").json()["skills"][0]
        assert skill["errors"] == ["Missing __init__.py", "Missing skill.json", "Missing SKILL.md"]
        assert skill["name_matches"] is None and "manifest_name" not in skill

    def test_support_folders_only_on_request(self, api, folder):
        self.skill(folder, "goals", json.dumps({"name": "aria-goals"}))
        for name in ("_template", "__pycache__", "pipelines", "base", "api_client", ".git"):
            (folder / name).mkdir()
        (folder / "README.md").write_text("no folder")
        assert api.get("/api/skills/coherence").json()["count"] == 1
        body = api.get("/api/skills/coherence?include_support=yes").json()
        assert (body["count"], body["coherent"]) == (6, True)
        assert sum(skill["is_support_dir"] for skill in body["skills"]) == 5
        assert api.get("/api/skills/coherence?include_support=maybe").status_code == 422

    def test_no_folder(self, api, folder):
        folder.rmdir()
        assert api.get("/api/skills/coherence").json()["skills"] == []

    def test_our_own_skills(self, api):
        assert api.get("/api/skills/coherence?include_support=1").json()["coherent"] is True


def counted():
    calls = SkillInvocation.objects.values("skill_name").annotate(
        n=Count("id"), errors=Count("id", filter=Q(success=False)), last=Max("created_at")
    )
    return sorted(calls.values_list("skill_name", "n", "errors", "last"))


def kept():
    return sorted(SkillUse.objects.values_list("skill_name", "uses", "errors", "last_used_at"))


class TestSums:
    def test_equal_the_rows_whatever_happens_to_them(self):
        chance = random.Random(5)
        rows = [
            SkillInvocation(
                skill_name=chance.choice("abcde"),
                tool_name="t",
                success=chance.random() < 0.7,
                created_at=MOMENT + timedelta(minutes=chance.randrange(1000)),
            )
            for _ in range(300)
        ]
        SkillInvocation.objects.bulk_create(rows)
        assert kept() == counted() and len(kept()) == 5
        SkillInvocation.objects.filter(skill_name="a").update(skill_name="b", success=False)
        assert kept() == counted() and len(kept()) == 4
        SkillInvocation.objects.filter(skill_name="b").update(created_at=MOMENT - timedelta(days=1))
        assert kept() == counted()
        SkillInvocation.objects.filter(created_at__gt=MOMENT + timedelta(minutes=500)).delete()
        assert kept() == counted()
        SkillInvocation.objects.filter(skill_name="c").delete()
        SkillInvocation.objects.bulk_create(rows[:10], ignore_conflicts=True)
        SkillInvocation.objects.filter(skill_name="nobody").delete()
        assert kept() == counted()
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE skill_invocations")
        assert kept() == counted() == []

    def test_start_with_the_calls_that_an_adopted_warehouse_has(self):
        call(), call(success=False, hours=1), call("llm")
        as_kept = kept()
        SkillUse.objects.all().delete()
        with connection.cursor() as cursor:
            cursor.execute(import_module("apps.skillset.migrations.0003_skill_use").FILL)
        assert kept() == as_kept == counted()

    def test_forget_what_is_rolled_back(self):
        call()
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            call()
            raise ZeroDivisionError
        assert kept() == counted()


@pytest.mark.django_db(transaction=True)
class TestTogether:
    def at_once(self, function, arguments):
        def run(argument):
            try:
                return function(argument)
            finally:
                connection.close()

        with ThreadPoolExecutor(8) as pool:
            return list(pool.map(run, arguments))

    def test_sums_lose_nothing(self):
        def work(i):
            if i % 4 == 3:
                newest = SkillInvocation.objects.order_by("-created_at")[:2]
                SkillInvocation.objects.filter(id__in=[row.id for row in newest]).delete()
            elif i % 4 == 2:
                SkillInvocation.objects.bulk_create(
                    SkillInvocation(skill_name=name, tool_name="t", created_at=MOMENT + timedelta(hours=i))
                    for name in random.sample("abcd", 4)
                )
            else:
                call(random.choice("abcd"), success=bool(i % 3), hours=i)

        self.at_once(work, range(120))
        assert kept() == counted()

    def test_first_seeds_never_fail_and_count_each_row_once(self, folder):
        client = ApiClient(make_token())
        answers = self.at_once(lambda _: client.post("/api/skills/seed").json()["seeded"], range(8))
        assert sum(answers) == SkillStatusRecord.objects.count() == 35
