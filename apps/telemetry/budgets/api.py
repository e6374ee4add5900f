from collections.abc import Callable
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from ninja import Header, Router
from ninja.errors import HttpError

from apps.core.actors import actor_of
from apps.core.answers import Created, Deleted, Updated
from apps.core.api import answer, require_admin
from apps.core.bodies import Limit, PageNumber
from apps.core.conflicts import revision_of
from apps.telemetry.budgets import actions, schemas
from apps.telemetry.budgets.checks import Verdict, Wish, check, release
from apps.telemetry.budgets.models import Budget, BudgetNotice
from apps.telemetry.budgets.spending import Status, statuses

router = Router(tags=["Budgets"])
check_router = Router(tags=["Budgets"])

NOTICES = 20
IfMatch = Header(
    None, alias="If-Match", description="The budget's `updated_at` in quotes: change it only if it still is."
)


@router.get("", response=schemas.BudgetPage, summary="Budgets by name, with what is spent of them")
def list_budgets(request: HttpRequest, page: PageNumber = 1, limit: Limit = 100):
    total, skipped = Budget.objects.count(), (max(page, 1) - 1) * limit
    budgets = Budget.objects.with_leased()[skipped : skipped + limit]
    pages = -(-total // limit) if limit else 0
    items = [item(status) for status in statuses(budgets)]
    return answer({"items": items, "total": total, "page": page, "limit": limit, "pages": pages})


@router.post("", response=Created, summary="Create a budget")
def create_budget(request: HttpRequest, body: schemas.BudgetIn):
    """Needs the scope `admin`, as to change and to delete one does: an agent must not lift its own limits."""
    require_admin(request)
    budget = valid(lambda: actions.create_budget(actor_of(request), **body.model_dump()))
    return {"id": budget.pk, "created": True}


@router.get("/{budget_id}", response=schemas.BudgetWithNotices, summary="A budget and its latest notices")
def get_budget(request: HttpRequest, budget_id: UUID):
    [status] = statuses([found(lambda: Budget.objects.with_leased().get(pk=budget_id))])
    notices = [notice_item(notice) for notice in status.budget.notices.newest_first()[:NOTICES]]
    return answer(item(status) | {"notices": notices}, ETag=revision_of(status.budget.updated_at))


@router.patch("/{budget_id}", response=Updated, summary="Change a budget")
def update_budget(
    request: HttpRequest,
    budget_id: UUID,
    body: schemas.BudgetChanges,
    response: HttpResponse,
    if_match: str | None = IfMatch,
):
    require_admin(request)
    actor, changes = actor_of(request), body.changes()
    budget = valid(lambda: found(lambda: actions.update_budget(actor, budget_id, changes, if_match)))
    response["ETag"] = revision_of(budget.updated_at)
    return {"updated": True}


@router.delete("/{budget_id}", response=Deleted, summary="Delete a budget with its notices")
def delete_budget(request: HttpRequest, budget_id: UUID, if_match: str | None = IfMatch):
    require_admin(request)
    found(lambda: actions.delete_budget(actor_of(request), budget_id, if_match))
    return {"deleted": True}


@check_router.post("/check", response=schemas.CheckOut, summary="May an agent spend? If so, lease it")
def check_budget(request: HttpRequest, body: schemas.CheckIn):
    """All hard budgets that the call counts into must have room for it.

    Without an estimate it is taken to cost what the period's calls cost on average. Without a `session_id` it is the
    start of a run. The lease ends with the agent's next report (of a call; for budgets of runs, of a session), when it
    is released, or at `expires_at`. A refusal is a 200 too; `retry_after` is in seconds.
    """
    return answer(verdict_item(check(wish_of(body))))


@check_router.post("/release", response=schemas.Released, summary="Give back what a check has leased")
def release_budget(request: HttpRequest, body: schemas.ReleaseIn):
    """`released` is false where the lease had ended already."""
    return {"released": release(body.lease_id)}


def wish_of(body: schemas.CheckIn) -> Wish:
    cost = None if body.estimated_cost is None else Decimal(str(body.estimated_cost))
    return Wish(body.agent_id, body.model, body.provider, body.estimated_tokens, cost, body.session_id)


def verdict_item(verdict: Verdict) -> dict[str, Any]:
    tightest = verdict.tightest
    item = {
        "allowed": verdict.allowed,
        "remaining": tightest and tightest.remaining,
        "reason": tightest.reason if tightest else "no budget is concerned",
        "unit": tightest and tightest.budget.unit,
        "budget": tightest and tightest.budget.name,
        "lease_id": verdict.lease,
        "expires_at": verdict.expires_at,
    }
    return item if verdict.allowed or not tightest else item | {"retry_after": tightest.retry_after}


def item(status: Status) -> dict[str, Any]:
    budget = status.budget
    return {
        "id": budget.pk,
        "name": budget.name,
        "scope": budget.scope,
        "scope_value": budget.scope_value,
        "unit": budget.unit,
        "period": budget.period,
        "limit": budget.limit,
        "hard": budget.hard,
        "warn_at": budget.warn_at,
        "period_start": status.window.start,
        "period_end": status.window.end,
        "spent": status.spent,
        "estimated": status.cost.estimated,
        "unknown_calls": status.cost.unknown_calls,
        "leased": status.leased,
        "remaining": status.remaining,
        "share": status.share,
        "forecast": status.forecast,
        "state": status.state,
        "created_at": budget.created_at,
        "updated_at": budget.updated_at,
    }


def notice_item(notice: BudgetNotice) -> dict[str, Any]:
    names = ("id", "period_start", "share", "created_at", "state", "attempts", "sent_at", "last_answer", "log")
    return {name: getattr(notice, name) for name in names}


def found(ask: Callable[[], Any]) -> Any:
    try:
        return ask()
    except Budget.DoesNotExist:
        raise HttpError(404, "Budget not found") from None


def valid(write: Callable[[], Any]) -> Any:
    try:
        return write()
    except ValidationError as error:
        raise HttpError(422, " ".join(error.messages)) from None
