from typing import Any

from django import forms

from apps.telemetry.budgets.models import Budget


class BudgetForm(forms.ModelForm):
    """`revision` is the state that the person saw when they began."""

    hard = forms.TypedChoiceField(
        label="At the limit",
        choices=[("True", "refuse agents that ask"), ("False", "only warn")],
        coerce=lambda value: str(value) == "True",
        initial="True",
    )
    revision = forms.CharField(widget=forms.HiddenInput, required=False)

    class Meta:
        model = Budget
        fields = ("name", "limit", "unit", "period", "scope", "scope_value", "hard", "warn_at")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.limit is not None:
            self.initial["limit"] = f"{self.instance.limit.normalize():f}"

    def fields_given(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in self._meta.fields or ()}

    def changes(self) -> dict[str, Any]:
        """What the person has changed, so that an untouched field never overwrites somebody else's."""
        return {name: self.cleaned_data[name] for name in self.changed_data if name != "revision"}
