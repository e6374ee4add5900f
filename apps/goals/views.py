from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import trigger_client_event

from apps.core.actors import actor_of
from apps.core.conflicts import Conflict, revision_of
from apps.core.models import Change
from apps.core.requests import HtmxRequest
from apps.goals import actions
from apps.goals.forms import PRIORITIES, BoardFilter, GoalForm, MoveForm, QuickAddForm
from apps.goals.models import Goal
from apps.goals.querysets import NO_SPRINT, Column

CARDS_PER_COLUMN = 50
HISTORY_ROWS = 50


@dataclass
class BoardColumn:
    key: str
    label: str
    count: int
    goals: list[Goal] = field(default_factory=list)

    @property
    def hidden(self) -> int:
        return self.count - len(self.goals)


@require_GET
def board(request: HtmxRequest) -> HttpResponse:
    chosen = BoardFilter(request.GET)
    sprint = Goal.objects.sprint_named(request.GET.get("sprint", "").replace("\0", ""))
    cards = shown_cards(request)
    context: dict[str, Any] = {"columns": columns_of(chosen.goals(Goal.objects.of_sprint(sprint)), cards)}
    if is_fragment(request, "board"):
        return render(request, "goals/board.html#columns", context)
    context |= {
        "filter": chosen,
        "sprint": sprint,
        "current": Goal.objects.sprint_named("current"),
        "sprints": Goal.objects.sprints(),
        "cards": cards if cards > CARDS_PER_COLUMN else None,
        "assignees": Goal.objects.assignees(),
        "priorities": PRIORITIES,
        "filtered": any(request.GET.get(name) for name in ("q", "assignee", "tag", "priority")),
        "quick_add": QuickAddForm(),
        "Column": Column.choices,
    }
    return render(request, "goals/board.html", context)


@require_POST
def add(request: HtmxRequest) -> HttpResponse:
    form = QuickAddForm(request.POST)
    sprint = Goal.objects.sprint_named(request.POST.get("sprint", "").replace("\0", ""))
    if form.is_valid():
        fields = form.cleaned_data | {"sprint": "backlog" if sprint in NO_SPRINT else sprint}
        goal = actions.create_goal(actor_of(request), **fields)
        messages.success(request, f"Added “{goal.title}”.")
        form = QuickAddForm()
    else:
        messages.error(request, "A goal needs a title of at most 255 characters.")
    if request.htmx:
        context = {"quick_add": form, "sprint": sprint, "Column": Column.choices}
        return trigger_client_event(render(request, "goals/board.html#quick", context), "goals")
    return redirect(f"{reverse('board')}?{urlencode({'sprint': sprint})}")


@require_http_methods(["GET", "POST"])
def goal(request: HtmxRequest, pk: UUID) -> HttpResponse:
    found = get_object_or_404(Goal.objects.with_shown_column(), pk=pk)
    if request.method == "GET":
        return show_goal(request, found, GoalForm(instance=found, initial=initial_of(found)))
    form = GoalForm(request.POST, instance=found, initial=initial_of(found))
    if not form.is_valid():
        return show_goal(request, Goal.objects.with_shown_column().get(pk=pk), form, status=422)
    try:
        changed = save(request, pk, form)
    except Conflict as conflict:
        return show_conflict(request, conflict, form)
    if request.htmx:
        saved = GoalForm(instance=changed, initial=initial_of(changed))
        # The board fetches itself, also where no socket tells it to.
        return trigger_client_event(show_goal(request, changed, saved, note="Saved."), "goals")
    messages.success(request, "Saved.")
    return redirect("goal", pk=pk)


def save(request: HtmxRequest, pk: UUID, form: GoalForm) -> Goal:
    """The person's own changes; a change of someone else to other fields is no conflict."""
    actor, revision = actor_of(request), form.cleaned_data["revision"] or None
    try:
        return actions.update_goal(actor, str(pk), form.changes(), revision)
    except Conflict as conflict:
        if form.collides_with(conflict.row):
            raise
        return actions.update_goal(actor, str(pk), form.changes(), revision_of(conflict.row.updated_at))


@require_GET
def goal_by_name(request: HtmxRequest, goal_id: str) -> HttpResponse:
    return redirect("goal", pk=get_object_or_404(Goal.objects.named(goal_id)).pk)


