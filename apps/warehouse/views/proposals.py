from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from apps.improvement import actions
from apps.improvement.difference import difference
from apps.improvement.forms import DECISIONS
from apps.improvement.history import history_of
from apps.improvement.models import ImprovementProposal
from apps.improvement.protected import is_protected
from apps.warehouse.proposal_page.evidence import evidence
from apps.warehouse.proposal_page.outcome import outcome


@require_GET
def proposal(request: HttpRequest, pk: UUID) -> HttpResponse:
    found = get_object_or_404(ImprovementProposal.objects.with_revision(), pk=pk)
    history = history_of(found)
    known = evidence(found)
    is_soul = is_protected(found.file_path or "")
    decisions = [one for one in actions.possible(found.status) if one == "rejected" or not is_soul]
    context = {
        "proposal": found,
        "is_protected": is_soul,
        "decisions": [(one, DECISIONS[one]) for one in decisions],
        "difference": difference(found.current_code or "", found.proposed_code or ""),
        "evidence": known,
        "outcome": outcome(found, known.skill, history),
        "history": history,
        "made": next((change for change in history if change.operation == "insert"), None),
    }
    return render(request, "improvement/proposal.html", context)
