"""Questions to sums that are written once and asked of any window: the ORM takes longer to write one than PostgreSQL to
answer it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from apps.core.rollups import Part, Span, Sums, window

WINDOW = "{window}"  # in the place of its SQL, and of its parameters among those of the question


@dataclass(frozen=True)
class Question:
    model: type[Sums]
    sql: str
    before: tuple[Any, ...]
    after: tuple[Any, ...]

    def of(self, since: datetime | None, until: datetime | None, finest: Span = "ever") -> Part:
        """As `SumsQuerySet.between` has it."""
        sql, params = window(self.model, since, until, finest)
        return self.sql.replace(WINDOW, sql), [*self.before, *params, *self.after]


def question(model: type[Sums], ask: Callable[[Any], QuerySet]) -> Question:
    """What `ask` makes of sums, whose window is the only thing that may differ from one time to the next."""
    sums = model._default_manager.all().reading(WINDOW, [WINDOW])  # type: ignore[attr-defined]  # of a SumsQuerySet
    sql, params = ask(sums).query.sql_with_params()
    place = params.index(WINDOW)
    return Question(model, sql, params[:place], params[place + 1 :])
