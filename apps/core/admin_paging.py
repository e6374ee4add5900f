"""Pages of a list without counting the table, or walking through it, to the end."""

import re
from datetime import timedelta
from functools import cached_property

from django.core.paginator import Paginator
from django.db import connection
from django.db.models import F, OrderBy, QuerySet, Value
from django.utils.formats import number_format

PAGEABLE = 5_000
SORTABLE = 20_000


class BoundedPaginator(Paginator):
    """Counts no further than PAGEABLE rows and has pages for these only; filters lead to the rest."""

    object_list: QuerySet

    @cached_property
    def found(self) -> int:
        bare = self.object_list.order_by().annotate(one=Value(1)).values("one")
        return bare[: PAGEABLE + 1].count()

    @property
    def count(self) -> int:
        return min(self.found, PAGEABLE)

    @property
    def is_cut(self) -> bool:
        return self.found > PAGEABLE

    @property
    def is_filtered(self) -> bool:
        return bool(self.object_list.query.where)

    @property
    def total(self) -> str:
        """How many rows there are, in words that are true."""
        if not self.is_cut:
            return grouped(self.found)
        estimate = 0 if self.is_filtered else self.estimate()
        return f"about {grouped(estimate)}" if estimate > PAGEABLE else f"more than {grouped(PAGEABLE)}"

    def estimate(self) -> int:
        """The table's size as of its last ANALYZE; -1 before the first."""
        with connection.cursor() as cursor:
            table = connection.ops.quote_name(self.object_list.model._meta.db_table)
            cursor.execute("SELECT reltuples::bigint FROM pg_class WHERE oid = %s::regclass", [table])
            return cursor.fetchone()[0]


class StreamPaginator(BoundedPaginator):
    """For rows ordered by their time.

    PostgreSQL takes matching rows to be spread evenly over time and looks for them by walking down the
    index over the time; where all of them are old (a skill that is no longer used), it walks for seconds.
    So a filter that leaves few rows has these sorted instead, by an expression that no index serves.
    """

    def page(self, number):
        if self.is_sparse:
            time, *others = map(str, self.object_list.query.order_by)
            unindexed = OrderBy(F(time.lstrip("-")) + timedelta(0), descending=time.startswith("-"))
            self.object_list = self.object_list.order_by(unindexed, *others)
        return super().page(number)

    @property
    def is_sparse(self) -> bool:
        return self.is_filtered and (not self.is_cut or self.expected() < SORTABLE)

    def expected(self) -> int:
        """How many rows PostgreSQL expects; its statistics cost nothing to ask."""
        plan = re.search(r"rows=(\d+)", self.object_list.explain())
        return int(plan[1]) if plan else PAGEABLE


def grouped(number: int) -> str:
    return number_format(number, force_grouping=True)
