"""Sessions of a known length with steps at known seconds, and their page."""

from datetime import timedelta

from django.utils import timezone

from apps.memory.models import Thought
from apps.telemetry.models import ModelUsage
from tests.telemetry.rows import make_session, make_usage

START = timezone.now().replace(microsecond=0) - timedelta(days=2)


def at(seconds):
    return START + timedelta(seconds=seconds)


def a_session(seconds=60.0, **over):
    over = {"started_at": START, "ended_at": at(seconds), "status": "completed"} | over
    return make_session(**over)


def call(session, seconds, **over):
    """A model call that was reported so many seconds after the start."""
    return make_usage(session=session, created_at=at(seconds), **over)


def calls(session, seconds, **over):
    """Many model calls, each of its own model."""
    ModelUsage.objects.bulk_create(
        ModelUsage(session=session, model=f"m{second}", created_at=at(second), **over) for second in seconds
    )


def make_thought(seconds, content="Hm.", **metadata):
    return Thought.objects.create(content=content, metadata=metadata, created_at=at(seconds))


def get(client, session, query=""):
    response = client.get(f"/sessions/{session.pk}{query}")
    assert response.status_code == 200
    return response.context["page"]


def labels(page):
    return [row.run.label for row in page.rows]
