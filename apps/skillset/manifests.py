"""The skills' manifests: a `skill.json` in each folder, read generously, for agents and older systems wrote them.

What cannot be read is left out and reported, and never stops the rest.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from apps.core.bodies import UnreadableBody, storable_json

MOST_FOLDERS = 1000
MOST_TOOLS = 1000
LARGEST_MANIFEST = 1_000_000  # bytes
LONGEST_FOLDER = 100
LONGEST_NAME = 500
LONGEST_TEXT = 10_000
Complain = Callable[[str], None]


class NoSkills(Exception):
    """There is no folder of skills to read."""


class Unreadable(Exception):
    """Why a manifest says nothing at all."""


@dataclass(frozen=True)
class Tool:
    name: str
    description: str


@dataclass(frozen=True)
class Manifest:
    folder: str
    name: str
    description: str
    layer: int
    category: str  # or empty
    focus: dict[str, float | None]  # modes, with a weight where one is given
    dependencies: list[str]
    tools: list[Tool]

    @property
    def file(self) -> str:
        return f"{self.folder}/skill.json"


@dataclass(frozen=True)
class Problem:
    file: str
    reason: str


@dataclass(frozen=True)
class Skills:
    """What a folder of skills holds."""

    manifests: list[Manifest] = field(default_factory=list)
    bare: list[str] = field(default_factory=list)  # folders without a manifest
    unreadable: list[str] = field(default_factory=list)  # folders whose manifest is broken
    problems: list[Problem] = field(default_factory=list)


def read_skills(root: Path) -> Skills:
    """By folder name. Raises NoSkills where `root` cannot be listed."""
    skills, folder_of = Skills(), dict[str, str]()
    folders = manifest_folders(root)
    if len(folders) > MOST_FOLDERS:
        skills.problems.append(Problem(".", f"only the first {MOST_FOLDERS} of {len(folders)} folders are read"))
    for folder in folders[:MOST_FOLDERS]:
        file = f"{printable(folder.name)}/skill.json"
        try:
            manifest, complaints = read_manifest(folder)
        except Unreadable as error:
            skills.unreadable.append(printable(folder.name))
            skills.problems.append(Problem(file, str(error)))
            continue
        if manifest is None:
            skills.bare.append(folder.name)
        elif other := folder_of.get(manifest.name):
            complaints = [f"has the same name as {other}: '{manifest.name}'"]
        else:
            folder_of[manifest.name] = manifest.file
            skills.manifests.append(manifest)
        skills.problems.extend(Problem(file, complaint) for complaint in complaints)
    return skills


def manifest_folders(root: Path) -> list[Path]:
    try:
        return sorted(folder for folder in root.iterdir() if folder.name[0] not in "._" and folder.is_dir())
    except OSError as error:
        raise NoSkills(f"The folder of skills '{root.name}' cannot be read ({error.strerror}).") from error


def printable(name: str) -> str:
    return name if name.isprintable() else ascii(name)


def read_manifest(folder: Path) -> tuple[Manifest | None, list[str]]:
    """The manifest, if there is one, and what in it made no sense. Raises Unreadable."""
    complaints: list[str] = []
    raw = raw_manifest(folder)
    return None if raw is None else manifest_of(folder.name, raw, complaints.append), complaints


def raw_manifest(folder: Path) -> dict[str, Any] | None:
    """As it is written; None where there is none. Raises Unreadable."""
    path = folder / "skill.json"
    if len(folder.name) > LONGEST_FOLDER or not folder.name.isprintable():
        raise Unreadable(f"a folder's name must be printable and of at most {LONGEST_FOLDER} characters")
    try:
        if not path.resolve().is_relative_to(folder.parent.resolve()):
            raise Unreadable("is a link that leads out of the folder of skills")
        if not path.is_file():
            if path.exists() or path.is_symlink():
                raise Unreadable("is no file")
            return None
        with path.open("rb") as file:
            text = file.read(LARGEST_MANIFEST + 1)
    except (OSError, RuntimeError) as error:  # a loop of links among them
        raise Unreadable(getattr(error, "strerror", None) or "cannot be read") from error
    return parsed(text)


def parsed(text: bytes) -> dict[str, Any]:
    if len(text) > LARGEST_MANIFEST:
        raise Unreadable(f"is larger than {LARGEST_MANIFEST} bytes")
    try:
        raw = storable_json(text.removeprefix(b"\xef\xbb\xbf"))
    except UnreadableBody as error:
        raise Unreadable(str(error)) from error
    if not isinstance(raw, dict):
        raise Unreadable("is no JSON object")
    return raw


def canonical_name(folder: str) -> str:
    return "aria-" + folder.replace("_", "-")


def manifest_of(folder: str, raw: dict[str, Any], complain: Complain) -> Manifest:
    return Manifest(
        folder=folder,
        name=text_of(raw.get("name"), "name", complain) or canonical_name(folder),
        description=text_of(raw.get("description"), "description", complain, LONGEST_TEXT),
        layer=layer_of(raw.get("layer"), complain),
        category=text_of(raw.get("category"), "category", complain).lower(),
        focus=focus_of(raw.get("focus_affinity"), complain),
        dependencies=list(names_of(raw.get("dependencies"), "dependencies", complain)),
        tools=tools_of(raw.get("tools"), complain),
    )


def text_of(value: Any, label: str, complain: Complain, longest: int = LONGEST_NAME) -> str:
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        complain(f"{label} is no text")
        return ""
    text = str(value).strip()
    if len(text) > longest:
        complain(f"{label} is cut to {longest} characters")
    return text[:longest].rstrip()


def layer_of(value: Any, complain: Complain) -> int:
    """2, "2" and "L2" are the same; 3 where none is given. Older systems count from 0 to 4."""
    if value is None:
        return 3
    if found := re.fullmatch(r"l?([0-4])(?:\.0)?", str(value).strip(), re.IGNORECASE):
        return int(found[1])
    complain("layer is none of 0 to 4, 3 is taken")
    return 3


def focus_of(value: Any, complain: Complain) -> dict[str, float | None]:
    """By mode; one of weight 0 or false is none."""
    weights = value if isinstance(value, dict) else {}
    modes = {}
    for name in names_of(value, "focus_affinity", complain):
        weight = weights.get(name)
        if weight != 0:
            modes[name.lower()] = weight if isinstance(weight, (int, float)) and weight is not True else None
    return modes


def names_of(value: Any, label: str, complain: Complain) -> Iterator[str]:
    """From a list of names or of objects with a name, from an object by name, or from a text with commas."""
    if isinstance(value, str):
        value = value.split(",")
    for entry in entries_of(value, label, complain):
        if name := text_of(entry.get("name"), f"a name in {label}", complain):
            yield name


def tools_of(value: Any, complain: Complain) -> list[Tool]:
    tools: dict[str, Tool] = {}
    for place, entry in enumerate(entries_of(value, "tools", complain)):
        name = text_of(entry.get("name"), f"the name of tool {place + 1}", complain)
        if not name:
            complain(f"tool {place + 1} has no name")
        elif name in tools:
            complain(f"tool '{name}' is there twice")
        else:
            text = text_of(entry.get("description"), f"the description of '{name}'", complain, LONGEST_TEXT)
            tools[name] = Tool(name, text)
    if len(tools) > MOST_TOOLS:
        complain(f"only the first {MOST_TOOLS} of {len(tools)} tools are read")
    return list(tools.values())[:MOST_TOOLS]


def entries_of(value: Any, label: str, complain: Complain) -> Iterator[dict[str, Any]]:
    """Objects with a name, whether the manifest lists names or objects, or has an object by name."""
    if isinstance(value, dict):
        for name, entry in value.items():
            yield (entry if isinstance(entry, dict) else {"description": entry}) | {"name": name}
    elif isinstance(value, list):
        yield from (entry if isinstance(entry, dict) else {"name": entry} for entry in value)
    elif value is not None:
        complain(f"{label} is no list")
