from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from apps.core.actors import actor_of
from apps.core.arrivals import live_page
from apps.core.conflicts import Conflict
from apps.core.export import export_rows, wanted_format
from apps.core.keyset import SIZE, KeysetPage, ordered
from apps.core.models import Change
from apps.improvement import actions
from apps.improvement.forms import DECISIONS, STATES, BatchForm, DecisionForm, ProposalFilter
from apps.improvement.models import ImprovementProposal
from apps.improvement.querysets import ProposalQuerySet
from apps.improvement.schemas import PROPOSAL_FIELDS

SIDES = {"current": "current_code", "proposed": "proposed_code"}
LISTED = ("title", "category", "risk_level", "file_path", "status", "reviewed_by", "reviewed_at", "created_at")


@require_GET
def proposals(request: HttpRequest) -> HttpResponseBase:
    wanted = ProposalFilter(request.GET)
    rows = wanted.proposals()
    if wanted_format(request):
        return export_rows(request, in_order(rows, request), PROPOSAL_FIELDS, "proposals")
    counts = ImprovementProposal.objects.status_counts()
    counts["all"] = sum(counts.values())
    context: dict[str, Any] = {
        "filter": wanted,
        "kept": [(name, request.GET[name]) for name in ("status", "sort") if name in request.GET],
        "states": [(state, label, counts.get(state, 0)) for state, label in STATES.items()],
        "oldest": ImprovementProposal.objects.waiting().values_list("created_at", flat=True).first(),
        "decisions": [(decision, DECISIONS[decision]) for decision in actions.possible(wanted.state)],
        "query": request.GET.urlencode(),
    }
    rows = rows.with_revision().only(*LISTED)
    if by_risk(request):
        context["numbered"] = Paginator(in_order(rows, request), SIZE).get_page(request.GET.get("page"))
        context["page"] = KeysetPage(list(context["numbered"]), request.GET["sort"])
    else:
        context["page"] = live_page(rows, "created_at", request)
    return render(request, "improvement/proposals.html", context)


def by_risk(request: HttpRequest) -> bool:
    return request.GET.get("sort") in ("risk", "-risk")


def in_order(rows: ProposalQuerySet, request: HttpRequest) -> QuerySet:
    if not by_risk(request):
        return ordered(rows, "created_at", request.GET)
    rows = rows.riskiest_first()
    return rows if request.GET["sort"] == "-risk" else rows.reverse()


@require_POST
def review(request: HttpRequest, pk: UUID) -> HttpResponse:
    proposal = get_object_or_404(ImprovementProposal.objects.only("title"), pk=pk)
    form = DecisionForm(request.POST)
    if not form.is_valid():
        return HttpResponse(form.errors.as_text(), status=422, content_type="text/plain")
    decision = form.cleaned_data["decision"]
    try:
        actions.decide(actor_of(request), pk, decision, form.cleaned_data["revision"])
    except ImprovementProposal.DoesNotExist:
        raise Http404("This proposal has been deleted.") from None
    except actions.Protected:
        return show_conflict(request, pk, decision, protected=True)
    except (actions.WrongState, Conflict):
        return show_conflict(request, pk, decision)
    messages.success(request, f"“{proposal.title}” is {decision}.")
    return redirect("proposal", pk=pk)


def show_conflict(request: HttpRequest, pk: UUID, decision: str, *, protected: bool = False) -> HttpResponse:
    """What stands there now, and who changed it."""
    proposal = get_object_or_404(ImprovementProposal, pk=pk)
    change = Change.objects.of(proposal).first()
    context = {"proposal": proposal, "decision": decision, "protected": protected, "change": change}
    return render(request, "improvement/conflict.html", context, status=403 if protected else 409)


@require_POST
def review_several(request: HttpRequest) -> HttpResponse:
    """Back to the list where all went well; otherwise what was done and what was not, one by one."""
    back = f"{reverse('proposals')}?{QueryDict(request.POST.get('query', '')).urlencode()}"
    form = BatchForm(request.POST)
    if not form.is_valid():
        messages.error(request, " ".join(str(error) for errors in form.errors.values() for error in errors))
        return redirect(back)
    decision, revisions = form.cleaned_data["decision"], form.cleaned_data["proposal"]
    problems = actions.decide_each(actor_of(request), revisions, decision)
    done = sum(not problem for problem in problems.values())
    if done == len(problems):
        messages.success(request, f"{done} proposal{'s' if done > 1 else ''} {decision}.")
        return redirect(back)
    titles = dict(ImprovementProposal.objects.filter(pk__in=problems).values_list("pk", "title"))
    results = [(pk, titles.get(pk, ""), problem) for pk, problem in problems.items()]
    context = {"results": results, "done": done, "decision": decision, "back": back}
    return render(request, "improvement/reviewed.html", context, status=409)


@require_GET
def code(request: HttpRequest, pk: UUID, side: str) -> HttpResponse:
    """All of the current or the proposed code, as a file."""
    if side not in SIDES:
        raise Http404
    proposal = get_object_or_404(ImprovementProposal.objects.only(SIDES[side]), pk=pk)
    headers = {"Content-Disposition": f'attachment; filename="{side}-{pk}.txt"'}
    text = getattr(proposal, SIDES[side]) or ""
    return HttpResponse(text, content_type="text/plain; charset=utf-8", headers=headers)
