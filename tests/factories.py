"""Rows for tests: one function a model, everything overridable."""

from itertools import count

from apps.core.models import ApiToken, User
from apps.goals.models import Goal

numbers = count(1)


def make_goal(**over) -> Goal:
    number = next(numbers)
    fields = {"goal_id": f"goal-{number}", "title": f"Goal number {number}", "sprint": "sprint-7"} | over
    return Goal.objects.create(**fields)


def make_person(name="alice", **over) -> User:
    return User.objects.create_user(username=name, password="correct horse", **over)


def make_token(scope="write", **over) -> str:
    """The secret of a new token."""
    over = {"name": f"{scope} token"} | over
    expires_at = over.pop("expires_at", None)
    token, secret = ApiToken.issue(scope=scope, expires_at=expires_at, **over)
    return secret
