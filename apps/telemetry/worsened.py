"""Skills that fail more than they should, beside how they usually do."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Value
from django.utils import timezone

from apps.telemetry.sums import InvocationSum

RECENT, USUAL = timedelta(hours=24), timedelta(days=7)  # the usual is that of the days before
LEAST_CALLS = 5  # of fewer calls a share says nothing
UNHEALTHY = 0.25  # share of the calls that failed
WORSE = 2  # times the usual share


@dataclass(frozen=True)
class Unhealthy:
    skill: str
    calls: int
    failed: int
    usual: float | None  # share; None where it was not called before

    @property
    def share(self) -> float:
        return self.failed / self.calls

    @property
    def has_turned(self) -> bool:
        """Rather than having been like this for long."""
        return self.usual is None or self.share >= WORSE * self.usual


def unhealthy_skills() -> list[Unhealthy]:
    """The worst first, in one query."""
    now = timezone.now()
    recent, usual = (
        InvocationSum.objects.between(since, until).by_skill().order_by().annotate(time=Value(time))
        for time, since, until in (("recent", now - RECENT, now), ("usual", now - RECENT - USUAL, now - RECENT))
    )
    rows = list(recent.union(usual, all=True))
    before = {row["skill_name"]: share(row) for row in rows if row["time"] == "usual" and row["total"]}
    found = [
        Unhealthy(row["skill_name"], row["total"], row["failures"], before.get(row["skill_name"]))
        for row in rows
        if row["time"] == "recent" and row["total"] >= LEAST_CALLS and share(row) >= UNHEALTHY
    ]
    return sorted(found, key=lambda skill: (-skill.share, skill.skill))


def share(row: dict[str, Any]) -> float:
    return row["failures"] / row["total"]
