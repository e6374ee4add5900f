import json
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.core.actors import actor_of
from apps.core.arrivals import LivePage, live_page
from apps.core.conflicts import Conflict
from apps.core.export import export_rows, wanted_format
from apps.core.keyset import SIZE, ordered
from apps.improvement import lesson_actions
from apps.improvement.forms import LessonFilter, LessonForm, MergeForm
from apps.improvement.history import history_of
from apps.improvement.lessons_page import chart, figures, with_lines
from apps.improvement.models import LessonLearned, LessonMerge
from apps.improvement.schemas import LESSON_FIELDS

SORTS = ("occurrences", "effectiveness")
DUPLICATES = 5  # beside a lesson
PAIRS = 50


@require_GET
def lessons(request: HttpRequest) -> HttpResponseBase:
    wanted = LessonFilter(request.GET)
    rows = wanted.lessons()
    if wanted_format(request):
        return export_rows(request, ordered(rows, "last_occurred", request.GET, SORTS), LESSON_FIELDS, "lessons")
    if wanted.error_message:
        page = LivePage(list(rows.closest_to(wanted.error_message)[:SIZE]), "")
    else:
        page = live_page(rows, "last_occurred", request, sorts=SORTS)
    wanted.offer()
    context: dict[str, Any] = {
        "filter": wanted,
        "kept": [("sort", request.GET["sort"])] if "sort" in request.GET else [],
        "figures": figures(),
        "page": page,
        "lessons": with_lines(page.rows),
    }
    return render(request, "improvement/lessons.html", context)


@require_http_methods(["GET", "POST"])
def lesson(request: HttpRequest, pk: UUID) -> HttpResponse:
    found = LessonLearned.objects.with_state().filter(pk=pk).first()
    if found is None:
        return redirect("lesson", pk=kept_instead_of(pk))
    if request.method == "GET":
        return show_lesson(request, found, LessonForm(instance=found))
    form = LessonForm(request.POST, instance=LessonLearned.objects.get(pk=pk))
    if not form.is_valid():
        return show_lesson(request, found, form, status=422)
    try:
        lesson_actions.edit_lesson(actor_of(request), pk, form.changes(), form.collides_with)
    except LessonLearned.DoesNotExist:
        raise Http404("This lesson has been deleted.") from None
    except Conflict as conflict:
        return show_conflict(request, conflict.row, form)
    messages.success(request, "Saved.")
    return redirect("lesson", pk=pk)


def kept_instead_of(pk: UUID) -> UUID:
    """Raises: Http404 if no lesson was ever merged under this id."""
    merge = LessonMerge.objects.filter(removed_id=pk, undone_at=None).order_by("-merged_at").first()
    if merge is None:
        raise Http404("There is no such lesson.")
    return merge.kept_id


def show_lesson(request: HttpRequest, lesson: LessonLearned, form: LessonForm, status: int = 200) -> HttpResponse:
    merges = list(LessonMerge.objects.into(lesson.pk))
    drawn, undated = chart(lesson, merges)
    context = {
        "lesson": lesson,
        "form": form,
        "chart": drawn,
        "undated": undated,
        "merges": merges,
        "context": json.dumps(lesson.context, indent=2, ensure_ascii=False) if lesson.context else "",
        "duplicates": LessonLearned.objects.like(lesson.error_pattern, but=lesson.pk)[:DUPLICATES],
        "history": history_of(lesson),
    }
    return render(request, "improvement/lesson.html", context, status=status)


def show_conflict(request: HttpRequest, current: LessonLearned, form: LessonForm) -> HttpResponse:
    """Both versions of what the person changed: theirs, and what is there now."""
    now = LessonForm(instance=current)
    versions = [(now[name].label, form[name].value(), now[name].value()) for name in form.changes()]
    context = {"lesson": current, "versions": versions, "repeated": form.over(current)}
    return render(request, "improvement/lesson_conflict.html", context, status=409)


@require_GET
def duplicates(request: HttpRequest) -> HttpResponse:
    """Likely ones in pairs; what is resolved, or came up more often, would be kept."""
    pairs = LessonLearned.objects.likely_duplicates(PAIRS)
    ids = {lesson_id for one, other, _ in pairs for lesson_id in (one, other)}
    known = LessonLearned.objects.in_bulk(ids)
    shown = []
    for one, other, likeness in pairs:
        if one in known and other in known:
            better, worse = sorted((known[one], known[other]), key=worth, reverse=True)
            shown.append((better, worse, likeness))
    return render(request, "improvement/duplicates.html", {"pairs": shown})


def worth(lesson: LessonLearned) -> tuple[bool, int, str]:
    return lesson.is_resolved, lesson.occurrences, str(lesson.pk)


@require_POST
def merge(request: HttpRequest) -> HttpResponse:
    form = MergeForm(request.POST)
    if not form.is_valid():
        return HttpResponse(form.errors.as_text(), status=422, content_type="text/plain")
    kept, removed = form.cleaned_data["kept"], form.cleaned_data["removed"]
    try:
        done = lesson_actions.merge_lessons(actor_of(request), kept, removed)
    except lesson_actions.NotPossible as error:
        return not_possible(request, str(error))
    messages.success(request, f"“{done.pattern}” is part of this lesson now. It can be undone below.")
    return redirect("lesson", pk=kept)


@require_POST
def undo_merge(request: HttpRequest, pk: int) -> HttpResponse:
    try:
        restored = lesson_actions.undo_merge(actor_of(request), pk)
    except LessonMerge.DoesNotExist:
        raise Http404("There is no such merge.") from None
    except lesson_actions.NotPossible as error:
        return not_possible(request, str(error))
    messages.success(request, "The lesson is back as it was.")
    return redirect("lesson", pk=restored)


def not_possible(request: HttpRequest, why: str) -> HttpResponse:
    return render(request, "improvement/not_possible.html", {"why": why}, status=409)
