"""What the page of activities shows: the figures of a time, its chart, what was done most, and the log itself."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Min
from django.db.models.fields.json import KT

from apps.core.charts import Chart, Series
from apps.core.figures import Figure, share, whole
from apps.core.ranges import TimeRange, label_of
from apps.core.rollups import Span
from apps.telemetry.models import ActivityLog, AgentSession
from apps.telemetry.outcomes import ORIGIN
from apps.telemetry.querysets import SCHEDULED, ActivityQuerySet
from apps.telemetry.sum_querysets import ActivitySumQuerySet
from apps.telemetry.sums import ActivitySum

MOST_NAMED = 12
OUTCOMES = {"succeeded": True, "failed": False}


@dataclass(frozen=True)
class Wanted:
    """What the filters ask for; an empty text asks for nothing."""

    action: str = ""
    skill: str = ""
    outcome: str = ""  # one of OUTCOMES
    work: str = ""  # `scheduled` or `other`
    text: str = ""  # in the action or the details

    @property
    def anything(self) -> bool:
        return any(vars(self).values())

    def of(self, time: TimeRange, finest: Span = "month") -> ActivitySumQuerySet:
        return self.among(ActivitySum.objects.between(time.since, time.until, finest))

    def activities(self, time: TimeRange) -> ActivityQuerySet:
        rows = ActivityLog.objects.filter(created_at__lt=time.until)
        rows = self.among(rows.filter(created_at__gte=time.since) if time.since else rows)
        return rows.telling(self.text) if self.text else rows

    def among(self, activities: Any) -> Any:
        activities = activities.matching(action=self.action, skill=self.skill, success=OUTCOMES.get(self.outcome))
        if self.work == "scheduled":
            return activities.scheduled()
        return activities.exclude(action__in=SCHEDULED) if self.work == "other" else activities


def figures(wanted: Wanted, time: TimeRange) -> list[Figure]:
    """Each beside that of the period before."""
    now = wanted.of(time).figures()
    before = wanted.of(time.previous).figures() if time.previous else {}
    shown = (
        ("Activities", "count", whole),
        ("Failed", "failed", whole),
        ("Failure rate", "failure_rate", share),
        ("By the schedule", "scheduled", whole),
        ("Skills at work", "skills", whole),
    )
    return [Figure(label, now[name], before.get(name), written) for label, name, written in shown]


def chart(wanted: Wanted, time: TimeRange) -> Chart:
    time = from_the_first(wanted.of(time), time)
    counts = wanted.of(time, finest=time.finest).over_time(time.grain)
    at = {(row["success"], row["start"]): row["count"] for row in counts}
    starts = list(time.starts())
    series = [Series(name, [at.get((success, start), 0) for start in starts]) for name, success in OUTCOMES.items()]
    shown = [one for one in series if not wanted.outcome or one.label == wanted.outcome]
    return Chart("Activities", "bars", [label_of(time.grain, start) for start in starts], shown, whole)


def from_the_first(sums: ActivitySumQuerySet, time: TimeRange) -> TimeRange:
    """All time starts with the first activity."""
    return time.starting_at(time.since or sums.aggregate(first=Min("starts"))["first"] or time.ends)


def largest(wanted: Wanted, time: TimeRange, column: str) -> list[dict[str, Any]]:
    """What was done most."""
    return with_shares(wanted.of(time).largest(column, MOST_NAMED))


def with_shares(groups: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each with its share of the largest, which is the first, from 0 to 1."""
    rows = list(groups)
    return [row | {"share": row["count"] / rows[0]["count"]} for row in rows]


def with_origins(activities: Sequence[Any]) -> Sequence[Any]:
    """Each with `origin`, for whom it was done (`agent`, `person` or `unknown`), and `session_id` where it has one."""
    wanted = {activity.pk: session_of(activity.session_text) for activity in activities}
    sessions = AgentSession.objects.filter(pk__in={pk for pk in wanted.values() if pk})
    origins = dict(sessions.annotate(channel=KT("metadata__openclaw_source_channel")).values_list("pk", ORIGIN))
    for activity in activities:
        activity.session_id = wanted[activity.pk] if wanted[activity.pk] in origins else None
        origin = origins.get(wanted[activity.pk], "unknown")
        activity.origin = "agent" if activity.action in SCHEDULED else origin
    return activities


def session_of(text: str | None) -> UUID | None:
    """Of what the details name as their session; agents write anything there."""
    try:
        return UUID(text or "")
    except ValueError:
        return None
