from django.db import models

from apps.core.fields import (
    SerialField,
    both,
    json_object,
    moment,
    optional_char,
    optional_moment,
    optional_text,
    uuid_key,
)
from apps.improvement.querysets import (
    UNSOLVED,
    LessonMergeQuerySet,
    LessonQuerySet,
    PerformanceLogQuerySet,
    ProposalQuerySet,
)


class LessonLearned(models.Model):
    """An error that came up, and what resolved it."""

    id = uuid_key()
    error_pattern = models.CharField(max_length=200)
    error_type = models.CharField(max_length=100)
    skill_name = optional_char(100)
    context = json_object()
    resolution = models.TextField()
    resolution_code = optional_text()
    occurrences = models.IntegerField(**both(1))
    last_occurred = moment()
    effectiveness = models.FloatField(**both(1.0))
    created_at = moment()

    objects = LessonQuerySet.as_manager()

    class Meta:
        db_table = "lessons_learned"
        verbose_name = "lesson"
        verbose_name_plural = "lessons"
        constraints = [models.UniqueConstraint(fields=["error_pattern"], name="uq_lesson_pattern")]
        indexes = [
            models.Index(fields=["error_pattern"], name="idx_lesson_pattern"),
            models.Index(fields=["skill_name"], name="idx_lesson_skill"),
            models.Index(fields=["error_type"], name="idx_lesson_type"),
            # The site's own
            models.Index(fields=["-created_at"], name="site_lesson_created"),
            models.Index(fields=["-last_occurred"], name="site_lesson_last"),
            models.Index(fields=["-effectiveness", "-last_occurred"], name="site_lesson_best"),
            models.Index(fields=["-occurrences"], name="site_lesson_often"),
        ]

    def __str__(self) -> str:
        return self.error_pattern

    @property
    def is_resolved(self) -> bool:
        return self.resolution not in UNSOLVED


class LessonDay(models.Model):
    """How often a lesson's error came up on a day (of UTC), as far as the site saw it; triggers count."""

    lesson_id = models.UUIDField()  # also of one that was merged into another
    day = models.DateField()
    occurrences = models.IntegerField()

    class Meta:
        db_table = "site_lesson_day"
        constraints = [models.UniqueConstraint(fields=["lesson_id", "day"], name="site_lesson_day_once")]
        indexes = [models.Index(fields=["day"], include=["occurrences"], name="site_lesson_day_all")]

    def __str__(self) -> str:
        return f"{self.lesson_id} {self.day}"


class LessonState(models.Model):
    """Since when a lesson is resolved, and how often its error came up since; triggers keep it."""

    lesson = models.OneToOneField(
        LessonLearned, models.DO_NOTHING, primary_key=True, db_constraint=False, related_name="state"
    )
    resolved_at = models.DateTimeField(null=True)  # null too where the site does not know
    seen_since = models.IntegerField()

    class Meta:
        db_table = "site_lesson_state"

    def __str__(self) -> str:
        return str(self.pk)


class LessonMerge(models.Model):
    """A lesson that became part of another, whose error comes up as that one's since; `removed` is what it was."""

    kept_id = models.UUIDField()
    removed_id = models.UUIDField()
    pattern = models.CharField(max_length=200)  # of the removed one
    removed = models.JSONField()
    merged_at = models.DateTimeField()
    merged_by = models.TextField()
    undone_at = models.DateTimeField(null=True)

    objects = LessonMergeQuerySet.as_manager()

    class Meta:
        db_table = "site_lesson_merge"
        indexes = [
            models.Index(fields=["pattern"], condition=models.Q(undone_at=None), name="site_lesson_merged"),
            models.Index(fields=["kept_id"], name="site_lesson_merge_kept"),
            models.Index(fields=["removed_id"], name="site_lesson_merge_removed"),
        ]

    def __str__(self) -> str:
        return self.pattern


class ImprovementProposal(models.Model):
    """A change to its own code that the agent proposes and a person decides on."""

    id = uuid_key()
    title = models.CharField(max_length=200)
    description = models.TextField()
    category = optional_char(50)
    risk_level = models.CharField(max_length=20, **both("low"))
    file_path = optional_char(500)
    current_code = optional_text()
    proposed_code = optional_text()
    rationale = optional_text()
    status = models.CharField(max_length=20, **both("proposed"))
    reviewed_by = optional_char(100)
    reviewed_at = optional_moment()
    created_at = moment()

    objects = ProposalQuerySet.as_manager()

    class Meta:
        db_table = "improvement_proposals"
        verbose_name = "proposal"
        indexes = [
            models.Index(fields=["category"], name="idx_proposal_category"),
            models.Index(fields=["risk_level"], name="idx_proposal_risk"),
            models.Index(fields=["status"], name="idx_proposal_status"),
            # The site's own
            models.Index(fields=["-created_at"], name="site_proposal_created"),
        ]

    def __str__(self) -> str:
        return self.title


class PerformanceLog(models.Model):
    """The agent's review of a period: what went well, what did not, what to change."""

    id = SerialField(primary_key=True)
    review_period = models.CharField(max_length=20)
    successes = optional_text()
    failures = optional_text()
    improvements = optional_text()
    created_at = moment()

    objects = PerformanceLogQuerySet.as_manager()

    class Meta:
        db_table = "performance_log"
        verbose_name = "performance review"
        indexes = [models.Index(fields=["-created_at"], name="idx_perflog_created")]

    def __str__(self) -> str:
        return f"{self.review_period} {self.created_at:%Y-%m-%d}"
