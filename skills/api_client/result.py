"""What a call came to."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class SkillResult:
    """`data` where it succeeded, `error` as one sentence where it did not.

    `error_type` names the kind of failure for statistics (such as `TimeoutError`), `retry_after` the seconds to
    stay away for. `tokens` and `model` tell what a language model took part with; they are recorded with the call.
    """

    success: bool
    data: Any = None
    error: str | None = None
    error_type: str | None = None
    retry_after: float | None = None
    tokens: int | None = None
    model: str | None = None

    @classmethod
    def ok(cls, data: Any = None, *, tokens: int | None = None, model: str | None = None) -> "SkillResult":
        return cls(True, data=data, tokens=tokens, model=model)

    @classmethod
    def fail(cls, error: str, *, error_type: str = "Error", retry_after: float | None = None) -> "SkillResult":
        return cls(False, error=error, error_type=error_type, retry_after=retry_after)
