from typing import Any
from uuid import UUID

from django import forms

from apps.improvement.models import ImprovementProposal
from apps.improvement.querysets import ProposalQuerySet

STATES = {
    "proposed": "Waiting",
    "approved": "Approved",
    "rejected": "Rejected",
    "implemented": "Implemented",
    "all": "All",
}
RISKS = ("low", "medium", "high", "critical")
DECISIONS = {"approved": "Approve", "rejected": "Reject", "implemented": "Mark as implemented"}
MOST_AT_ONCE = 200


class ProposalFilter(forms.Form):
    """What the list shows; without a state those that wait."""

    status = forms.ChoiceField(choices=[*STATES.items()], required=False)
    risk = forms.ChoiceField(
        choices=[("", "Risk: all"), *((risk, risk.capitalize()) for risk in RISKS)],
        required=False,
        widget=forms.Select({"class": "field", "aria-label": "Risk"}),
    )
    q = forms.CharField(required=False, max_length=200)

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        self.full_clean()
        self.state = self.cleaned_data.get("status") or "proposed"
        self.narrowed = any(self.cleaned_data.get(name) for name in ("risk", "q"))

    def proposals(self) -> ProposalQuerySet:
        wanted, proposals = self.cleaned_data, ImprovementProposal.objects.all()
        if self.state != "all":
            proposals = proposals.filter(status=self.state)
        if wanted.get("risk"):
            proposals = proposals.filter(risk_level__iexact=wanted["risk"])
        return proposals.matching(wanted["q"]) if wanted.get("q") else proposals


class DecisionForm(forms.Form):
    """A decision on a proposal as it was when the reviewer saw it."""

    decision = forms.ChoiceField(choices=[*DECISIONS.items()])
    revision = forms.CharField(max_length=32)


class BatchForm(forms.Form):
    """One decision on several proposals, each written `<id>~<revision>`."""

    decision = forms.ChoiceField(choices=[*DECISIONS.items()])
    proposal = forms.Field(widget=forms.SelectMultiple, error_messages={"required": "Choose at least one proposal."})

    def clean_proposal(self) -> dict[UUID, str]:
        """Revisions by id."""
        seen = dict(text.partition("~")[::2] for text in self.cleaned_data["proposal"][:MOST_AT_ONCE])
        try:
            return {UUID(proposal_id): revision for proposal_id, revision in seen.items()}
        except ValueError:
            raise forms.ValidationError("That is no proposal.") from None
