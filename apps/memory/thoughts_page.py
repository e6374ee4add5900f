"""What the page of thoughts adds up: how many there were of which category, over a time."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Min

from apps.core.charts import Chart
from apps.core.figures import Figure, whole
from apps.core.ranges import EARLIEST, TimeRange, label_of
from apps.core.stacks import stacked, sum_of
from apps.memory.models import Thought
from apps.memory.querysets import ThoughtQuerySet

MOST_NAMES = 500  # categories; agents may write anything there


@dataclass(frozen=True)
class Wanted:
    """What the filters ask for; an empty text asks for nothing."""

    category: str = ""
    text: str = ""

    @property
    def anything(self) -> bool:
        return any(vars(self).values())

    def thoughts(self, time: TimeRange) -> ThoughtQuerySet:
        rows = Thought.objects.between(time.since, time.until)
        rows = rows.filter(category=self.category) if self.category else rows
        return rows.telling(self.text) if self.text else rows


def figures(wanted: Wanted, time: TimeRange) -> list[Figure]:
    now = wanted.thoughts(time).count()
    before = wanted.thoughts(time.previous).count() if time.previous else None
    return [Figure("Thoughts", now, before, whole)]


def categories(wanted: Wanted, time: TimeRange) -> list[dict[str, Any]]:
    """Of all categories, whichever is chosen, the largest first, each with its share of that one."""
    rows = list(Wanted(text=wanted.text).thoughts(time).category_counts(MOST_NAMES))
    return [row | {"share": row["count"] / rows[0]["count"]} for row in rows]


def chart(wanted: Wanted, time: TimeRange) -> Chart:
    thoughts = wanted.thoughts(time).filter(created_at__gte=EARLIEST)
    time = time.starting_at(time.since or thoughts.aggregate(first=Min("created_at"))["first"] or time.ends)
    starts = list(time.starts())
    series = stacked(thoughts.over_time(time.grain), "category", sum_of("count"), starts)
    return Chart("Thoughts", "bars", [label_of(time.grain, start) for start in starts], series, whole)
