"""Answers cut to what an agent needs of them."""

import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from skills.api_client.result import SkillResult

SHORT = 200


def changed(result: SkillResult, change: Callable[[Any], Any]) -> SkillResult:
    """With `change(data)` for data, where it succeeded."""
    return replace(result, data=change(result.data)) if result.success else result


def without(result: SkillResult, *names: str) -> SkillResult:
    """A page, or a list of rows, without the columns that are long."""

    def shortened(data: Any) -> Any:
        if isinstance(data, dict):
            return data | {"items": shortened(data["items"])}
        return [{name: value for name, value in row.items() if name not in names} for row in data]

    return changed(result, shortened)


def only(row: dict[str, Any], names: Iterable[str]) -> dict[str, Any]:
    return {name: row[name] for name in names}


def excerpt(value: Any, length: int = SHORT) -> str:
    """The beginning of a text, or of anything else as JSON."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    text = " ".join(text[: length * 2].split())
    return text if len(text) <= length else text[: length - 1] + "…"
