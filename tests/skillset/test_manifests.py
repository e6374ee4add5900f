"""What is read of a folder of skills, and what is reported."""

import os

import pytest

from apps.skillset.graph import graph_of
from apps.skillset.manifests import LARGEST_MANIFEST, MOST_FOLDERS, NoSkills, Tool, read_skills
from tests.skillset.manifests import write


def reasons(skills):
    return {problem.file: problem.reason for problem in skills.problems}


def one(root):
    (manifest,) = read_skills(root).manifests
    return manifest


def test_a_manifest_of_today(tmp_path):
    write(
        tmp_path,
        "ci_cd",
        description="Builds and deploys",
        layer=2,
        category="devsecops",
        dependencies=["sandbox"],
        focus_affinity=["devsecops"],
        tools=[{"name": "deploy", "description": "Deploys.", "parameters": {"type": "object"}}],
    )
    manifest = one(tmp_path)
    assert (manifest.folder, manifest.name, manifest.file) == ("ci_cd", "aria-ci-cd", "ci_cd/skill.json")
    assert (manifest.description, manifest.layer, manifest.category) == ("Builds and deploys", 2, "devsecops")
    assert (manifest.focus, manifest.dependencies) == ({"devsecops": None}, ["sandbox"])
    assert manifest.tools == [Tool("deploy", "Deploys.")]


@pytest.mark.parametrize(("layer", "read"), [(1, 1), ("2", 2), ("L2", 2), (" l0", 0), (2.0, 2), (None, 3)])
def test_layers(tmp_path, layer, read):
    write(tmp_path, "a", layer=layer)
    assert one(tmp_path).layer == read and not read_skills(tmp_path).problems


def test_nothing_but_braces(tmp_path):
    write(tmp_path, "ci_cd", "{}")
    manifest = one(tmp_path)
    assert (manifest.name, manifest.layer, manifest.category, manifest.tools) == ("aria-ci-cd", 3, "", [])


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"layer": "core"}, "layer is none of 0 to 4, 3 is taken"),
        ({"layer": True}, "layer is none of 0 to 4, 3 is taken"),
        ({"description": ["x"]}, "description is no text"),
        ({"name": {"x": 1}}, "name is no text"),
        ({"name": "x" * 501}, "name is cut to 500 characters"),
        ({"tools": 3}, "tools is no list"),
        ({"tools": [{"description": "?"}]}, "tool 1 has no name"),
        ({"tools": ["x", None]}, "tool 2 has no name"),
        ({"tools": ["x", "x"]}, "tool 'x' is there twice"),
        ({"tools": [f"t{n}" for n in range(1001)]}, "only the first 1000 of 1001 tools are read"),
        ({"dependencies": [["x"]]}, "a name in dependencies is no text"),
        ({"focus_affinity": 0.5}, "focus_affinity is no list"),
    ],
)
def test_what_makes_no_sense_is_told_and_the_rest_is_read(tmp_path, fields, reason):
    write(tmp_path, "odd", **fields)
    assert reasons(read_skills(tmp_path)) == {"odd/skill.json": reason}
    assert one(tmp_path).folder == "odd"


@pytest.mark.parametrize(
    ("manifest", "reason"),
    [
        ("", "empty"),
        ("{", "line 1 column"),
        ("[]", "is no JSON object"),
        ('{"name": "a",}', "line 1 column"),
        (b'{"name": "\xff"}', "str is not valid UTF-8"),
        ('{"name": "a\\u0000"}', "NUL"),
        ('{"name": "\\ud800"}', "surrogate"),
        ('{"x": ' * 500 + "1" + "}" * 500, "more than 100 levels"),
        ("[" * 5000, "line 1 column"),
        ('{"x": "' + "y" * LARGEST_MANIFEST + '"}', "is larger than 1000000 bytes"),
    ],
)
def test_a_broken_manifest_stops_nobody_else(tmp_path, manifest, reason):
    write(tmp_path, "a_broken", manifest)
    write(tmp_path, "b_whole")
    skills = read_skills(tmp_path)
    assert [manifest.folder for manifest in skills.manifests] == ["b_whole"]
    assert skills.unreadable == ["a_broken"] and list(reasons(skills)) == ["a_broken/skill.json"]
    assert reason in skills.problems[0].reason


