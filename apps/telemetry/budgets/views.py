from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from apps.core.actors import actor_of
from apps.core.conflicts import Conflict, revision_of
from apps.core.models import Change
from apps.telemetry.budgets import actions
from apps.telemetry.budgets.forms import BudgetForm
from apps.telemetry.budgets.models import Budget
from apps.telemetry.budgets.spending import most_strained, statuses

HISTORY_ROWS = NOTICE_ROWS = 50


@require_http_methods(["GET", "POST"])
def budgets(request: HttpRequest) -> HttpResponse:
    form = BudgetForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        actor, fields = actor_of(request), form.fields_given()
        if made := unless_taken(form, lambda: actions.create_budget(actor, **fields)):
            messages.success(request, f"Added “{made}”.")
            return redirect("budgets")
    context = {
        "form": form,
        "budgets": most_strained(),
        "has_webhook": bool(settings.ARIA_BUDGET_WEBHOOK_URL),
    }
    return render(request, "telemetry/budgets.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
def budget(request: HttpRequest, pk: UUID) -> HttpResponse:
    found = get_object_or_404(Budget, pk=pk)
    if request.method == "GET":
        return show_budget(request, pk, BudgetForm(instance=found, initial=seen(found)))
    form = BudgetForm(request.POST, instance=found, initial=seen(found))
    if not form.is_valid():
        return show_budget(request, pk, form, status=422)
    actor, changes, revision = actor_of(request), form.changes(), form.cleaned_data["revision"]
    try:
        saved = unless_taken(form, lambda: actions.update_budget(actor, pk, changes, revision or None))
    except Conflict as conflict:
        return show_conflict(request, conflict)
    if not saved:
        return show_budget(request, pk, form, status=422)
    messages.success(request, "Saved.")
    return redirect("budget", pk=pk)


@require_POST
def delete(request: HttpRequest, pk: UUID) -> HttpResponse:
    try:
        actions.delete_budget(actor_of(request), pk)
    except Budget.DoesNotExist:
        messages.error(request, "This budget had already been deleted.")
    else:
        messages.success(request, "Deleted.")
    return redirect("budgets")


def unless_taken(form: BudgetForm, write: Callable[[], Budget]) -> Budget | None:
    """None where another budget has got the name since the form was looked at."""
    try:
        return write()
    except IntegrityError:
        form.add_error("name", "There is a budget of this name.")
        return None


def seen(budget: Budget) -> dict[str, Any]:
    return {"revision": revision_of(budget.updated_at)}


def show_conflict(request: HttpRequest, conflict: Conflict) -> HttpResponse:
    """What the person sent, over what is there now: the history beside it tells who changed what."""
    sent = request.POST.copy()
    sent["revision"] = revision_of(conflict.row.updated_at)
    form = BudgetForm(sent, instance=conflict.row, initial=seen(conflict.row))
    form.add_error(None, "Someone else has changed this meanwhile; see the history. Save again to have it your way.")
    return show_budget(request, conflict.row.pk, form, status=409)


def show_budget(request: HttpRequest, pk: UUID, form: BudgetForm, *, status: int = 200) -> HttpResponse:
    [shown] = statuses([Budget.objects.with_leased().get(pk=pk)])
    context = {
        "status": shown,
        "form": form,
        "notices": shown.budget.notices.newest_first()[:NOTICE_ROWS],
        "history": Change.objects.of(shown.budget)[:HISTORY_ROWS],
        "has_webhook": bool(settings.ARIA_BUDGET_WEBHOOK_URL),
    }
    return render(request, "telemetry/budget.html", context, status=status)
