"""Does each folder of skills hold what a skill is made of?"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from apps.skillset.manifests import MOST_FOLDERS, Unreadable, canonical_name, manifest_of, raw_manifest

SUPPORT = {"_template", "__pycache__", "pipelines", "base", "api_client"}
PARTS = {"has_init": "__init__.py", "has_skill_json": "skill.json", "has_skill_md": "SKILL.md"}


def skill_folders(root: Path, include_support: bool) -> Iterator[Path]:
    """By name; hidden folders are nobody's skill."""
    for folder in sorted(root.iterdir())[:MOST_FOLDERS] if root.is_dir() else ():
        shown = include_support or folder.name not in SUPPORT
        if shown and not folder.name.startswith(".") and folder.is_dir():
            yield folder


def coherence_of(folder: Path) -> dict[str, Any]:
    parts = {key: (folder / name).is_file() for key, name in PARTS.items()}
    report: dict[str, Any] = {
        "skill": folder.name,
        "canonical": canonical_name(folder.name),
        "is_support_dir": folder.name in SUPPORT,
        **parts,
        "name_matches": None,
    }
    errors = [f"Missing {name}" for key, name in PARTS.items() if not parts[key]]
    warnings: list[str] = []
    if parts["has_skill_json"]:
        try:
            raw = raw_manifest(folder) or {}
        except Unreadable as error:
            errors.append(f"Invalid skill.json: {error}")
        else:
            manifest_of(folder.name, raw, warnings.append)
            name = raw.get("name")
            report |= {"name_matches": name == report["canonical"], "manifest_name": name and str(name)}
            if name != report["canonical"]:
                errors.append(f"Manifest name '{name}' should be '{report['canonical']}'")
    if report["is_support_dir"]:  # is no skill, and need not look like one
        errors, warnings = [], errors + warnings
    return {**report, "errors": errors, "warnings": warnings, "coherent": not errors}