def test_names_are_unique(tmp_path):
    write(tmp_path, "a", name="aria-x", description="first")
    write(tmp_path, "b", name="aria-x", description="second")
    assert one(tmp_path).description == "first"
    assert reasons(read_skills(tmp_path)) == {"b/skill.json": "has the same name as a/skill.json: 'aria-x'"}


def test_what_is_no_skill(tmp_path):
    for name in ("_template", "__pycache__", ".git"):
        write(tmp_path, name)
    (tmp_path / "README.md").touch()
    (tmp_path / "base").mkdir()
    skills = read_skills(tmp_path)
    assert (skills.manifests, skills.problems, skills.bare) == ([], [], ["base"])


def test_links_lead_nowhere_else(tmp_path):
    (tmp_path / "out").mkdir(), (tmp_path / "skills").mkdir()
    root = tmp_path / "skills"
    write(tmp_path / "out", "secret")
    write(root, "whole")
    (root / "linked").symlink_to(tmp_path / "out" / "secret")
    for name, target in (("leaking", tmp_path / "out" / "secret" / "skill.json"), ("looped", "skill.json")):
        (root / name).mkdir()
        (root / name / "skill.json").symlink_to(target)
    (root / "piped").mkdir()
    os.mkfifo(root / "piped" / "skill.json")
    assert one(root).folder == "whole"
    told = reasons(read_skills(root))
    assert told["linked/skill.json"] == told["leaking/skill.json"] == "is a link that leads out of the folder of skills"
    assert told["piped/skill.json"] == "is no file" and "looped/skill.json" in told


def test_odd_folder_names(tmp_path):
    for name in (b"\xff", b"x" * 101, b"new\nline"):
        os.mkdir(os.fsencode(tmp_path) + b"/" + name)
    skills = read_skills(tmp_path)
    assert len(skills.problems) == 3 and all(problem.file.isprintable() for problem in skills.problems)


def test_many_folders(tmp_path):
    for number in range(MOST_FOLDERS + 1):
        (tmp_path / f"f{number:04}").mkdir()
    assert reasons(read_skills(tmp_path)) == {".": "only the first 1000 of 1001 folders are read"}


def test_no_folder(tmp_path):
    with pytest.raises(NoSkills, match=r"'gone' cannot be read \(No such file or directory\)"):
        read_skills(tmp_path / "gone")


def test_dependencies_go_by_folder_or_manifest_name(tmp_path):
    (tmp_path / "base").mkdir()
    write(tmp_path, "broken_one", "{")
    write(tmp_path, "deep_store", name="warehouse")
    for folder, needed in {
        "by_folder": "deep_store", "by_name": "warehouse", "by_canonical": "aria-deep-store", "on_bare": "base",
        "on_broken": "broken_one", "on_itself": "aria-on-itself", "on_nobody": "requests>=2",
    }.items():  # fmt: skip
        write(tmp_path, folder, dependencies=[needed])
    graph = graph_of(read_skills(tmp_path))
    needs = {skill: name for skill, relation, _, name in graph.edges if relation == "depends_on"}
    assert needs == {
        "aria-by-folder": "warehouse", "aria-by-name": "warehouse", "aria-by-canonical": "warehouse",
        "aria-on-broken": "aria-broken-one",
    }  # fmt: skip
    assert reasons(graph)["on_nobody/skill.json"] == "depends on 'requests>=2', which is no skill here"
    assert reasons(graph)["on_itself/skill.json"] == "depends on itself"
    assert len(graph.problems) == 3
