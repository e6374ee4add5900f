from datetime import datetime

from django.db import models
from django.db.models import CharField, Count, F, FloatField, Func, Value
from django.db.models.expressions import RawSQL
from django.db.models.functions import Greatest

UNRESOLVED = "unresolved — needs investigation"
# So many of the latest lessons are compared with an error message, of which this much from either end.
COMPARED = 300
ENDS = 150


class WordSimilarity(Func):
    """How much of the first text stands, as trigrams, somewhere in the second: 0 to 1."""

    function = "word_similarity"
    output_field = FloatField()


class Revised(models.QuerySet):
    def with_revision(self):
        """`revision`: what a person sends back to say which state of the row they saw.

        Of all columns, those of an adopted warehouse's own included.
        """
        digest = RawSQL(f"md5({self.model._meta.db_table}::text)", (), output_field=CharField())
        return self.annotate(revision=digest)


class LessonQuerySet(models.QuerySet):
    def latest_first(self):
        return self.order_by("-last_occurred", "id")

    def made_between(self, since: datetime | None, until: datetime):
        made = self.filter(created_at__lt=until)
        return made.filter(created_at__gte=since) if since else made

    def most_effective_first(self):
        return self.order_by("-effectiveness", "-last_occurred", "id")

    def about(self, error_type: str, skill_name: str):
        """Of an error type and a skill, where they are given."""
        given = {"error_type": error_type, "skill_name": skill_name}
        return self.filter(**{name: value for name, value in given.items() if value})

    def closest_to(self, message: str):
        """The latest lessons, those first whose pattern is most like `message`."""
        if len(message) > 2 * ENDS:
            message = f"{message[:ENDS]} {message[-ENDS:]}"  # a traceback's point is in its last line
        latest = self.latest_first().values("pk")[:COMPARED]
        likeness = Greatest(
            WordSimilarity(Value(message), F("error_pattern")), WordSimilarity(F("error_pattern"), Value(message))
        )
        return self.filter(pk__in=latest).order_by(likeness.desc(), "-effectiveness", "-last_occurred", "id")


class ProposalQuerySet(Revised):
    def status_counts(self) -> dict[str, int]:
        return dict(self.order_by("status").values_list("status").annotate(Count("id")))

    def matching(self, text: str):
        """Every word of `text`, up to ten, stands in the title, the description or the path."""
        found = models.Q()
        for word in text.split()[:10]:
            fields = ("title", "description", "file_path")
            found &= models.Q(*((f"{field}__icontains", word) for field in fields), _connector=models.Q.OR)
        return self.filter(found)

    def newest_first(self):
        return self.order_by("-created_at", "id")

    def waiting(self):
        """For a person's decision; the longest first."""
        return self.filter(status="proposed").order_by("created_at", "id")


class PerformanceLogQuerySet(models.QuerySet):
    def newest_first(self):
        return self.order_by("-created_at", "-id")
