"""What could be stored but never read again is refused at the door."""

import pytest

from apps.goals.models import Goal

pytestmark = pytest.mark.django_db


def tags(levels: int, inside: bytes = b"") -> bytes:
    return b'{"title": "x", "tags": ' + b"[" * levels + inside + b"]" * levels + b"}"


def test_deep_nesting(api):
    assert api.post("/api/goals", tags(99)).status_code == 200
    assert api.get("/api/goals").status_code == 200
    for levels in (100, 300, 1000, 5000):
        assert api.post("/api/goals", tags(levels)).status_code == 422
        assert api.post("/api/goals", tags(levels, rb'"\u0000"')).status_code == 422
    assert Goal.objects.count() == 1


def test_many_brackets_are_not_deep(api):
    assert api.post("/api/goals", {"title": "x", "tags": [[number] for number in range(300)]}).status_code == 200


@pytest.mark.parametrize("due", ["9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00"])
def test_times_beyond_the_calendar(api, due):
    assert api.post("/api/goals", {"title": "x", "due_date": due}).status_code == 422
    assert api.get("/api/goals").status_code == 200
