"""skill.json: what the site and other programs know about a skill.

    {
      "name": "aria-goals",               the folder's name, with - for _
      "version": "1.0.0",
      "description": "...",               one sentence
      "layer": 2,                         1 the ground, 2 the agent's own work, 3 the outside world
      "category": "cognitive",
      "dependencies": ["aria-..."],       skills that must be there too; never imported, only called by the agent
      "focus_affinity": ["orchestrator"],
      "tools": [{"name": "...", "description": "...", "input_schema": {...}}]
    }

All but `tools` is written by hand; `python -m skills check --write` writes the tools from the code.
"""

import json
import re
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

NAME = {"type": "string", "pattern": "^aria-[a-z][a-z0-9-]*$"}
WORD = {"type": "string", "pattern": "^[a-z][a-z0-9_]*$"}
SENTENCE = {"type": "string", "minLength": 1}
TOOL = {
    "type": "object",
    "properties": {"name": WORD, "description": SENTENCE, "input_schema": {"type": "object"}},
    "required": ["name", "description", "input_schema"],
    "additionalProperties": False,
}
SCHEMA = {
    "type": "object",
    "properties": {
        "name": NAME,
        "version": {"type": "string", "pattern": r"^\d+\.\d+\.\d+$"},
        "description": SENTENCE,
        "layer": {"enum": [1, 2, 3]},
        "category": WORD,
        "dependencies": {"type": "array", "items": NAME, "uniqueItems": True},
        "focus_affinity": {"type": "array", "items": WORD, "uniqueItems": True},
        "tools": {"type": "array", "items": TOOL},
    },
    "required": ["name", "version", "description", "layer", "category", "dependencies", "focus_affinity", "tools"],
    "additionalProperties": False,
}
SHORT_LIST = re.compile(r"\[\s+([^][{}]{0,90}?)\s+\]")


def manifest_name(folder: str) -> str:
    return "aria-" + folder.replace("_", "-")


def read(path: Path) -> dict[str, Any]:
    """Raises ValueError where it is no JSON object."""
    manifest = json.loads(path.read_bytes())
    if not isinstance(manifest, dict):
        raise ValueError("not an object")
    return manifest


def write(path: Path, manifest: dict[str, Any]) -> None:
    text = json.dumps(manifest, indent=2, ensure_ascii=False)
    # Lists of a few words on one line, as a person would write them.
    text = SHORT_LIST.sub(lambda found: "[" + re.sub(r"\s*\n\s*", " ", found[1]) + "]", text)
    path.write_text(text + "\n", encoding="utf-8")


def problems_of(manifest: dict[str, Any]) -> list[str]:
    errors = Draft202012Validator(SCHEMA).iter_errors(manifest)
    return [f"skill.json: {error.json_path[2:]}: {error.message}" for error in errors]
