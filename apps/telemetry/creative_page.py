"""What the creative pulse shows: what the skills that make something of their own did in a time."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from apps.core.charts import Chart, Series
from apps.core.figures import Figure, whole
from apps.core.ranges import TimeRange, label_of
from apps.telemetry.activities_page import MOST_NAMED, from_the_first, with_shares
from apps.telemetry.models import ActivityLog
from apps.telemetry.querysets import CREATIVE, SPELLINGS, ActivityQuerySet
from apps.telemetry.sum_querysets import ActivitySumQuerySet
from apps.telemetry.sums import ActivitySum
from apps.telemetry.visualization import latest_brainstorm, latest_experiment


@dataclass(frozen=True)
class Pulse:
    """Of all creative skills, or of one of them."""

    time: TimeRange
    skill: str = ""

    def sums(self, time: TimeRange, **finest: Any) -> ActivitySumQuerySet:
        return ActivitySum.objects.between(time.since, time.until, **finest)

    def figures(self) -> list[Figure]:
        """Each skill's activities beside those of the period before, whichever of them is chosen."""
        now = self.sums(self.time).by_creative_skill()
        before = self.sums(self.time.previous).by_creative_skill() if self.time.previous else {}
        each = [
            Figure(skill.replace("_", " ").capitalize(), now[skill], before.get(skill), whole) for skill in CREATIVE
        ]
        return [Figure("All", sum(now.values()), sum(before.values()) if before else None, whole), *each]

    def chart(self) -> Chart:
        time = from_the_first(self.sums(self.time).creative(), self.time)
        at: Counter[tuple[str, Any]] = Counter()
        for row in self.sums(time, finest=time.finest).creative_over_time(time.grain):
            at[SPELLINGS[row["spelling"]], row["start"]] += row["count"]
        starts, shown = list(time.starts()), [self.skill] if self.skill else CREATIVE
        series = [Series(skill, [at[skill, start] for start in starts]) for skill in shown]
        return Chart("Creative activities", "bars", [label_of(time.grain, start) for start in starts], series, whole)

    def actions(self) -> list[dict[str, Any]]:
        return with_shares(self.sums(self.time).creative(*self.targets).largest("action", MOST_NAMED))

    def activities(self) -> ActivityQuerySet:
        names = self.sums(self.time).creative_names(*self.targets)
        rows = ActivityLog.objects.filter(skill__in=names, created_at__lt=self.time.until)
        return rows.filter(created_at__gte=self.time.since) if self.time.since else rows

    def latest(self, activities: ActivityQuerySet) -> dict[str, Any]:
        """The newest brainstorm and the newest experiment, None where there is none."""
        return {"brainstorm": latest_brainstorm(activities), "experiment": latest_experiment(activities)}

    @property
    def targets(self) -> tuple[str, ...]:
        return (self.skill,) if self.skill else ()
