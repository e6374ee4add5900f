"""What the pages of lessons show beside the rows: how often their errors came up, and when."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from django.db.models import Count, Q, Sum

from apps.core.charts import Chart, Series, Sparkline
from apps.core.figures import Figure, whole
from apps.improvement.models import LessonDay, LessonLearned, LessonMerge
from apps.improvement.querysets import UNSOLVED

DAYS_IN_LINE, DAYS_IN_CHART = 30, 90


def figures() -> list[Figure]:
    counts = LessonLearned.objects.aggregate(
        lessons=Count("pk"),
        unresolved=Count("pk", filter=Q(resolution__in=UNSOLVED)),
        again=Count("pk", filter=Q(state__seen_since__gt=0)),
    )
    today = datetime.now(UTC).date()
    week, before = Q(day__gt=today - timedelta(days=7)), Q(day__gt=today - timedelta(days=14))
    seen = LessonDay.objects.filter(before).aggregate(
        now=Sum("occurrences", filter=week, default=0), before=Sum("occurrences", filter=~week, default=0)
    )
    return [
        Figure("Lessons", counts["lessons"], None, whole),
        Figure("Unresolved", counts["unresolved"], None, whole),
        Figure("Seen again after the resolution", counts["again"], None, whole),
        Figure("Occurrences in 7 days", seen["now"], seen["before"], whole),
    ]


def with_lines(lessons: Sequence[LessonLearned]) -> list[tuple[LessonLearned, Sparkline]]:
    """Each with its occurrences of the last days."""
    days = latest_days(DAYS_IN_LINE)
    counts: dict[UUID, dict[date, int]] = defaultdict(dict)
    rows = LessonDay.objects.filter(lesson_id__in=[lesson.pk for lesson in lessons], day__gte=days[0])
    for lesson_id, day, occurrences in rows.values_list("lesson_id", "day", "occurrences"):
        counts[lesson_id][day] = occurrences
    labels = [label(day) for day in days]
    values = [[counts[lesson.pk].get(day, 0) for day in days] for lesson in lessons]
    lines = [Sparkline(f"Occurrences in {DAYS_IN_LINE} days", labels, seen, whole) for seen in values]
    return list(zip(lessons, lines, strict=True))


def chart(lesson: LessonLearned, merges: Iterable[LessonMerge]) -> tuple[Chart, int]:
    """By the day, with those of lessons that were merged into it; and how many occurrences have no known day."""
    ids = [lesson.pk, *(merge.removed_id for merge in merges)]
    rows = (
        LessonDay.objects.filter(lesson_id__in=ids).values_list("day").annotate(n=Sum("occurrences")).order_by("-day")
    )
    counts = dict(rows[:1000])
    days = latest_days(DAYS_IN_CHART)
    series = Series("occurrences", [counts.get(day, 0) for day in days])
    title = f"Occurrences by the day (UTC), {DAYS_IN_CHART} days"
    return Chart(title, "bars", [label(day) for day in days], [series], whole), max(
        lesson.occurrences - sum(counts.values()), 0
    )


def latest_days(number: int) -> list[date]:
    today = datetime.now(UTC).date()
    return [today - timedelta(days=back) for back in reversed(range(number))]


def label(day: date) -> str:
    return day.strftime("%b %-d")
