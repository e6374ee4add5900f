"""An activity's details in one line of text."""

import json
from typing import Any

SAYS = """WHEN jsonb_typeof({row}.details) = 'object'
    AND {row}.details -> '%s' NOT IN ('""'::jsonb, '0', 'false', 'null', '[]', '{}') THEN {row}.details ->> '%s'"""
# What `describe` says of the details, in SQL.
DESCRIPTION = f"""CASE {" ".join(SAYS.replace("%s", name) for name in ("message", "description"))}
    ELSE coalesce({{row}}.details #>> '{{}}', '') END"""


def describe(details: Any) -> str:
    """What the details say of themselves, else the details as JSON."""
    if isinstance(details, dict):
        details = details.get("message") or details.get("description") or details
    if details is None or isinstance(details, str):
        return details or ""
    return json.dumps(details, ensure_ascii=False)
