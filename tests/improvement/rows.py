"""Rows of improvement: one function a model, everything overridable."""

from apps.improvement.models import ImprovementProposal, LessonLearned


def make_proposal(**over) -> ImprovementProposal:
    return ImprovementProposal.objects.create(**{"title": "Sleep more", "description": "At night."} | over)


def make_lesson(pattern="goals_read_timeout", **over) -> LessonLearned:
    fields = {"error_pattern": pattern, "error_type": "timeout", "resolution": "Wait."} | over
    return LessonLearned.objects.create(**fields)
