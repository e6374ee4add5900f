from datetime import datetime
from typing import Any

from ninja import Schema


class ProxyModels(Schema):
    data: list[dict[str, Any]]
    error: str | None = None


class ProxyHealth(Schema):
    status: str
    error: str | None = None


class SpendLine(Schema):
    """With `lite` without the keys that have a default here."""

    request_id: str | None = None
    call_type: str | None = None
    model: str
    model_group: str | None = None
    custom_llm_provider: str | None = None
    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    spend: float
    startTime: datetime
    endTime: datetime
    status: str
    api_base: str | None = None
    cache_hit: str | None = None
    session_id: str | None = None


class SpendPage(Schema):
    logs: list[SpendLine]
    total: int
    offset: int | None = None
    limit: int | None = None
    error: str | None = None


class GlobalSpend(Schema):
    spend: float
    max_budget: float | None = None
    total_tokens: int
    input_tokens: int
    output_tokens: int
    api_requests: int
    error: str | None = None
