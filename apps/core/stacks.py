"""Series of a chart over time, one a group, from rows such as `{"agent_id": ..., "start": ..., "count": ...}`."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from apps.core.charts import MOST_SERIES, Series

OTHERS = "others"


def stacked(rows: Iterable[dict[str, Any]], by: str, measure: str, starts: Sequence[datetime]) -> list[Series]:
    """The groups with the largest sums of the measure; beyond as many as can be told apart all others together."""
    sums: dict[str, float] = defaultdict(float)
    at: dict[tuple[str, datetime], float] = defaultdict(float)
    for row in rows:
        sums[row[by]] += float(row[measure])
        at[row[by], row["start"]] += float(row[measure])
    largest = sorted(sums, key=lambda group: (-sums[group], str(group)))
    if len(largest) <= MOST_SERIES:
        return [Series(group, [at[group, start] for start in starts]) for group in largest]
    named, others = largest[: MOST_SERIES - 1], largest[MOST_SERIES - 1 :]
    together = [sum(at[group, start] for group in others) for start in starts]
    return [*(Series(group, [at[group, start] for start in starts]) for group in named), Series(OTHERS, together)]
