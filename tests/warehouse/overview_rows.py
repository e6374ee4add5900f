"""Rows that the overview tells of, and what it shows of them."""

from apps.improvement.models import LessonLearned
from apps.operations.models import ScheduledJob

ITSELF = {"Live-Since": ""}  # what an open page sends when it asks what has changed
FRAGMENT = {"HX-Request": "true"}


def shown(response):
    return {linked.figure.label: linked.figure.text for linked in response.context["since"].figures}


def work(response):
    return {work.label: work for work in response.context["since"].work}


def findings(response):
    return [(finding.what, finding.subject) for finding in response.context["attention"].findings]


def make_job(**over):
    fields = {"id": "job-1", "name": "digest", "schedule_expr": "0 7 * * *", "last_status": "ok"} | over
    return ScheduledJob.objects.create(**fields)


def make_lesson(**over):
    fields = {"error_pattern": "429", "error_type": "rate_limit", "resolution": "Wait."} | over
    return LessonLearned.objects.create(**fields)


def age_rows(model, **moments):
    """Triggers and defaults set the time; a test may want it long ago."""
    model.objects.update(**moments)
