"""The package on its own: what it may import, and whether it runs where there is no Django."""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
NO_DJANGO = """
import sys

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("django", "ninja", "apps", "aria_site", "psycopg"):
            raise ImportError(f"{name} is not on an agent's host")

sys.meta_path.insert(0, Blocked())
from skills.base.cli import main
raise SystemExit(main(["check"]) or main(["list"]))
"""
VIOLATIONS = {
    "orm": "from django.db import connection",
    "driver": "import psycopg",
    "file": "def read():\n    import sqlite3",
    "models": "from apps.goals.models import Goal",
    "neighbour": "import skills.goals",
    "inside": "",
}


def test_all_skills_are_whole_where_there_is_no_django():
    done = subprocess.run([sys.executable, "-c", NO_DJANGO], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "skills are whole" in done.stdout and "goals: " in done.stdout


def test_the_package_needs_little():
    package = tomllib.loads((ROOT / "skills" / "pyproject.toml").read_text())["project"]
    names = [dependency.partition(">")[0] for dependency in package["dependencies"]]
    assert (package["name"], names) == ("aria-skills", ["httpx", "httpx-retries", "jsonschema"])


def test_what_skills_must_not_import_fails_the_linter(tmp_path):
    skip = shutil.ignore_patterns("__pycache__")
    for name in ("skills", "apps", "aria_site"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=skip)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for name, line in VIOLATIONS.items():
        folder = tmp_path / "skills" / f"planted_{name}"
        folder.mkdir()
        (folder / "__init__.py").write_text(line + "\n")
    (tmp_path / "skills" / "planted_inside" / "deep.py").write_text("from skills.health import Health\n")
    (tmp_path / "skills" / "base" / "planted.py").write_text("import skills.activity\n")
    command = [Path(sys.executable).with_name("lint-imports"), "--no-cache"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 1
    for name in VIOLATIONS:
        assert f"skills.planted_{name}" in done.stdout, name
    assert "skills.base.planted -> skills.activity" in done.stdout


def test_the_linter_is_part_of_make_lint():
    assert "$(BIN)/lint-imports" in (ROOT / "Makefile").read_text()
