"""What the bodies of telemetry have in common."""

from typing import Annotated, Any

from ninja import Field
from pydantic import BeforeValidator, model_validator

from apps.core.bodies import TelemetryBody


class Row(TelemetryBody):
    """An empty text is as good as nothing: it means the default."""

    @model_validator(mode="before")
    @classmethod
    def empty_means_nothing(cls, data: Any) -> Any:
        if not isinstance(data, dict) or "" not in data.values():
            return data
        return {key: value for key, value in data.items() if value != ""}


def whole(value: Any) -> Any:
    """Agents measure in floats; a part of a millisecond or a token is none."""
    return round(value) if isinstance(value, float) else value


Count = Annotated[int, BeforeValidator(whole), Field(ge=0, le=2**31 - 1)]
Name = Annotated[str, Field(min_length=1, max_length=100)]
ShortName = Annotated[str, Field(min_length=1, max_length=50)]
