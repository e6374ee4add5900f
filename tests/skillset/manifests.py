"""Folders of skills for tests."""

import json


def write(root, folder, manifest=None, **fields):
    """A skill of the folder's name, or any text as its manifest."""
    fields = {"name": "aria-" + folder.replace("_", "-"), "version": "1.0.0", "layer": 2} | fields
    (root / folder).mkdir(exist_ok=True)
    text = json.dumps(fields) if manifest is None else manifest
    (root / folder / "skill.json").write_bytes(text if isinstance(text, bytes) else text.encode())


FOREIGN = (
    {"name": "memory_{n}", "canonical_name": "aria-memory-{n}", "layer": "L2", "focus_affinity": ["data", "memory"]},
    {"layer": 4, "tools": ["ping_{n}", "pong_{n}"], "dependencies": None, "focus_affinity": None},
    {"name": "aria-weights-{n}", "focus_affinity": {"Data": 0.9, "trader": 1, "social": 0, "creative": True}},
    {"name": "aria-byname-{n}", "tools": {"go_{n}": {"description": "Goes."}, "stop_{n}": "Stops."}},
    {"name": "aria-nothing-{n}", "layer": None, "category": None, "description": None, "tools": None},
    {"name": "aria-rich-{n}", "author": "Someone", "status": "stub", "rate_limit": {"max_per_minute": 3},
     "category": "Astronomy", "tools": [{"name": "look_{n}", "input_schema": {"type": "object"}}, "shared"]},
    {"name": "aria-text-{n}", "dependencies": "foreign_00, aria-foreign-01", "layer": "1", "focus_affinity": "trader"},
    {"name": "aria-needs-{n}", "dependencies": {"foreign-02": ">=1"}, "description": 7, "tools": ["shared"]},
)  # fmt: skip


def write_foreign(root, count=40):
    """Manifests of an older system, each with one of its habits."""
    for number in range(count):
        text = json.dumps(FOREIGN[number % len(FOREIGN)]).replace("{n}", str(number))
        write(root, f"foreign_{number:02}", ("\ufeff" if number % 3 else "") + text)
