"""Memories that are found by their meaning. Mounted before the memories under a key, whose route takes any path."""

import json
from collections.abc import Callable
from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router
from ninja.errors import HttpError

from apps.core.actors import actor_of
from apps.core.answers import Skipped
from apps.core.api import answer
from apps.core.bodies import Hours, Limit
from apps.core.noise import NoiseFilter
from apps.core.openapi import may_fail
from apps.core.retries import row_id
from apps.memory import schemas, semantic_actions, semantic_search
from apps.memory.api.memories import DROPPED, NOISE, delete_memory, get_memory
from apps.memory.embeddings import NoEmbedding
from apps.memory.semantic_search import Mode

router = Router(tags=["Memories"])

NOISY_SOURCES = NoiseFilter(("pytest", "test", "test_runner", "sandbox_test"))
Text = Annotated[str, Query(max_length=2_000)]
Importance = Annotated[float, Query(allow_inf_nan=False, description="At least so important; applied above 0.")]


@router.post(
    "/semantic",
    response=schemas.SemanticStored | Skipped,
    summary="Store a text to be found by its meaning",
    openapi_extra=may_fail(400),
)
def store_semantic_memory(request: HttpRequest, body: schemas.SemanticIn):
    """Where no embedding can be had the text is stored all the same, and gets its embedding later."""
    content = body.content or ""
    if not content.strip():
        raise HttpError(400, "content is required")
    fields: dict[str, Any] = body.model_dump(exclude={"id"})
    fields["summary"] = body.summary or content[:100]
    if is_noise(fields):
        return answer(DROPPED)
    fields["metadata"] = {"original_length": len(content)} | body.metadata
    memory_id = row_id(request, body.id)
    problem = semantic_actions.store(actor_of(request), memory_id, **fields)
    return answer({"id": memory_id, "stored": True, "embedded": not problem, "detail": problem})


def is_noise(fields: dict[str, Any]) -> bool:
    texts = (fields["content"], fields["summary"], fields["source"], json.dumps(fields["metadata"]))
    return NOISE.drops(*texts) or NOISY_SOURCES.drops(fields["source"])


@router.get("/search", response=schemas.SemanticSearch, summary="Search by meaning", openapi_extra=may_fail(502))
def search_memories(
    request: HttpRequest,
    query: Text,
    limit: Limit = 5,
    category: str = "",
    min_importance: Importance = 0.0,
    source: str = "",
    hours: Hours | None = None,
    mode: Mode | None = None,
):
    """The nearest first; what is found counts as used. `mode` is `vector`, `text` (by words) or `hybrid` (by both);
    without one, by vector, or by words where there is no embedding."""
    filters = {"category": category, "min_importance": min_importance, "source": source, "max_age_hours": hours}
    try:
        found = semantic_search.search(actor_of(request), query, limit, mode, **filters)
    except NoEmbedding as problem:
        raise HttpError(502, f"Embedding generation failed: {problem}") from None
    memories = [{name: getattr(memory, name) for name in schemas.SEMANTIC_FIELDS} for memory in found.memories]
    return answer({"memories": memories, "query": query, "mode": found.mode, "note": found.note})


def as_key(view: Callable[..., Any], word: str) -> Callable[[HttpRequest], HttpResponse]:
    def with_key(request: HttpRequest):
        return view(request, word)

    return with_key


# The words of these routes are keys as well, save where a route of their own stands in the way.
for word in ("semantic", "summarize-session"):
    router.get(f"/{word}", include_in_schema=False)(as_key(get_memory, word))
for word in ("search", "semantic", "summarize-session"):
    router.delete(f"/{word}", include_in_schema=False)(as_key(delete_memory, word))
