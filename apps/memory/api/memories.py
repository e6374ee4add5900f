"""Memories under a key. The routes with names of their own come before those of a key."""

import json

from django.http import HttpRequest
from ninja import Router
from ninja.errors import HttpError

from apps.core.actors import actor_of
from apps.core.answers import Skipped
from apps.core.api import answer, page_list
from apps.core.bodies import Limit, PageNumber
from apps.core.noise import TEST_DATA, TEST_PREFIXES, NoiseFilter
from apps.core.openapi import may_fail
from apps.memory import actions, schemas
from apps.memory.models import Memory

router = Router(tags=["Memories"])

NOISE = NoiseFilter(
    markers=(*TEST_DATA, "[test]", "test", "pytest", "x: 1", '"x": 1', '{"x": 1}', '{"x":1}', "x; 1"),
    prefixes=TEST_PREFIXES,
)
DROPPED = {"stored": False, "skipped": True, "reason": "test_or_noise_payload"}


@router.get("", response=schemas.MemoryPage, summary="Memories, the lately changed first")
def list_memories(request: HttpRequest, page: PageNumber = 1, limit: Limit = 25, category: str = ""):
    memories = Memory.objects.lately_changed_first()
    return page_list(memories.filter(category=category) if category else memories, schemas.MEMORY_FIELDS, page, limit)


@router.post(
    "", response=schemas.Upserted | Skipped, summary="Store something under a key", openapi_extra=may_fail(400)
)
def store_memory(request: HttpRequest, body: schemas.MemoryIn):
    if not body.key:
        raise HttpError(400, "key is required")
    if NOISE.drops(body.key, body.value, json.dumps({"category": body.category}), key=body.key):
        return answer(DROPPED)
    memory_id = actions.store_memory(actor_of(request), body.key, body.value, body.category)
    return {"id": memory_id, "key": body.key, "upserted": True}


@router.get("/{path:key}", response=schemas.MemoryOut, summary="The memory under a key")
def get_memory(request: HttpRequest, key: str):
    memory = Memory.objects.filter(key=key).values(*schemas.MEMORY_FIELDS).first()
    if memory is None:
        raise HttpError(404, "Memory not found")
    return answer(memory)


@router.delete("/{path:key}", response=schemas.Forgotten, summary="Forget what is under a key")
def delete_memory(request: HttpRequest, key: str):
    """Also true where there was nothing: a retry is no failure."""
    actions.forget_memory(actor_of(request), key)
    return {"deleted": True, "key": key}
