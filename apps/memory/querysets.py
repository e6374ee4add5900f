from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import models
from django.db.models import Avg, Count, F, FloatField, Func, Q, Value
from django.db.models.functions import (
    Cast,
    Coalesce,
    Greatest,
    Least,
    Left,
    Length,
    Lower,
    Now,
    StrIndex,
    Substr,
    Trunc,
)
from django.db.models.lookups import GreaterThan, GreaterThanOrEqual, LessThan

from apps.core.ranges import zone_of
from apps.core.texts import Holds

# So many of the most important, of the latest and of the most used items are weighed for the context.
CANDIDATES = 200


EXCERPT = 600  # letters that a list shows of a text


class ThoughtQuerySet(models.QuerySet):
    def newest_first(self):
        return self.order_by("-created_at", "id")

    def between(self, since: datetime | None, until: datetime):
        rows = self.filter(created_at__lt=until)
        return rows.filter(created_at__gte=since) if since else rows

    def telling(self, text: str):
        """With `text` in them, upper or lower case; an index knows three letters in a row."""
        return self.filter(Holds(F("content"), text))

    def excerpted(self, text: str = ""):
        """With the `excerpt` around the first place of `text`, and whether it is `cut_before` or `cut_after`.

        The content, which may be long, stays in the database.
        """
        place = Greatest(StrIndex(Lower("content"), Lower(Value(text))) - Value(EXCERPT // 4), Value(1))
        return self.annotate(
            excerpt=Substr("content", place, EXCERPT),
            cut_before=GreaterThan(place, 1),
            cut_after=GreaterThan(Length("content"), place + Value(EXCERPT - 1)),
        ).defer("content")

    def category_counts(self, limit: int):
        return self.values("category").annotate(count=Count("pk")).order_by("-count", "category")[:limit]

    def over_time(self, grain: str):
        """(category, start, count) of each category and hour, day, week or month."""
        start = Trunc("created_at", grain, tzinfo=zone_of(grain))
        return self.annotate(start=start).values("category", "start").annotate(count=Count("pk"))


@dataclass(frozen=True)
class Weights:
    """How much each part counts for an item's relevance."""

    recency: float = 0.4
    importance: float = 0.4
    access: float = 0.2


class Hours(Func):
    """A number of hours as an interval. Intervals hold any integer; a time plus so many hours may not."""

    template = "make_interval(hours => %(expressions)s)"
    output_field = models.DurationField()


class InHours(Func):
    template = "(extract(epoch FROM %(expressions)s) / 3600)::float8"
    output_field = FloatField()


class Weighable(Func):
    """Without the digits so far down that a product with them fails as an underflow."""

    template = "round(%(expressions)s::numeric, 6)::float8"
    output_field = FloatField()


def unchanged_for():
    return Now() - Coalesce("updated_at", "created_at")


class WorkingMemoryQuerySet(models.QuerySet):
    """An item expires `ttl_hours` after it was last written; without them, never."""

    def expired(self, since: timedelta = timedelta()):
        """For so long, at the least."""
        return self.filter(GreaterThanOrEqual(unchanged_for(), Hours("ttl_hours") + Value(since)))

    def alive(self):
        return self.filter(Q(ttl_hours=None) | Q(LessThan(unchanged_for(), Hours("ttl_hours"))))

    def written_by(self, moment: datetime):
        """Last written then or before."""
        return self.alias(written=Coalesce("updated_at", "created_at")).filter(written__lte=moment)

    def excerpted(self):
        """With the `excerpt` of the value, which may be long and stays in the database."""
        return self.annotate(excerpt=Left(Cast("value", models.TextField()), EXCERPT)).defer("value")

    def totals(self):
        """By category, the largest first: (category, count, expired, average importance)."""
        expired = Count("pk", filter=Q(GreaterThanOrEqual(unchanged_for(), Hours("ttl_hours"))))
        counted = self.values("category").annotate(count=Count("pk"), expired=expired, average=Avg("importance"))
        return counted.order_by("-count", "category")

    def newest_first(self):
        return self.order_by("-created_at", "id")

    def with_score(self, weights: Weights):
        """Each part of an item's relevance, and their sum."""
        hours = Greatest(InHours(unchanged_for()), Value(0.0))
        return self.annotate(
            recency_score=Value(weights.recency, FloatField()) / (Value(1.0) + hours),
            importance_score=Value(weights.importance, FloatField()) * Weighable("importance"),
            access_score=Value(weights.access, FloatField()) * Least(F("access_count") / Value(10.0), Value(1.0)),
            relevance=F("recency_score") + F("importance_score") + F("access_score"),
        )

    def most_relevant(self, weights: Weights, limit: int, category: str = ""):
        """The live items (of a category) that matter most now.

        Three indexes give the candidates, so that neither a fresh nor an often used item is overlooked
        and the cost does not grow with the table.
        """
        alive = (self.filter(category=category) if category else self).alive().values("id")
        candidates = (
            alive.order_by("-importance", "-created_at")[:CANDIDATES],
            alive.order_by(F("updated_at").desc(nulls_last=True))[:CANDIDATES],
            alive.order_by("-access_count")[:CANDIDATES],
        )
        chosen = self.filter(id__in=candidates[0].union(*candidates[1:]))
        return chosen.with_score(weights).order_by("-relevance", "id")[:limit]

    def in_order_of_locking(self):
        """For writers of many rows: who takes the locks in one order never waits for one another in a circle."""
        return self.select_for_update(no_key=True).order_by("id")

    def category_counts(self, limit: int):
        return self.values("category").annotate(count=Count("pk")).order_by("-count", "category")[:limit]


class CheckpointQuerySet(models.QuerySet):
    def newest_first(self):
        return self.order_by("-created_at", "-pk")
