from dataclasses import dataclass, field
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import trigger_client_event

from apps.core.actors import actor_of
from apps.core.conflicts import Conflict
from apps.core.models import Change
from apps.core.requests import HtmxRequest
from apps.goals import actions
from apps.goals.forms import PRIORITIES, BoardFilter, GoalForm, MoveForm, QuickAddForm
from apps.goals.models import Goal
from apps.goals.querysets import Column

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
def home(request: HtmxRequest) -> HttpResponse:
    return redirect("board")


@require_GET
def board(request: HtmxRequest) -> HttpResponse:
    chosen = BoardFilter(request.GET)
    sprints = Goal.objects.sprints()
    current = sprints[0] if sprints else "sprint-1"
    sprint = chosen.chosen_sprint(current)
    goals = chosen.goals(Goal.objects.of_sprint(sprint))
    context: dict[str, Any] = {"columns": columns_of(goals, shown_cards(request))}
    if is_fragment(request, "board"):
        return render(request, "goals/board.html#columns", context)
    context |= {
        "filter": chosen,
        "sprint": sprint,
        "current": current,
        "sprints": sprints,
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
    if form.is_valid():
        sprint = form.cleaned_data["sprint"] or "backlog"
        goal = actions.create_goal(actor_of(request), **form.cleaned_data | {"sprint": sprint})
        messages.success(request, f"Added “{goal.title}”.")
    else:
        messages.error(request, "A goal needs a title of at most 255 characters.")
    if request.htmx:
        context = {"quick_add": QuickAddForm(), "sprint": request.POST.get("sprint", ""), "Column": Column.choices}
        return trigger_client_event(render(request, "goals/board.html#quick", context), "goals")
    return redirect(f"{reverse('board')}?sprint={request.POST.get('sprint', '')}")


@require_http_methods(["GET", "POST"])
def goal(request: HtmxRequest, goal_id: str) -> HttpResponse:
    found = get_object_or_404(Goal.objects.named(goal_id).with_shown_column())
    if request.method == "GET":
        return show_goal(request, found, GoalForm(instance=found, initial=initial_of(found)))
    form = GoalForm(request.POST, instance=found, initial=initial_of(found))
    if not form.is_valid():
        return show_goal(request, Goal.objects.with_shown_column().get(pk=found.pk), form, status=422)
    try:
        changed = actions.update_goal(actor_of(request), goal_id, form.changes(), form.cleaned_data["revision"] or None)
    except Conflict as conflict:
        return show_conflict(request, conflict, form)
    if request.htmx:
        saved = GoalForm(instance=changed, initial=initial_of(changed))
        # The board fetches itself, also where no socket tells it to.
        return trigger_client_event(show_goal(request, changed, saved, note="Saved."), "goals")
    messages.success(request, "Saved.")
    return redirect("goal", goal_id=changed.goal_id)


@require_POST
def move(request: HtmxRequest, goal_id: str) -> HttpResponse:
    """A script gets the new revision as JSON, or a 409 with the goal as it is; a plain form goes back to the goal."""
    form = MoveForm(request.POST)
    if not form.is_valid():
        return HttpResponse(form.errors.as_text(), status=422, content_type="text/plain")
    wanted = form.cleaned_data
    try:
        goal = actions.move_goal(
            actor_of(request),
            goal_id,
            Column(wanted["column"]),
            position=wanted["position"] or 0,
            before=wanted["before"] or None,
            after=wanted["after"] or None,
            revision=wanted["revision"] or None,
        )
    except Goal.DoesNotExist:
        return HttpResponse("This goal has been deleted.", status=404, content_type="text/plain")
    except Conflict as conflict:
        return moved_meanwhile(request, conflict, Column(wanted["column"]))
    if request.accepts("text/html"):
        messages.success(request, f"Moved to {goal.get_column_label()}.")
        return redirect("goal", goal_id=goal.goal_id)
    return JsonResponse({"revision": actions.revision_of(goal.updated_at), "position": goal.position})


@require_POST
def delete(request: HtmxRequest, goal_id: str) -> HttpResponse:
    try:
        actions.delete_goal(actor_of(request), goal_id)
    except Goal.DoesNotExist:
        messages.error(request, "This goal had already been deleted.")
    else:
        messages.success(request, f"Deleted {goal_id}. Its history is kept.")
    return redirect("board")


@require_GET
def archive(request: HtmxRequest) -> HttpResponse:
    text = request.GET.get("q", "").replace("\0", "")
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
    return {"revision": actions.revision_of(goal.updated_at)}


def show_goal(request: HtmxRequest, goal: Goal, form: GoalForm, *, note: str = "", status: int = 200):
    page = "goals/goal.html#goal" if is_fragment(request, "drawer") else "goals/goal.html"
    neighbours = (
        Goal.objects.in_column(goal.shown_column) if goal.shown_column in Column.values else Goal.objects.none()
    )
    context = {
        "goal": goal,
        "form": form,
        "note": note,
        "Column": Column.choices,
        "last": neighbours.count() - 1,
        "history": Change.objects.of(goal)[:HISTORY_ROWS],
        "revision": actions.revision_of(goal.updated_at),
    }
    return render(request, page, context, status=status)


def show_conflict(request: HtmxRequest, conflict: Conflict, form: GoalForm) -> HttpResponse:
    """Both versions, field by field: what the person wanted beside what is there now."""
    current = Goal.objects.with_shown_column().get(pk=conflict.row.pk)
    now = initial_of(current)
    theirs = GoalForm(instance=current, initial=now)
    versions = [(form.fields[name].label, value, theirs[name].value()) for name, value in form.changes().items()]
    page = "goals/conflict.html#conflict" if is_fragment(request, "drawer") else "goals/conflict.html"
    context = {"goal": current, "form": form, "versions": versions, "revision": now["revision"]}
    return render(request, page, context, status=409)


def moved_meanwhile(request: HtmxRequest, conflict: Conflict, wanted: Column) -> HttpResponse:
    goal = Goal.objects.with_shown_column().get(pk=conflict.row.pk)
    page = "goals/conflict.html#move" if not request.accepts("text/html") else "goals/conflict.html"
    change = Change.objects.of(goal).first()
    context = {"goal": goal, "wanted": wanted, "change": change, "revision": actions.revision_of(goal.updated_at)}
    return render(request, page, context, status=409)


def is_fragment(request: HtmxRequest, target: str) -> bool:
    """Does htmx ask for just this part of the page (and not for a page to restore from its history)?"""
    return bool(request.htmx) and request.htmx.target == target and not request.htmx.history_restore_request
