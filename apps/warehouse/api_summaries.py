"""Memory's router of texts found by meaning, with the accounts of sessions, for which telemetry is read too."""

from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest
from django.utils import timezone
from ninja import Field
from ninja.errors import HttpError

from apps.core.actors import actor_of
from apps.core.api import answer
from apps.core.bodies import Body, example
from apps.core.retries import knows_retries, row_id
from apps.memory import schemas
from apps.memory.api.semantic import router
from apps.memory.models import SessionSummary
from apps.warehouse.summaries import begin, recent_activities

PATIENCE = 10  # seconds that a caller waits; the writing goes on
LONGEST = timedelta(minutes=10)  # that a summary may take; nobody writes it any more
NOTHING = {"summary": "No recent activities to summarize.", "decisions": [], "stored": False}


class SummarizeIn(Body):
    model_config = example(hours_back=24)

    hours_back: Annotated[float, Field(ge=0, le=87_600)] = 24


@router.post("/summarize-session", response=schemas.Summary, summary="Summarise what the agent did of late")
@knows_retries
def summarize_session(request: HttpRequest, body: SummarizeIn):
    """What comes of it is stored as semantic memories. Where the language model takes long, the answer is `pending`,
    and `GET /memories/summarize-session/{id}` has the summary later; a retry with the same Idempotency-Key does too."""
    summary_id = row_id(request, None)
    known = SessionSummary.objects.filter(id=summary_id).first()
    if known:
        return answer(as_it_stands(known))
    activities = recent_activities(body.hours_back)
    if not activities:
        return answer(NOTHING)
    summary, is_new = SessionSummary.objects.get_or_create(id=summary_id, defaults={"hours_back": body.hours_back})
    if not is_new:  # a retry that came a moment earlier
        return answer(as_it_stands(summary))
    writing = begin(actor_of(request), summary_id, body.hours_back, activities)
    try:
        return answer(writing.result(PATIENCE) | {"id": summary_id, "pending": False})
    except TimeoutError:
        return answer(as_it_stands(SessionSummary(id=summary_id)))


@router.get("/summarize-session/{uuid:summary_id}", response=schemas.Summary, summary="A summary that was asked for")
def session_summary(request: HttpRequest, summary_id: UUID):
    summary = SessionSummary.objects.filter(id=summary_id).first()
    if summary is None:
        raise HttpError(404, "Summary not found")
    return answer(as_it_stands(summary))


def as_it_stands(summary: SessionSummary) -> dict[str, Any]:
    if summary.answer:
        return summary.answer | {"id": summary.id, "pending": False}
    pending = summary.requested_at > timezone.now() - LONGEST
    said = "The summary is being written." if pending else "The site ended before the summary was written; ask anew."
    return {"summary": said, "decisions": [], "stored": False, "ids": [], "id": summary.id, "pending": pending}
