from typing import Annotated
from uuid import UUID

from django.http import HttpRequest
from ninja import Query, Router
from ninja.errors import HttpError

from apps.core.actors import actor_of
from apps.core.answers import Created
from apps.core.api import answer, page_list
from apps.core.bodies import Limit, PageNumber
from apps.core.openapi import may_fail
from apps.improvement import actions, schemas
from apps.improvement.models import ImprovementProposal, LessonLearned, PerformanceLog
from apps.improvement.protected import is_protected
from apps.improvement.querysets import UNSOLVED

lesson_router = Router(tags=["Lessons"])
proposal_router = Router(tags=["Proposals"])
performance_router = Router(tags=["Performance"])

ErrorMessage = Annotated[str, Query(description="The lessons whose pattern is most like it come first.")]


@lesson_router.post(
    "",
    response=schemas.Learned,
    summary="Note an error, and what resolves it",
    operation_id="learn_lesson",
    openapi_extra=may_fail(400),
)
def learn(request: HttpRequest, body: schemas.LessonIn):
    """A known pattern has occurred once more, and gets the resolution if one is sent."""
    if not body.error_pattern or not body.error_type:
        raise HttpError(400, "error_pattern and error_type are required")
    lesson_id, occurrences, is_new = actions.learn(actor_of(request), **body.model_dump())
    if is_new:
        return answer({"created": True, "id": lesson_id})
    return answer({"updated": True, "occurrences": occurrences, "id": lesson_id})


@lesson_router.get("", response=schemas.LessonPage, summary="Lessons, the lately needed first")
def list_lessons(request: HttpRequest, page: PageNumber = 1, per_page: Limit = 25):
    return page_list(LessonLearned.objects.latest_first(), schemas.LESSON_FIELDS, page, per_page)


@lesson_router.get("/check", response=schemas.KnownLessons, summary="What is known about an error")
def check_lessons(request: HttpRequest, error_type: str = "", skill_name: str = "", error_message: ErrorMessage = ""):
    """At most five, the most effective first. `has_resolution` says whether one of them is resolved."""
    lessons = LessonLearned.objects.about(error_type, skill_name)
    lessons = lessons.closest_to(error_message) if error_message else lessons.most_effective_first()
    rows = list(lessons.values(*schemas.LESSON_FIELDS)[:5])
    resolved = any(row["resolution"] not in UNSOLVED for row in rows)
    return answer({"lessons": rows, "has_resolution": resolved})


@lesson_router.post("/seed", response=schemas.Seeded, summary="Add the lessons that every agent starts with")
def seed_lessons(request: HttpRequest):
    return {"seeded": actions.seed_lessons(actor_of(request)), "total": len(actions.SEEDS)}


@proposal_router.post(
    "", response=Created, summary="Propose a change", operation_id="create_proposal", openapi_extra=may_fail(400)
)
def propose(request: HttpRequest, body: schemas.ProposalIn):
    if not body.title or not body.description:
        raise HttpError(400, "title and description are required")
    if is_protected(body.file_path):
        raise HttpError(403, "Proposals cannot modify soul/ directory")
    proposal = actions.propose(actor_of(request), **body.model_dump())
    return {"created": True, "id": proposal.id}


@proposal_router.get("", response=schemas.ProposalPage, summary="Proposals, the newest first")
def list_proposals(request: HttpRequest, page: PageNumber = 1, per_page: Limit = 25, status: str = ""):
    proposals = ImprovementProposal.objects.newest_first()
    return page_list(proposals.filter(status=status) if status else proposals, schemas.PROPOSAL_FIELDS, page, per_page)


@proposal_router.get("/{proposal_id}", response=schemas.ProposalOut, summary="One proposal")
def get_proposal(request: HttpRequest, proposal_id: UUID):
    proposal = ImprovementProposal.objects.filter(id=proposal_id).values(*schemas.PROPOSAL_FIELDS).first()
    if proposal is None:
        raise HttpError(404, "Proposal not found")
    return answer(proposal)


@proposal_router.patch(
    "/{proposal_id}",
    response=schemas.Decided,
    summary="Decide on a proposal",
    operation_id="decide_proposal",
    openapi_extra=may_fail(400),
)
def decide(request: HttpRequest, proposal_id: UUID, body: schemas.Decision):
    """What is proposed can be approved or rejected, what is approved can be implemented."""
    if body.status not in tuple(actions.DECIDED_FROM):
        raise HttpError(400, "status must be 'approved', 'rejected', or 'implemented'")
    try:
        actions.decide(actor_of(request), proposal_id, body.status)
    except ImprovementProposal.DoesNotExist:
        raise HttpError(404, "Proposal not found") from None
    except actions.WrongState as error:
        raise HttpError(409, str(error)) from None
    except actions.Protected as error:
        raise HttpError(403, str(error)) from None
    return {"updated": True, "id": proposal_id, "status": body.status}


@performance_router.get("", response=schemas.PerformanceLogs, summary="Reviews of periods, the newest first")
def list_performance(request: HttpRequest, limit: Limit = 50):
    rows = list(PerformanceLog.objects.newest_first().values(*schemas.LOG_FIELDS)[:limit])
    return answer({"logs": rows, "count": len(rows)})


@performance_router.post("", response=schemas.Reviewed, summary="Store the review of a period")
def create_performance(request: HttpRequest, body: schemas.PerformanceIn):
    PerformanceLog.objects.create(**body.model_dump())
    return {"created": True}