@require_POST
def move(request: HtmxRequest, pk: UUID) -> HttpResponse:
    """A script gets the new revision as JSON, or a 409 with the goal as it is; a plain form goes back to the goal."""
    form = MoveForm(request.POST)
    if not form.is_valid():
        return HttpResponse(form.errors.as_text(), status=422, content_type="text/plain")
    wanted = form.cleaned_data
    try:
        goal = actions.move_goal(
            actor_of(request),
            str(pk),
            Column(wanted["column"]),
            position=wanted["position"] or 0,
            before=wanted["before"],
            after=wanted["after"],
            keep_status=True,
            revision=wanted["revision"] or None,
        )
    except Goal.DoesNotExist:
        return HttpResponse("This goal has been deleted.", status=404, content_type="text/plain")
    except Conflict as conflict:
        return moved_meanwhile(request, conflict, Column(wanted["column"]))
    if request.accepts("text/html"):
        messages.success(request, f"Moved to {goal.get_column_label()}.")
        return redirect("goal", pk=pk)
    return JsonResponse({"revision": revision_of(goal.updated_at), "position": goal.position})


@require_POST
def delete(request: HtmxRequest, pk: UUID) -> HttpResponse:
    try:
        actions.delete_goal(actor_of(request), str(pk))
    except Goal.DoesNotExist:
        messages.error(request, "This goal had already been deleted.")
    else:
        messages.success(request, "Deleted. The goal's history is kept.")
    return redirect("board")


@require_GET
def archive(request: HtmxRequest) -> HttpResponse:
    text = request.GET.get("q", "")[:200]
    page = Paginator(Goal.objects.archived().matching(text), 50).get_page(request.GET.get("page"))
    return render(request, "goals/archive.html", {"page": page, "q": text})


def columns_of(goals, cards: int) -> list[BoardColumn]:
    counts = goals.column_counts()
    columns = {key: BoardColumn(key, label, counts[key]) for key, label in Column.choices}
    for goal in goals.top_of_columns(cards).defer("description"):
        columns[goal.shown_column].goals.append(goal)
    return list(columns.values())


def shown_cards(request: HtmxRequest) -> int:
    """50 a column; 'more' asks for further ones, in steps, up to a bound."""
    try:
        return min(max(int(request.GET.get("cards", "")), CARDS_PER_COLUMN), 1000)
    except ValueError:
        return CARDS_PER_COLUMN


def initial_of(goal: Goal) -> dict[str, object]:
    return {"revision": revision_of(goal.updated_at)}


def show_goal(request: HtmxRequest, goal: Goal, form: GoalForm, *, note: str = "", status: int = 200):
    in_drawer = is_fragment(request, "drawer")
    page = "goals/goal.html#goal" if in_drawer else "goals/goal.html"
    column = column_around(goal)
    place = column.index(goal.pk) if goal.pk in column else None
    context = {
        "goal": goal,
        "form": form,
        "note": note,
        "in_drawer": in_drawer,
        "Column": Column.choices,
        "place": place,
        "size": len(column),
        "above": column[place - 1] if place else None,
        "below": column[place + 1] if place is not None and place + 1 < len(column) else None,
        "history": Change.objects.of(goal)[:HISTORY_ROWS],
        "revision": revision_of(goal.updated_at),
    }
    return render(request, page, context, status=status)


def column_around(goal: Goal) -> list[UUID]:
    """The goals of its column on the board of its sprint, from top to bottom."""
    if not goal.on_board:
        return []
    goals = Goal.objects.in_column(goal.shown_column).of_sprint(goal.sprint or "backlog")
    return list(goals.values_list("pk", flat=True))


def show_conflict(request: HtmxRequest, conflict: Conflict, form: GoalForm) -> HttpResponse:
    """Both versions of what the person changed: theirs, and what is there now."""
    current = Goal.objects.with_shown_column().get(pk=conflict.row.pk)
    now = GoalForm(instance=current)
    versions = [(now[name].label, form[name].value(), now[name].value()) for name in form.changes()]
    in_drawer = is_fragment(request, "drawer")
    page = "goals/conflict.html#conflict" if in_drawer else "goals/conflict.html"
    context = {"goal": current, "form": form, "versions": versions, "in_drawer": in_drawer} | initial_of(current)
    return render(request, page, context, status=409)


def moved_meanwhile(request: HtmxRequest, conflict: Conflict, wanted: Column) -> HttpResponse:
    goal = Goal.objects.with_shown_column().get(pk=conflict.row.pk)
    dialog = not request.accepts("text/html")
    page = "goals/conflict.html#move" if dialog else "goals/conflict.html"
    change = Change.objects.of(goal).first()
    revision = revision_of(goal.updated_at)
    context = {"goal": goal, "wanted": wanted, "change": change, "revision": revision, "dialog": dialog}
    return render(request, page, context, status=409)


def is_fragment(request: HtmxRequest, target: str) -> bool:
    """Does htmx ask for just this part of the page (and not for a page to restore from its history)?"""
    return bool(request.htmx) and request.htmx.target == target and not request.htmx.history_restore_request
