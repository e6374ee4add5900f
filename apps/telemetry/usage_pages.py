"""Pages of what the skills reported and of what the LiteLLM proxy logged, as one list, the newest first."""

import heapq
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime
from itertools import islice
from operator import itemgetter
from typing import Any

from django.db.models import F, Window
from django.db.models.functions import Mod, RowNumber

from apps.telemetry import spend_queries
from apps.telemetry.prices import Prices
from apps.telemetry.proxied import notice_of, proxied
from apps.telemetry.querysets import UsageQuerySet
from apps.telemetry.schemas.usage import FIELDS
from apps.telemetry.spend_log import Away
from apps.telemetry.spend_queries import Chosen

MOST_TIMES = 1000
LOGGED = {"cost_origin": "reported", "cost_estimated": None}  # by the proxy


def usage_page(
    calls: UsageQuerySet, count: Callable[[], int], spend: Chosen, page: int, limit: int, prices: Prices
) -> dict[str, Any]:
    """The page list of both, or of `calls` with a notice where the log is away. `count` says how many `calls` are."""
    offset = (max(page, 1) - 1) * limit
    try:
        oldest = spend_queries.oldest()
        twice = calls.filter(proxied(oldest)) if oldest else calls.none()
        total = count() - twice.count() + spend.count()
        rows = merged(calls.exclude(proxied(oldest)) if oldest else calls, spend, offset, limit)
        notice: dict[str, Any] = {}
    except Away as away:
        total, notice = count(), notice_of(away)
        rows = list(calls.values(*FIELDS)[offset : offset + limit])
    pages = -(-total // limit) if limit else 0
    items = [row | LOGGED if "source" in row else item(row, prices) for row in rows]
    return {"items": items, "total": total, "page": page, "limit": limit, "pages": pages, **notice}


def item(row: dict[str, Any], prices: Prices) -> dict[str, Any]:
    """Of a row that a skill reported."""
    facts = ("model", "provider", "input_tokens", "output_tokens", "cost_usd")
    cost = prices.cost_of_call(*(row[name] for name in facts))
    spent = {"cost_origin": cost.origin, "cost_estimated": cost.estimated if cost.estimated_calls else None}
    return row | {"total_tokens": row["input_tokens"] + row["output_tokens"], "source": "skills"} | spent


def merged(calls: UsageQuerySet, spend: Chosen, offset: int, limit: int) -> list[dict[str, Any]]:
    """Rows of the two as they come, a skill's first where the times are equal.

    A page far down needs neither all the rows above it nor all their times: each source gives the time of every
    `step`th row, and what is surely above the page is skipped by the databases.
    """
    step = 1 + offset // MOST_TIMES
    ours, theirs = skipped(times(calls, offset, step), spend.times(offset, step), offset, step) if offset else (0, 0)
    before = offset - ours - theirs
    rows = heapq.merge(
        calls.values(*FIELDS)[ours : ours + before + limit],
        spend.rows(theirs, before + limit),
        key=itemgetter("created_at"),
        reverse=True,
    )
    return list(islice(rows, before, before + limit))


def times(calls: UsageQuerySet, depth: int, step: int) -> Iterable[datetime]:
    """When each `step`th of the newest `depth` calls was."""
    rank = Window(RowNumber(), order_by=[F("created_at").desc(), F("id").desc()])
    ranked = calls.order_by().annotate(rank=rank, rest=Mod(F("rank"), step)).filter(rank__lte=depth, rest=0)
    return ranked.order_by("rank").values_list("created_at", flat=True)


def skipped(ours: Iterable[datetime], theirs: Iterable[datetime], offset: int, step: int) -> tuple[int, int]:
    """How many of each source's newest rows are surely among the newest `offset` of both.

    A time stands for `step` rows that are as new or newer. Where i and j of them are taken in order, the row of the
    last has fewer than step more rows above it than i + j times step: hence one time less than would fit.
    """
    marked = heapq.merge(
        ((moment, 0) for moment in ours), ((moment, 1) for moment in theirs), key=itemgetter(0), reverse=True
    )
    taken = Counter(source for _, source in islice(marked, max(0, offset // step - 1)))
    return taken[0] * step, taken[1] * step
