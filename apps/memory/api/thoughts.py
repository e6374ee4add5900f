from django.http import HttpRequest
from ninja import Router

from apps.core.answers import Created
from apps.core.api import page_list
from apps.core.bodies import Limit, PageNumber
from apps.core.retries import row_id, store_once
from apps.memory import schemas
from apps.memory.models import Thought

router = Router(tags=["Thoughts"])


@router.get("", response=schemas.ThoughtPage, summary="Thoughts, the newest first")
def list_thoughts(request: HttpRequest, page: PageNumber = 1, limit: Limit = 25):
    fields = ("id", "category", "content", "created_at")
    return page_list(Thought.objects.newest_first(), fields, page, limit, with_timestamp)


@router.post("", response=Created, summary="Note a thought")
def create_thought(request: HttpRequest, body: schemas.ThoughtIn):
    thought = Thought(id=row_id(request, body.id), **body.model_dump(exclude={"id"}))
    store_once(thought)
    return {"id": thought.id, "created": True}


def with_timestamp(row: dict) -> dict:
    row["timestamp"] = row.pop("created_at")
    return row
