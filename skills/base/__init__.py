from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class SkillResult:
    """What a skill's call came to; `data` where it succeeded, `error` as one sentence where it did not."""

    success: bool
    data: Any = None
    error: str | None = None

    @classmethod
    def ok(cls, data: Any = None) -> "SkillResult":
        return cls(True, data=data)

    @classmethod
    def fail(cls, error: str) -> "SkillResult":
        return cls(False, error=error)
