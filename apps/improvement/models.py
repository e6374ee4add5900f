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
from apps.improvement.querysets import LessonQuerySet, PerformanceLogQuerySet, ProposalQuerySet


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
        ]

    def __str__(self) -> str:
        return self.error_pattern


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
