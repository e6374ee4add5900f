"""Does each folder of skills hold what a skill is made of?"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SUPPORT = {"_template", "__pycache__", "pipelines", "base", "api_client"}
PARTS = {"has_init": "__init__.py", "has_skill_json": "skill.json", "has_skill_md": "SKILL.md"}
MOST_FOLDERS = 1000
LARGEST_MANIFEST = 1_000_000


def skill_folders(root: Path, include_support: bool) -> Iterator[Path]:
    """By name; hidden folders are nobody's skill."""
    for folder in sorted(root.iterdir())[:MOST_FOLDERS] if root.is_dir() else ():
        shown = include_support or folder.name not in SUPPORT
        if shown and not folder.name.startswith(".") and folder.is_dir():
            yield folder


def coherence_of(folder: Path) -> dict[str, Any]:
    canonical = "aria-" + folder.name.replace("_", "-")
    parts = {key: (folder / name).is_file() for key, name in PARTS.items()}
    report: dict[str, Any] = {
        "skill": folder.name,
        "canonical": canonical,
        "is_support_dir": folder.name in SUPPORT,
        **parts,
        "name_matches": None,
    }
    problems = [f"Missing {name}" for key, name in PARTS.items() if not parts[key]]
    if parts["has_skill_json"]:
        try:
            name = manifest_name(folder / "skill.json")
        except ValueError as error:
            problems.append(f"Invalid skill.json: {error}")
        else:
            report |= {"name_matches": name == canonical, "manifest_name": name}
            if name != canonical:
                problems.append(f"Manifest name '{name}' should be '{canonical}'")
    # A support folder is no skill, and need not look like one.
    errors, warnings = ([], problems) if report["is_support_dir"] else (problems, [])
    return {**report, "errors": errors, "warnings": warnings, "coherent": not errors}


def manifest_name(path: Path) -> str | None:
    """Raises ValueError where the manifest cannot be read."""
    try:
        if path.stat().st_size > LARGEST_MANIFEST:
            raise ValueError(f"larger than {LARGEST_MANIFEST} bytes")
        manifest = json.loads(path.read_bytes())
    except (OSError, RecursionError) as error:
        raise ValueError(type(error).__name__) from error
    if not isinstance(manifest, dict):
        raise ValueError("not an object")
    return None if manifest.get("name") is None else str(manifest["name"])
