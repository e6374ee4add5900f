from datetime import datetime
from uuid import UUID

from django.contrib.postgres.search import TrigramSimilarity
from django.db import connection, models
from django.db.models import Case, CharField, Count, F, FloatField, Func, Value, When
from django.db.models.expressions import RawSQL
from django.db.models.functions import Coalesce, Greatest

UNRESOLVED = "unresolved — needs investigation"
RISKS = ("critical", "high", "medium", "low")
UNSOLVED = ("", UNRESOLVED)
# So many of the latest lessons are compared with an error message, of which this much from either end.
COMPARED = 300
ENDS = 150
PAIRED = 200  # of the latest, each with each other
ALIKE = 0.6  # trigrams that two patterns share, to be one error's
LIKELY = 0.45  # to be shown beside a lesson
# Of one type of error; each pair once, the later one first.
PAIRS = """
WITH latest AS MATERIALIZED (
    SELECT id, error_type, error_pattern, row_number() OVER (ORDER BY last_occurred DESC, id) AS place
      FROM lessons_learned ORDER BY last_occurred DESC, id LIMIT %(paired)s),
pairs AS (
    SELECT a.id AS one, b.id AS other, similarity(a.error_pattern, b.error_pattern) AS likeness
      FROM latest AS a JOIN latest AS b ON a.error_type = b.error_type AND a.place < b.place)
SELECT one, other, likeness FROM pairs WHERE likeness >= %(alike)s ORDER BY likeness DESC, one, other LIMIT %(shown)s"""


class WordSimilarity(Func):
    """How much of the first text stands, as trigrams, somewhere in the second: 0 to 1."""

    function = "word_similarity"
    output_field = FloatField()


class LessonQuerySet(models.QuerySet):
    def latest_first(self):
        return self.order_by("-last_occurred", "id")

    def made_between(self, since: datetime | None, until: datetime):
        made = self.filter(created_at__lt=until)
        return made.filter(created_at__gte=since) if since else made

    def most_effective_first(self):
        return self.order_by("-effectiveness", "-last_occurred", "id")

    def with_state(self):
        """`resolved_at`, where it is known, and `seen_since`: how often the error came up after that."""
        return self.annotate(resolved_at=F("state__resolved_at"), seen_since=Coalesce(F("state__seen_since"), 0))

    def in_state(self, state: str):
        """`unresolved`, `resolved`, or `again`: the error came up after the resolution."""
        if state == "unresolved":
            return self.filter(resolution__in=UNSOLVED)
        return self.filter(state__seen_since__gt=0) if state == "again" else self.exclude(resolution__in=UNSOLVED)

    def matching(self, text: str):
        """Every word of `text`, up to ten, stands in the pattern or the resolution."""
        found = models.Q()
        for word in text.split()[:10]:
            found &= models.Q(error_pattern__icontains=word) | models.Q(resolution__icontains=word)
        return self.filter(found)

    def names(self, column: str) -> list[str]:
        """The error types or skills that there are."""
        named = self.exclude(**{column: None}).exclude(**{column: ""})
        return list(named.order_by(column).values_list(column, flat=True).distinct()[:500])

    def like(self, pattern: str, but: UUID):
        """Of the latest lessons those whose pattern is much like this one, each with its `likeness`."""
        others = self.exclude(pk=but).latest_first().values("pk")[:COMPARED]
        found = self.filter(pk__in=others).annotate(likeness=TrigramSimilarity("error_pattern", pattern))
        return found.filter(likeness__gte=LIKELY).order_by("-likeness", "id")

    def likely_duplicates(self, shown: int) -> list[tuple[UUID, UUID, float]]:
        """Pairs among the latest lessons, the most alike first."""
        with connection.cursor() as cursor:
            cursor.execute(PAIRS, {"paired": PAIRED, "alike": ALIKE, "shown": shown})
            return cursor.fetchall()

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


class LessonMergeQuerySet(models.QuerySet):
    def into(self, lesson_id: UUID):
        """What is merged into a lesson, also by way of others, the latest first."""
        chain = """WITH RECURSIVE chain AS (
            SELECT id, removed_id FROM site_lesson_merge WHERE kept_id = %s AND undone_at IS NULL
             UNION
            SELECT m.id, m.removed_id FROM chain JOIN site_lesson_merge AS m
                ON m.kept_id = chain.removed_id AND m.undone_at IS NULL)
            SELECT id FROM chain"""
        return self.filter(id__in=RawSQL(chain, [lesson_id])).order_by("-merged_at", "-id")


class ProposalQuerySet(models.QuerySet):
    def with_revision(self):
        """`revision`: what a reviewer sends back to say which state of the proposal they saw.

        Of all columns, those of an adopted warehouse's own included.
        """
        return self.annotate(revision=RawSQL("md5(improvement_proposals::text)", (), output_field=CharField()))

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

    def riskiest_first(self):
        """What nobody has a name for stands between the high and the medium ones; of one risk the longest first."""
        steps = [When(risk_level__iexact=risk, then=Value(step)) for step, risk in enumerate(RISKS)]
        risk = Case(*steps, default=Value(RISKS.index("high") + 0.5), output_field=FloatField())
        return self.order_by(risk, "created_at", "id")

    def waiting(self):
        """For a person's decision; the longest first."""
        return self.filter(status="proposed").order_by("created_at", "id")


class PerformanceLogQuerySet(models.QuerySet):
    def newest_first(self):
        return self.order_by("-created_at", "-id")
