from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from apps.memory import actions
from apps.memory.models import WorkingMemory
from apps.memory.querysets import WorkingMemoryQuerySet

SHOWN = 50
MOST_CATEGORIES = 500
ALIVE_TOO = "all"


class CleanUpForm(forms.Form):
    """What to delete, and the moment of the preview: what is written later stays."""

    category = forms.CharField(required=False, max_length=50)
    source = forms.CharField(required=False, max_length=100)
    what = forms.ChoiceField(required=False, choices=[("", "Expired items"), (ALIVE_TOO, "All items, alive ones too")])
    until = forms.DateTimeField(required=False, widget=forms.HiddenInput)

    def clean(self) -> None:
        super().clean()
        named = self.cleaned_data.get("category") or self.cleaned_data.get("source")
        if self.alive_too and not named and not self.errors:
            raise forms.ValidationError("To delete items that are alive, name a category or a source.")

    @property
    def alive_too(self) -> bool:
        return self.cleaned_data.get("what") == ALIVE_TOO

    def items(self) -> WorkingMemoryQuerySet:
        named = {name: self.cleaned_data[name] for name in ("category", "source") if self.cleaned_data[name]}
        items = WorkingMemory.objects.filter(**named)
        return items if self.alive_too else items.expired()


@require_http_methods(["GET", "POST"])
def clean_up(request: HttpRequest) -> HttpResponse:
    """The preview; a POST deletes what it showed."""
    form = CleanUpForm(request.POST if request.method == "POST" else request.GET)
    if request.method == "POST" and form.is_valid() and form.cleaned_data["until"]:
        messages.success(request, delete(form, form.cleaned_data["until"]))
        return redirect("working_memory")
    items = form.items() if form.is_valid() else WorkingMemory.objects.none()
    context: dict[str, Any] = {
        "form": form,
        "count": items.count(),
        "items": items.excerpted().order_by("category", "key")[:SHOWN],
        "categories": WorkingMemory.objects.category_counts(MOST_CATEGORIES),
        "until": timezone.now().isoformat(),
    }
    return render(request, "memory/clean_up.html", context, status=422 if request.method == "POST" else 200)


def delete(form: CleanUpForm, until: datetime) -> str:
    """What to say of it."""
    items = form.items().written_by(until)
    if not form.alive_too:
        return f"Deleted: {actions.clean_up(items)}."
    deleted, before = actions.clean_up_reversibly(items)
    return f"Deleted: {deleted}. What was in mind before is kept as {before.pk}."
