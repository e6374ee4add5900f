"""Skills that surely fail too often now, beside how they did before; in one query, unlike all that is known of them."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Value
from django.utils import timezone

from apps.core.rollups import ceiling, floor
from apps.telemetry.skill_condition import Outcomes
from apps.telemetry.sums import InvocationSum

RECENT, USUAL = timedelta(hours=24), timedelta(days=7)  # the usual is that of the days before

LEAST_FAILED = 2  # one failure calls for nobody


@dataclass(frozen=True)
class Unhealthy:
    skill: str
    recent: Outcomes
    usual: Outcomes

    @property
    def share(self) -> float:
        """Of the recent calls that failed."""
        return self.recent.failed / self.recent.calls

    @property
    def has_turned(self) -> bool:
        """Rather than having been like this for long."""
        return self.usual.is_good is not False


def unhealthy_skills() -> list[Unhealthy]:
    """The worst first; by the rule of the page of their health, but for single failures."""
    now = timezone.now()
    start, end = floor(now - RECENT, "hour"), ceiling(now, "hour")  # whole hours, whose sums are there
    recent, usual = (
        InvocationSum.objects.between(since, until).by_skill().order_by().annotate(time=Value(time))
        for time, since, until in (("recent", start, end), ("usual", start - USUAL, start))
    )
    known = {(row["time"], row["skill_name"]): outcomes(row) for row in recent.union(usual, all=True)}
    found = [
        Unhealthy(skill, of_skill, known.get(("usual", skill), Outcomes()))
        for (time, skill), of_skill in known.items()
        if time == "recent" and of_skill.failed >= LEAST_FAILED and of_skill.is_good is False
    ]
    return sorted(found, key=lambda one: (-one.share, one.skill))


def outcomes(row: dict[str, Any]) -> Outcomes:
    return Outcomes(row["total"], row["failures"])
