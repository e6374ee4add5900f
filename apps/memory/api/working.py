from typing import Any
from uuid import UUID

from django.db.models import Avg, Count
from django.http import HttpRequest
from django.utils import timezone
from ninja import Router
from ninja.errors import HttpError

from apps.core.api import answer, page_list
from apps.core.bodies import Limit, PageNumber
from apps.core.openapi import may_fail
from apps.memory import actions, schemas
from apps.memory.file_snapshot import UnreadableSnapshot, file_snapshot
from apps.memory.models import WorkingMemory, WorkingMemoryCheckpoint
from apps.memory.querysets import Weights

router = Router(tags=["Working memory"])


@router.get(
    "", response=schemas.ItemPage, summary="What is in mind, the newest first", operation_id="list_working_memory"
)
def list_items(
    request: HttpRequest,
    page: PageNumber = 1,
    limit: Limit = 25,
    category: str = "",
    key: str = "",
    include_expired: bool = False,
):
    items = WorkingMemory.objects.newest_first()
    filters = {name: value for name, value in (("category", category), ("key", key)) if value}
    items = items.filter(**filters)
    return page_list(items if include_expired else items.alive(), schemas.ITEM_FIELDS, page, limit)


@router.post(
    "",
    response=schemas.Upserted,
    summary="Put something in mind, or write it anew",
    operation_id="store_working_memory",
    openapi_extra=may_fail(400),
)
def store_item(request: HttpRequest, body: schemas.ItemIn):
    if not body.key:
        raise HttpError(400, "key is required")
    if body.value is None:
        raise HttpError(400, "value is required")
    item_id = actions.store_item(**body.model_dump())
    return {"id": item_id, "key": body.key, "upserted": True}


@router.get(
    "/context", response=schemas.Context, summary="What matters most now", operation_id="working_memory_context"
)
def context(
    request: HttpRequest,
    limit: Limit = 20,
    weight_recency: schemas.Weight = 0.4,
    weight_importance: schemas.Weight = 0.4,
    weight_access: schemas.Weight = 0.2,
    touch_access: bool = True,
    category: str = "",
):
    """With `touch_access` the items returned count as used once more."""
    weights = Weights(weight_recency, weight_importance, weight_access)
    if touch_access:
        recalled = actions.recall(weights, limit, category)
        rows = [{name: getattr(item, name) for name in (*schemas.ITEM_FIELDS, "relevance")} for item in recalled]
    else:
        relevant = WorkingMemory.objects.most_relevant(weights, limit, category)
        rows = list(relevant.values(*schemas.ITEM_FIELDS, "relevance"))
    for row in rows:
        row["relevance"] = round(row["relevance"], 4)
    return answer({"context": rows, "count": len(rows)})


@router.post("/checkpoint", response=schemas.MadeCheckpoint, summary="Keep what is in mind as it is now")
def make_checkpoint(request: HttpRequest):
    return actions.make_checkpoint()


@router.get("/checkpoint", response=schemas.Checkpoint, summary="The newest checkpoint, as it was stored")
def newest_checkpoint(request: HttpRequest, limit: Limit = 1000):
    """`count` is of all its items."""
    newest = WorkingMemoryCheckpoint.objects.newest_first().first()
    if newest is None:
        return answer({"checkpoint_id": None, "items": [], "count": 0})
    rows = newest.items.order_by("-importance", "item_id").values("item_id", *schemas.ITEM_FIELDS[1:])[:limit]
    items = [{"id": row.pop("item_id"), **row} for row in rows]
    return answer({"checkpoint_id": newest.checkpoint_id, "items": items, "count": newest.items_checkpointed})


@router.post(
    "/checkpoint/restore",
    response=schemas.Restored,
    summary="Write a checkpoint's items back",
    openapi_extra=may_fail(404),
)
def restore_checkpoint(request: HttpRequest, body: schemas.RestoreIn):
    """Over what they have become since. Items made since stay."""
    newest = WorkingMemoryCheckpoint.objects.newest_first().values_list("pk", flat=True)
    name = body.checkpoint_id or newest.first()
    try:
        restored = actions.restore_checkpoint(name)
    except WorkingMemoryCheckpoint.DoesNotExist:
        raise HttpError(404, "Checkpoint not found") from None
    return {"restored": True, "checkpoint_id": name, "items_restored": restored}


@router.get(
    "/stats",
    response=schemas.WorkingMemoryStats,
    summary="Working memory in numbers",
    operation_id="working_memory_stats",
)
def stats(request: HttpRequest):
    """`by_category` holds the thousand largest."""
    totals = WorkingMemory.objects.aggregate(
        total_items=Count("id"), categories=Count("category", distinct=True), average=Avg("importance")
    )
    return {
        **totals,
        "avg_importance": round(totals["average"] or 0, 2),
        "checkpoint_count": WorkingMemoryCheckpoint.objects.count(),
        "expired_count": WorkingMemory.objects.expired().count(),
        "by_category": list(WorkingMemory.objects.category_counts(1000)),
    }


@router.get(
    "/file-snapshot",
    response=schemas.FileSnapshot,
    summary="The agent's own file of its context",
    openapi_extra=may_fail(500),
)
def get_file_snapshot(request: HttpRequest):
    try:
        return answer(file_snapshot())
    except UnreadableSnapshot as error:
        raise HttpError(500, f"Failed to read file snapshot: {error}") from error


@router.post(
    "/cleanup",
    response=schemas.CleanedUp,
    summary="Delete items, or count what would be deleted",
    operation_id="clean_up_working_memory",
    openapi_extra=may_fail(400),
)
def clean_up(request: HttpRequest, body: schemas.CleanUpIn):
    filters = {name: value for name, value in (("category", body.category), ("source", body.source)) if value}
    if not filters and not body.delete_expired:
        raise HttpError(400, "Provide category/source or enable delete_expired")
    items = WorkingMemory.objects.filter(**filters)
    items = items.expired() if body.delete_expired else items
    if body.dry_run:
        return {"matched": items.count(), "deleted": 0, "dry_run": True}
    deleted = actions.clean_up(items)
    return {"matched": deleted, "deleted": deleted, "dry_run": False}


@router.patch(
    "/{item_id}",
    response=schemas.ItemOut,
    summary="Change an item's value or importance",
    operation_id="update_working_memory",
    openapi_extra=may_fail(400),
)
def update_item(request: HttpRequest, item_id: str, body: schemas.ItemChanges):
    """Counts as a writing, even where nothing is sent: the item's time to live starts again."""
    item = WorkingMemory.objects.filter(id=as_uuid(item_id))
    changes: dict[str, Any] = body.model_dump(exclude_none=True)
    item.update(**changes, updated_at=timezone.now())
    row = item.values(*schemas.ITEM_FIELDS).first()
    if row is None:
        raise HttpError(404, "Working memory item not found")
    return answer(row)


@router.delete(
    "/{item_id}",
    response=schemas.ItemDeleted,
    summary="Forget an item",
    operation_id="delete_working_memory",
    openapi_extra=may_fail(400),
)
def delete_item(request: HttpRequest, item_id: str):
    deleted, _ = WorkingMemory.objects.filter(id=as_uuid(item_id)).delete()
    if not deleted:
        raise HttpError(404, "Working memory item not found")
    return {"deleted": True, "id": item_id}


def as_uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise HttpError(400, "Invalid UUID") from None
