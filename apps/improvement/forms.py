from typing import Any
from uuid import UUID

from django import forms
from django.utils.safestring import SafeString

from apps.core.form_fields import LinesField, NameSelect
from apps.improvement.models import ImprovementProposal, LessonLearned
from apps.improvement.querysets import RISKS, UNRESOLVED, LessonQuerySet, ProposalQuerySet

STATES = {
    "proposed": "Waiting",
    "approved": "Approved",
    "rejected": "Rejected",
    "implemented": "Implemented",
    "all": "All",
}
DECISIONS = {"approved": "Approve", "rejected": "Reject", "implemented": "Mark as implemented"}
MOST_AT_ONCE = 200


class ProposalFilter(forms.Form):
    """What the list shows; without a state those that wait."""

    status = forms.ChoiceField(choices=[*STATES.items()], required=False)
    risk = forms.ChoiceField(
        choices=[("", "Risk: all"), *((risk, risk.capitalize()) for risk in reversed(RISKS))],
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
        texts = self.cleaned_data["proposal"]
        if len(texts) > MOST_AT_ONCE:
            raise forms.ValidationError(f"At most {MOST_AT_ONCE} proposals can be decided at once.")
        seen = dict(text.partition("~")[::2] for text in texts)
        try:
            return {UUID(proposal_id): revision for proposal_id, revision in seen.items()}
        except ValueError:
            raise forms.ValidationError("That is no proposal.") from None


class LessonFilter(forms.Form):
    """What the list shows; with an error's `message` the lessons that are most like it, as agents ask for them."""

    type = forms.CharField(required=False, max_length=100)
    skill = forms.CharField(required=False, max_length=100)
    state = forms.ChoiceField(
        required=False,
        choices=[
            ("", "State: all"),
            ("unresolved", "Unresolved"),
            ("resolved", "Resolved"),
            ("again", "Seen again after the resolution"),
        ],
    )
    q = forms.CharField(required=False, max_length=200)
    message = forms.CharField(required=False, max_length=10_000)

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        self.full_clean()
        self.error_message: str = self.cleaned_data.get("message", "")
        self.narrowed = any(self.cleaned_data.values())

    def offer(self) -> None:
        """What is chosen stays to be seen where there is none of it."""
        for name, column in (("type", "error_type"), ("skill", "skill_name")):
            chosen = self.cleaned_data.get(name, "")
            self.fields[name].widget = NameSelect(name, LessonLearned.objects.names(column), chosen)
        self.fields["state"].widget.attrs = {"class": "field", "aria-label": "State"}

    def lessons(self) -> LessonQuerySet:
        wanted = self.cleaned_data
        lessons = LessonLearned.objects.about(wanted.get("type", ""), wanted.get("skill", "")).with_state()
        if wanted.get("state"):
            lessons = lessons.in_state(wanted["state"])
        return lessons.matching(wanted["q"]) if wanted.get("q") else lessons


class LessonForm(forms.ModelForm):
    """What people edit of a lesson; its pattern is how agents name it, and stays.

    The page carries each field's value as the person saw it, so it is known what they changed, and what of that
    somebody else has changed meanwhile.
    """

    resolution = LinesField(required=False, help_text="empty: unresolved")
    resolution_code = LinesField(required=False)

    class Meta:
        model = LessonLearned
        fields = ("resolution", "resolution_code", "error_type", "skill_name", "effectiveness")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.show_hidden_initial = True

    def clean_resolution(self) -> str:
        return self.cleaned_data["resolution"] or UNRESOLVED

    def clean_resolution_code(self) -> str | None:
        return self.cleaned_data["resolution_code"] or None

    def changes(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in self.changed_data}

    def collides_with(self, current: LessonLearned) -> bool:
        """Has somebody else changed one of the fields that the person changed, since they began?"""
        now = LessonForm(instance=current)
        return any(
            self.fields[name].has_changed(now[name].initial, self.data.get(self[name].html_initial_name))
            for name in self.changed_data
        )

    def over(self, current: LessonLearned) -> list[SafeString]:
        """What the person changed, as hidden fields to be sent once more, now over what is there."""
        now = LessonForm(instance=current)
        changed = {*self.changed_data}
        return [
            (self if name in changed else now)[name].as_hidden() + now[name].as_hidden(only_initial=True)
            for name in self.fields
        ]


class MergeForm(forms.Form):
    kept = forms.UUIDField()
    removed = forms.UUIDField()
