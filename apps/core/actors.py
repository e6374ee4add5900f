"""Who is at work: a person, a token, a command, or a program that writes past the site."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal
from uuid import UUID, uuid4

from django.db import connection, transaction

Scope = Literal["read", "write", "admin"]
LEVELS: dict[str, int] = {"read": 0, "write": 1, "admin": 2}


@dataclass(frozen=True)
class Actor:
    kind: Literal["person", "token", "command", "anyone"]
    name: str
    scope: Scope = "read"

    def may(self, scope: Scope) -> bool:
        return LEVELS[self.scope] >= LEVELS[scope]


def actor_of(request) -> Actor:
    """The actor of a page or API request; a logged-in person may write, staff may administer."""
    if isinstance(getattr(request, "auth", None), Actor):
        return request.auth
    return Actor("person", request.user.get_username(), "admin" if request.user.is_staff else "write")


@contextmanager
def acting(actor: Actor) -> Iterator[UUID]:
    """One transaction, whose changes the history triggers ascribe to `actor`; each bears the id of this action."""
    action = uuid4()
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT set_config('aria.actor_kind', %s, true), set_config('aria.actor_name', %s, true), "
                "set_config('aria.action', %s, true)",
                [actor.kind, actor.name, str(action)],
            )
        yield action
