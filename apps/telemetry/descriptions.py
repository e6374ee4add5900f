"""An activity's details in one line of text."""

import json
from typing import Any


def describe(details: Any) -> str:
    """What the details say of themselves, else the details as JSON."""
    if isinstance(details, dict):
        details = details.get("message") or details.get("description") or details
    if details is None or isinstance(details, str):
        return details or ""
    return json.dumps(details, ensure_ascii=False)
