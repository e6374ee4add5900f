from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import TextChoices
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.core.actors import actor_of
from apps.core.arrivals import live_page
from apps.core.conflicts import Conflict
from apps.core.export import export_rows, wanted_format
from apps.core.keyset import keyset_page, ordered
from apps.core.models import Change
from apps.memory import memory_actions
from apps.memory.history import SHOWN, differing, history_of
from apps.memory.json_text import JsonTextField
from apps.memory.memory_querysets import MemoryQuerySet
from apps.memory.models import Memory, address_of
from apps.memory.views.deletions import (
    MOST_AT_ONCE,
    as_json,
    chosen,
    listed,
    numbers,
    say_what_came_back,
    undoable,
    uuids,
)

EXPORTED = ("id", "key", "value", "category", "created_at", "updated_at")
MOST_CATEGORIES = 200
LIKE_IT = 8


class Show(TextChoices):
    THERE = "", "Memories"
    DELETED = "deleted", "Deleted"


class MemoryForm(forms.Form):
    """`revision` is the state that the person saw when they began."""

    value = JsonTextField(help_text="JSON")
    category = forms.CharField(max_length=100)
    revision = forms.CharField(required=False, widget=forms.HiddenInput)


class NewMemoryForm(forms.Form):
    key = forms.CharField(max_length=255, strip=False)
    category = forms.CharField(max_length=100, initial="general")
    value = JsonTextField(help_text="JSON", initial="{}")


class MemoryFilter(forms.Form):
    q = forms.CharField(required=False, max_length=200)
    category = forms.CharField(required=False, max_length=100)
    show = forms.ChoiceField(required=False, choices=Show.choices)

    def wanted(self) -> dict[str, str]:
        """As far as it makes sense."""
        self.is_valid()
        return {"q": "", "category": "", "show": ""} | self.cleaned_data


@require_GET
def memories(request: HttpRequest) -> HttpResponseBase:
    filters = MemoryFilter(request.GET)
    wanted = filters.wanted()
    rows = narrowed(wanted)
    if wanted_format(request):
        return export_rows(request, ordered(rows, "updated_at", request.GET), EXPORTED, "memories")
    context: dict[str, Any] = {"filter": filters, "wanted": wanted, "show": Show, "categories": categories(wanted)}
    if wanted["show"] == Show.DELETED:
        page = keyset_page(listed(Memory, "key", as_json("value")), "changed_at", request.GET)
        return render(request, "memory/memories_deleted.html", context | {"page": page})
    page = live_page(rows.listed(), "updated_at", request)
    context |= {"page": page, "undo": undoable(request, Memory)}
    if not page.rows and wanted["q"]:
        context["like_it"] = Memory.objects.with_key_like(wanted["q"])[:LIKE_IT]
    return render(request, "memory/memories.html", context)


def narrowed(wanted: dict[str, str]) -> MemoryQuerySet:
    rows = Memory.objects.holding(wanted["q"])
    return rows.filter(category=wanted["category"]) if wanted["category"] else rows


def categories(wanted: dict[str, str]) -> list[tuple[str, int | None]]:
    """With their memories; what is chosen stays to be seen where there is none of it."""
    found: dict[str, int | None] = {
        row["category"]: row["count"] for row in Memory.objects.category_counts(MOST_CATEGORIES)
    }
    if wanted["category"]:
        found.setdefault(wanted["category"], None)
    return sorted(found.items())


@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    form = NewMemoryForm(request.POST or None, initial={"key": request.GET.get("key", "").replace("\0", "")[:255]})
    if form.is_valid():
        fields = form.cleaned_data
        if memory_actions.add_memory(actor_of(request), **fields):
            messages.success(request, "Stored.")
            return redirect(address_of(fields["key"]))
        form.add_error("key", "There is a memory under this key already.")
    return render(request, "memory/memory_new.html", {"form": form}, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "POST"])
def memory(request: HttpRequest, key: str | None = None) -> HttpResponse:
    found = memory_under(request, key)
    if request.method == "GET":
        return show_memory(request, found, form_of(found))
    form = MemoryForm(request.POST)
    if not form.is_valid():
        return show_memory(request, found, form, status=422)
    try:
        memory_actions.change_memory(actor_of(request), found.pk, **form.cleaned_data)
    except Conflict as conflict:
        return show_conflict(request, conflict.row, form.cleaned_data)
    messages.success(request, "Saved.")
    return redirect(found)


def memory_under(request: HttpRequest, key: str | None) -> Memory:
    key = request.GET.get("key", "") if key is None else key
    found = None if "\0" in key else Memory.objects.written().filter(key=key).first()
    if found is None:
        raise Http404(f"There is no memory under the key “{key[:255]}”.")
    return found


def form_of(memory: Memory) -> MemoryForm:
    return MemoryForm(initial={"value": memory.text, "category": memory.category, "revision": memory.revision})


@require_POST
def revert(request: HttpRequest, pk: int) -> HttpResponse:
    change = get_object_or_404(Change, pk=pk, table_name=Memory._meta.db_table)
    found = get_object_or_404(Memory.objects.written(), pk=change.row_id)
    try:
        memory_actions.revert_memory(actor_of(request), found.pk, change, request.POST.get("revision", ""))
    except Conflict:
        messages.error(request, "It was changed meanwhile, so nothing was reverted. This is what it is now.")
    else:
        messages.success(request, "It is again as it was then.")
    return redirect(found)


@require_POST
def delete(request: HttpRequest) -> HttpResponse:
    """The chosen ones; the list, with the filters that it had, offers to undo it."""
    action = memory_actions.delete_memories(actor_of(request), list(uuids(request.POST.getlist("pk")[:MOST_AT_ONCE])))
    if not action:
        messages.error(request, "Nothing was deleted: choose memories that are there.")
    query = request.GET.copy()
    query["undo"] = str(action or "")
    return redirect(f"{reverse('memories')}?{query.urlencode()}")


@require_POST
def restore(request: HttpRequest) -> HttpResponse:
    changes = chosen(request)
    keys = memory_actions.bring_back(actor_of(request), changes)
    say_what_came_back(request, len(changes), len(keys), "their keys hold something else")
    return redirect(address_of(keys[0]) if len(keys) == 1 else reverse("memories"))


def show_memory(request: HttpRequest, memory: Memory, form: MemoryForm, *, status: int = 200) -> HttpResponse:
    asked = numbers([request.GET.get("before", "")])
    history = history_of(memory, "value", ("category",), until=asked[0] if asked else None)
    context = {
        "memory": memory,
        "form": form,
        "history": history[:SHOWN],
        "older": history[SHOWN - 1].change.pk if len(history) > SHOWN else None,
        "is_newest": not asked,
    }
    return render(request, "memory/memory.html", context, status=status)


def show_conflict(request: HttpRequest, current: Memory, mine: dict[str, str]) -> HttpResponse:
    """Both versions; the form saves the person's own over the one that is there now."""
    form = MemoryForm(initial=mine | {"revision": current.revision})
    for name in form.fields:
        form.fields[name].widget = forms.HiddenInput()
    context = {"memory": current, "form": form, "mine": mine, "lines": list(differing(current.text, mine["value"]))}
    return render(request, "memory/memory_conflict.html", context, status=409)
