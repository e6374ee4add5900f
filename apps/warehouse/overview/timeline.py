"""Two charts: what the agent did, and what of it failed."""

from collections import defaultdict
from dataclasses import replace
from datetime import datetime, timedelta

from apps.core.charts import Chart, Series
from apps.core.figures import whole
from apps.core.ranges import TimeRange, label_of
from apps.telemetry.outcomes import STREAMS, first_moment, over_time

SHORTEST = timedelta(hours=24)  # of less a chart by the hour shows nothing


def charts(time: TimeRange) -> list[Chart]:
    """At least of the last 24 hours; in one query, and one more for all time."""
    since = min(time.since, time.ends - SHORTEST) if time.since else first_moment() or time.ends
    shown = replace(time, since=since)
    starts = list(shown.starts())
    totals: dict[tuple[str, datetime], int] = defaultdict(int)
    failures: dict[tuple[str, datetime], int] = defaultdict(int)
    for stream, start, total, failed in over_time(since, shown.until, shown.grain, shown.finest):
        totals[stream, start] += total
        failures[stream, start] += failed
    of_what = f"by the {shown.grain}" + (", of 24 h" if time.since and since < time.since else "")
    labels = [label_of(shown.grain, start) for start in starts]
    return [
        Chart(
            title,
            "bars",
            labels,
            [Series(stream.capitalize(), [counts[stream, start] for start in starts]) for stream in STREAMS],
            whole,
        )
        for title, counts in ((f"Activity {of_what}", totals), (f"Failures {of_what}", failures))
    ]
