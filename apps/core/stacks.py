"""Series of a chart over time, one a group, from rows such as `{"agent_id": ..., "start": ..., "count": ...}`."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

from apps.core.charts import MOST_SERIES, Series

OTHERS = "others"
Row = dict[str, Any]
Of = Callable[[list[Row]], float | None]


def sum_of(name: str) -> Of:
    return lambda rows: sum(float(row[name]) for row in rows)


def stacked(rows: Iterable[Row], by: str, of: Of, starts: Sequence[datetime]) -> list[Series]:
    """The groups of which there is most; beyond as many as can be told apart all others together."""
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        groups[row[by]].append(row)
    largest = sorted(groups, key=lambda group: (-(of(groups[group]) or 0), str(group)))
    named = largest if len(largest) <= MOST_SERIES else largest[: MOST_SERIES - 1]
    shown = [(group, groups[group]) for group in named]
    if others := largest[len(named) :]:
        shown.append((OTHERS, [row for group in others for row in groups[group]]))
    return [Series(group, over_time(rows, of, starts)) for group, rows in shown]


def over_time(rows: list[Row], of: Of, starts: Sequence[datetime]) -> list[float | None]:
    at: dict[datetime, list[Row]] = defaultdict(list)
    for row in rows:
        at[row["start"]].append(row)
    return [of(at[start]) for start in starts]
