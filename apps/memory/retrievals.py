"""The log of what searches of semantic memory found, written by each in its own statement."""

from datetime import timedelta

from django.db import models
from django.db.models import Count, Max, Q
from django.utils import timezone

from apps.core.fields import moment

KEPT_DAYS, KEPT_ROWS = 90, 100_000


class RetrievalQuerySet(models.QuerySet):
    def of(self, memory_id):
        return self.filter(memory_id=memory_id).order_by("-id")

    def most_retrieved(self, limit: int):
        """(memory, how often, when last) of the kept log."""
        counted = self.values("memory_id").annotate(count=Count("id"), last=Max("found_at"))
        return counted.order_by("-count", "-last", "memory_id")[:limit]

    def forgotten(self):
        """The log is of the last quarter of a year, and of bounded length whatever is searched."""
        newest = self.aggregate(newest=Max("id"))["newest"] or 0
        old = timezone.now() - timedelta(days=KEPT_DAYS)
        return self.filter(Q(found_at__lt=old) | Q(id__lte=newest - KEPT_ROWS))


class Retrieval(models.Model):
    """That a search found a memory, at which place from the top; no foreign key, so that none waits for a deletion."""

    memory_id = models.UUIDField()
    query = models.TextField()
    mode = models.CharField(max_length=10)
    place = models.IntegerField()
    similarity = models.FloatField(null=True, blank=True)
    actor_kind = models.CharField(max_length=20)
    actor_name = models.TextField()
    found_at = moment()

    objects = RetrievalQuerySet.as_manager()

    class Meta:
        db_table = "site_memory_retrieval"
        indexes = [
            models.Index(fields=["memory_id", "-id"], name="site_memory_retrieval_of"),
            models.Index(fields=["found_at"], name="site_memory_retrieval_when"),
        ]

    def __str__(self) -> str:
        return f"{self.query[:80]} → {self.memory_id}"
