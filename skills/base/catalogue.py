"""The skills that are there, and whether each is whole."""

import inspect
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import Any

from skills.base import manifest
from skills.base.skill import Skill

ROOT = Path(__file__).parent.parent
PARTS = ("__init__.py", "skill.json", "SKILL.md")


@dataclass(frozen=True)
class Entry:
    """A folder of skills/."""

    folder: Path

    @property
    def name(self) -> str:
        return self.folder.name

    @cached_property
    def manifest(self) -> dict[str, Any]:
        return manifest.read(self.folder / "skill.json")

    @cached_property
    def skill(self) -> type[Skill]:
        """Raises LookupError where the folder's code holds no skill, or several."""
        module = import_module(f"skills.{self.name}")
        found = [
            one for _, one in inspect.getmembers(module, inspect.isclass) if one.__module__.startswith(module.__name__)
        ]
        skills = [one for one in found if issubclass(one, Skill)]
        if len(skills) != 1:
            raise LookupError(f"__init__.py must hold one class that is a Skill, not {len(skills)}")
        return skills[0]

    def tools(self) -> list[dict[str, Any]]:
        return [tool.manifest() for tool in self.skill.tools.values()]

    def problems(self) -> list[str]:
        if missing := [name for name in PARTS if not (self.folder / name).is_file()]:
            return [f"missing {', '.join(missing)}"]
        try:
            problems = manifest.problems_of(self.manifest)
            tools = self.tools()
        except (ValueError, LookupError, TypeError, KeyError, ImportError, SyntaxError) as error:
            return [f"{type(error).__name__}: {error}"]
        if self.manifest.get("name") != manifest.manifest_name(self.name):
            problems.append(f"skill.json: name must be {manifest.manifest_name(self.name)}")
        if self.manifest.get("tools") != tools:
            problems.append("skill.json: tools differ from the code; python -m skills check --write")
        problems += [f"the tool {tool['name']} has no docstring" for tool in tools if not tool["description"]]
        return problems

    def write_tools(self) -> None:
        path = self.folder / "skill.json"
        if self.manifest.get("tools") != self.tools():
            manifest.write(path, self.manifest | {"tools": self.tools()})


def entries(root: Path = ROOT) -> list[Entry]:
    """By name. A folder with any part of a skill is meant as one."""
    folders = (folder for folder in sorted(root.iterdir()) if folder.is_dir() and folder.name.isidentifier())
    return [Entry(folder) for folder in folders if any((folder / name).exists() for name in PARTS[1:])]


def find(name: str) -> Entry:
    """By the folder's name or the manifest's. Raises LookupError."""
    for entry in entries():
        if name in (entry.name, manifest.manifest_name(entry.name)):
            return entry
    raise LookupError(f"There is no skill {name}; there are {', '.join(entry.name for entry in entries())}")


def problems(found: list[Entry]) -> dict[str, list[str]]:
    """Of each skill that has any. Tools of one name in two skills are a problem of both."""
    names = [tool["name"] for entry in found if not entry.problems() for tool in entry.tools()]
    twice = {name for name, count in Counter(names).items() if count > 1}
    known = {manifest.manifest_name(entry.name) for entry in found}
    told = {}
    for entry in found:
        own = entry.problems()
        if not own:
            own = [f"another skill has a tool {name} too" for name in entry.skill.tools if name in twice]
            own += [f"there is no skill {name}" for name in entry.manifest["dependencies"] if name not in known]
        if own:
            told[entry.name] = own
    return told
