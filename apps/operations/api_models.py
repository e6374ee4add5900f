"""Providers of language models, and the catalogue of the models themselves."""

from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema
from ninja.errors import HttpError

from apps.core.api import answer
from apps.core.openapi import may_fail
from apps.operations import providers
from apps.operations.model_catalogue import latest

provider_router = Router(tags=["Providers"])
model_router = Router(tags=["Models"])


class Balance(Schema):
    provider: str
    status: str
    code: int | None = None
    error: str | None = None
    note: str | None = None
    currency: str | None = None
    available: float | None = None
    voucher: float | None = None
    cash: float | None = None
    limit: float | None = None
    usage: float | None = None
    remaining: float | None = None
    is_free_tier: bool | None = None


class CatalogueModel(Schema):
    id: str
    name: str
    tier: str
    reasoning: bool
    input_types: list[str]
    cost: dict[str, float]
    contextWindow: float
    maxTokens: float
    litellm_model: str | None
    aliases: list[str]


class ModelsConfig(Schema):
    schema_version: Any
    routing: dict[str, Any]
    agent_aliases: dict[str, Any]
    criteria: dict[str, Any]
    models: dict[str, CatalogueModel]
    notice: str | None = None


class Price(Schema):
    model_id: str
    input: float
    output: float
    cacheRead: float
    tier: str
    litellm_model: str | None


class Reloaded(Schema):
    status: str
    models_count: int


@provider_router.get("/balances", response=dict[str, Balance], summary="What is left on the accounts with providers")
def provider_balances(request: HttpRequest):
    """Asked in parallel, 5 seconds at most; an answer serves for a minute."""
    return answer(providers.balances())


@model_router.get("/config", response=ModelsConfig, summary="The catalogue of models")
def models_config(request: HttpRequest):
    """Where the file is broken, the last good catalogue with a `notice`."""
    catalogue, problem = latest.current()
    return answer(catalogue.config() | ({"notice": problem} if problem else {}))


@model_router.get("/pricing", response=dict[str, Price], summary="What models cost, by each of their names")
def models_pricing(request: HttpRequest):
    catalogue, _ = latest.current()
    return answer(catalogue.pricing())


@model_router.post("/reload", response=Reloaded, summary="Read the catalogue anew", openapi_extra=may_fail(502))
def reload_models(request: HttpRequest):
    catalogue, problem = latest.current(anew=True)
    if problem:
        raise HttpError(502, problem)
    return {"status": "reloaded", "models_count": len(catalogue.models)}
