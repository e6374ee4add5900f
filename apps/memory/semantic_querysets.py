from datetime import timedelta
from operator import itemgetter

from django.db import models
from django.db.models import FloatField, Q, Value
from django.db.models.functions import Left
from django.utils import timezone
from pgvector.django import CosineDistance

from apps.memory.revisions import Revision

EDITED = ("content", "summary", "category", "importance", "source")  # what people may change
EXCERPT = 300  # letters of a text in a list


def reach(limit: int) -> int:
    """How many to ask of the index for so many: of few that a filter lets through, some of the nearest come late."""
    return max(2 * limit, 20)


class SearchedQuerySet(models.QuerySet):
    """What is asked of the memories and of the copies of their vectors alike."""

    def narrowed(
        self, *, category: str = "", source: str = "", min_importance: float = 0, max_age_hours: float | None = None
    ):
        """The filters of a search; what is left empty filters nothing, and what is buried is never found."""
        found = Q(buried=False)
        if category:
            found &= Q(category=category)
        if source:
            found &= Q(source=source)
        if min_importance > 0:
            found &= Q(importance__gte=min_importance)
        if max_age_hours is not None:
            found &= Q(created_at__gte=timezone.now() - timedelta(hours=max_age_hours))
        return self.filter(found)

    def of_model(self, name: str):
        return self.filter(embedding_model=name)


class SemanticMemoryQuerySet(SearchedQuerySet):
    def of_other_models(self, name: str):
        """Not as `<>`, which no index answers."""
        return self.filter(Q(embedding_model__lt=name) | Q(embedding_model__gt=name))

    def nearest(self, vector: list[float], limit: int):
        """(id, distance), found by the index: nearly always the nearest, and fewer where it gives up."""
        by_distance = self.annotate(distance=CosineDistance("embedding", vector)).order_by("distance")
        found = by_distance.values("id", "distance")[: reach(limit)]
        return sorted(found, key=itemgetter("distance"))[:limit]

    def exactly_nearest(self, vector: list[float], limit: int):
        """The same, past the index: each row's distance is computed."""
        distance = CosineDistance("embedding", vector) + Value(0.0, FloatField())
        return self.annotate(distance=distance).order_by("distance", "id").values("id", "distance")[:limit]

    def in_order_of_id(self, after):
        rows = self.order_by("id")
        return rows.filter(id__gt=after) if after else rows

    def written(self):
        """Without the vector, and with the `revision` that a writer sends back."""
        return self.defer("embedding").annotate(revision=Revision(*EDITED, "buried"))

    def listed(self):
        """With the beginning of the text alone."""
        return self.defer("embedding", "content", "metadata").annotate(excerpt=Left("content", EXCERPT))


class WaitingTextQuerySet(models.QuerySet):
    def due(self):
        return self.filter(try_after__lte=timezone.now()).order_by("try_after")

    def next_free(self):
        """The next that no other process is at work on; ours until the end of the transaction."""
        return self.due().select_for_update(skip_locked=True).first()


class SessionSummaryQuerySet(models.QuerySet):
    def forgotten(self):
        """Nobody asks for these answers any more; what they say is a memory of its own."""
        return self.filter(requested_at__lt=timezone.now() - timedelta(days=30))
