"""Skills that surely fail too often now, beside how they did before; in one query, unlike all that is known of them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.utils import timezone

from apps.core.rollups import ceiling, floor
from apps.telemetry.skill_condition import RECENT, WEEK, Outcomes
from apps.telemetry.sums import InvocationSum

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


# Of those alone that failed often enough just now: as an array, which reaches the index on each part of the sums.
FAILED_LATELY = """
WITH recent AS (SELECT skill_name, sum(calls) AS calls, sum(failed) AS failed FROM ({recent}) AS sums
                 GROUP BY skill_name HAVING sum(failed) >= %s),
     usual AS (SELECT skill_name, sum(calls) AS calls, sum(failed) AS failed FROM ({usual}) AS sums
                WHERE skill_name = ANY (ARRAY(SELECT skill_name FROM recent)) GROUP BY skill_name)
SELECT skill_name, recent.calls::bigint, recent.failed::bigint,
       coalesce(usual.calls, 0)::bigint, coalesce(usual.failed, 0)::bigint
  FROM recent LEFT JOIN usual USING (skill_name)
"""


def unhealthy_skills() -> list[Unhealthy]:
    """The worst first; by the rule of the page of their health, but for single failures."""
    now = timezone.now()
    start, end = floor(now - RECENT, "hour"), ceiling(now, "hour")  # whole hours, whose sums are there
    found = [
        Unhealthy(skill, Outcomes(calls, failed), Outcomes(usual_calls, usual_failed))
        for skill, calls, failed, usual_calls, usual_failed in failed_lately(start, end)
    ]
    bad = (one for one in found if one.recent.is_good is False)
    return sorted(bad, key=lambda one: (-one.share, one.skill))


def failed_lately(start: datetime, end: datetime) -> list[tuple[Any, ...]]:
    """What is usual is that of the week before."""
    (recent, recent_params), (usual, usual_params) = (
        InvocationSum.objects.between(since, until).values("skill_name", "calls", "failed").query.sql_with_params()
        for since, until in ((start, end), (start - WEEK, start))
    )
    with connection.cursor() as cursor:
        sql = FAILED_LATELY.format(recent=recent, usual=usual)
        cursor.execute(sql, [*recent_params, LEAST_FAILED, *usual_params])
        return cursor.fetchall()
