"""The writes to budgets that people and programs make."""

from typing import Any
from uuid import UUID

from apps.core.actors import Actor, acting
from apps.core.conflicts import Conflict, fits
from apps.telemetry.budgets.models import Budget


def create_budget(actor: Actor, **fields: Any) -> Budget:
    """Raises:
    ValidationError: the fields do not go together.
    """
    return saved(actor, Budget(**fields), force_insert=True)


def update_budget(actor: Actor, pk: UUID, changes: dict[str, Any], revision: str | None = None) -> Budget:
    """Change some fields of a budget.

    Raises:
        Budget.DoesNotExist: no budget of that id.
        Conflict: `revision` is given and is not the budget's.
        ValidationError: the fields do not go together any more.
    """
    with acting(actor):
        budget = locked_budget(pk, revision)
        for name, value in changes.items():
            setattr(budget, name, value)
        saved(actor, budget, update_fields=changes.keys())
        budget.refresh_from_db(fields=["updated_at"])
        return budget


def delete_budget(actor: Actor, pk: UUID, revision: str | None = None) -> None:
    """With its leases and notices; the history keeps what it was."""
    with acting(actor):
        locked_budget(pk, revision).delete()


def saved(actor: Actor, budget: Budget, **how: Any) -> Budget:
    budget.warn_at = sorted(set(budget.warn_at))
    budget.full_clean(validate_unique=False)  # the database tells of a name that is taken, also of one taken just now
    with acting(actor):
        budget.save(**how)
    return budget


def locked_budget(pk: UUID, revision: str | None) -> Budget:
    budget = Budget.objects.select_for_update().get(pk=pk)
    if revision and not fits(revision, budget.updated_at):
        raise Conflict(budget)
    return budget
