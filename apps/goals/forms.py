from typing import Any, cast

from django import forms
from django.utils.safestring import SafeString

from apps.core.form_fields import LinesField
from apps.goals.models import Goal
from apps.goals.querysets import STATUSES, Column, GoalQuerySet

PRIORITIES = [(number, f"P{number}") for number in range(1, 6)]


class TagsField(forms.Field):
    """A JSON list of texts, written as `infra, memory`."""

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(map(str, value)) if isinstance(value, list) else value

    def to_python(self, value: Any) -> list[str]:
        return [tag.strip() for tag in (value or "").split(",") if tag.strip()]


class QuickAddForm(forms.Form):
    title = forms.CharField(max_length=255)
    board_column = forms.ChoiceField(choices=Column.choices, required=False, initial=Column.BACKLOG)
    sprint = forms.CharField(max_length=100, required=False)

    def clean_board_column(self) -> str:
        return self.cleaned_data["board_column"] or Column.BACKLOG


class GoalForm(forms.ModelForm):
    """Everything about a goal that a person edits; `revision` is the state they saw when they began.

    The page carries each field's value of that state as well, so it is known which ones the person changed.
    """

    description = LinesField(required=False)
    tags = TagsField(required=False, help_text="separated by commas")
    progress = forms.DecimalField(min_value=0, max_value=100, decimal_places=2, help_text="percent")
    status = forms.ChoiceField()
    revision = forms.CharField(widget=forms.HiddenInput, required=False)

    class Meta:
        model = Goal
        fields = (
            "title",
            "description",
            "status",
            "priority",
            "progress",
            "sprint",
            "assigned_to",
            "due_date",
            "tags",
        )
        widgets = {
            "due_date": forms.DateTimeInput(attrs={"type": "datetime-local", "step": 1}, format="%Y-%m-%dT%H:%M:%S"),
            "sprint": forms.TextInput,
        }
        help_texts = {"due_date": "UTC", "priority": "1 is the most urgent"}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Agents may use words of their own for a status; saving the form must not lose them.
        statuses = dict.fromkeys([*STATUSES, self.instance.status])
        cast(forms.ChoiceField, self.fields["status"]).choices = [(status, status) for status in statuses]
        for name in self._meta.fields or ():
            self.fields[name].show_hidden_initial = True

    def changes(self) -> dict[str, Any]:
        """What the person has changed, so that an untouched field never overwrites somebody else's."""
        return {name: self.cleaned_data[name] for name in self.changed_data if name != "revision"}

    def collides_with(self, current: Goal) -> bool:
        """Has somebody else changed one of the fields that the person changed, since they began?"""
        now = GoalForm(instance=current)
        return any(
            self.fields[name].has_changed(now[name].initial, self.data.get(self[name].html_initial_name))
            for name in self.changes()
        )

    def repeated(self) -> list[SafeString]:
        """All that was sent, as hidden fields, to be sent once more."""
        sent = [self[name] for name in self._meta.fields or ()]
        return [field.as_hidden() + field.as_hidden(only_initial=True) for field in sent]


class MoveForm(forms.Form):
    """Into a column: above the goal `before`, below the goal `after`, or at `position` from the top."""

    column = forms.ChoiceField(choices=Column.choices)
    before = forms.UUIDField(required=False)
    after = forms.UUIDField(required=False)
    position = forms.IntegerField(required=False, min_value=0, max_value=1_000_000)
    revision = forms.CharField(required=False)


class BoardFilter(forms.Form):
    """What of the board to show; it lives in the URL."""

    sprint = forms.CharField(required=False, max_length=100)
    q = forms.CharField(required=False, max_length=200)
    assignee = forms.CharField(required=False, max_length=100)
    tag = forms.CharField(required=False, max_length=100)
    priority = forms.TypedChoiceField(choices=[("", "Any"), *PRIORITIES], coerce=int, empty_value=None, required=False)

    def goals(self, goals: GoalQuerySet) -> GoalQuerySet:
        self.full_clean()
        wanted = self.cleaned_data
        if wanted.get("q"):
            goals = goals.matching(wanted["q"])
        if wanted.get("assignee"):
            goals = goals.filter(assigned_to=wanted["assignee"])
        if wanted.get("tag"):
            goals = goals.tagged(wanted["tag"])
        if wanted.get("priority"):
            goals = goals.filter(priority=wanted["priority"])
        return goals
