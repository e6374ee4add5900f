"""Every write to lessons and proposals; the history knows who it was."""

import json
from typing import Any
from uuid import UUID, uuid4

from django.db import connection
from django.db.models import F, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from apps.core.actors import Actor, acting
from apps.improvement.models import ImprovementProposal
from apps.improvement.querysets import UNRESOLVED

# xmax is 0 in a row that this very statement inserted.
LEARN = """
INSERT INTO lessons_learned AS old
       (id, error_pattern, error_type, skill_name, context, resolution, resolution_code, effectiveness,
        occurrences, last_occurred, created_at)
VALUES (%s, %s, %s, %s, %s::jsonb, coalesce(%s, %s), %s, %s, 1, statement_timestamp(), statement_timestamp())
ON CONFLICT (error_pattern) DO UPDATE
   SET occurrences = old.occurrences + 1, last_occurred = excluded.last_occurred,
       resolution = coalesce(%s, old.resolution)
RETURNING id, occurrences, xmax = 0"""

SEED = """
INSERT INTO lessons_learned (id, error_pattern, error_type, resolution)
SELECT gen_random_uuid(), error_pattern, error_type, resolution
  FROM jsonb_to_recordset(%s) AS lesson (error_pattern text, error_type text, resolution text)
ON CONFLICT (error_pattern) DO NOTHING"""

SEEDS = [
    {
        "error_pattern": "api_429_rate_limit",
        "error_type": "rate_limit",
        "resolution": "Wait as long as Retry-After says, then retry on another model.",
    },
    {
        "error_pattern": "litellm_timeout",
        "error_type": "timeout",
        "resolution": "Retry on a faster model with fewer tokens.",
    },
    {
        "error_pattern": "tool_hallucinated_function",
        "error_type": "validation",
        "resolution": "Call only tools that the skill's manifest documents; check the name before the call.",
    },
    {
        "error_pattern": "db_connection_refused",
        "error_type": "connection",
        "resolution": "Check that the database is up, wait some seconds and retry.",
    },
    {
        "error_pattern": "embedding_model_unavailable",
        "error_type": "model",
        "resolution": "Search by keyword until the embedding model is back.",
    },
]

# What a proposal must be for each decision on it.
DECIDED_FROM = {"approved": "proposed", "rejected": "proposed", "implemented": "approved"}


class WrongState(Exception):
    """The proposal is not in the state that the decision needs."""


def learn(
    actor: Actor,
    *,
    error_pattern: str,
    error_type: str,
    skill_name: str | None,
    context: dict[str, Any],
    resolution: str | None,
    resolution_code: str | None,
    effectiveness: float,
) -> tuple[UUID, int, bool]:
    """A lesson's id, how often the error has come up, and whether this was the first time.

    A known lesson gets the resolution, if there is one, and nothing else.
    """
    resolution = resolution or None
    values = [error_pattern, error_type, skill_name, json.dumps(context), resolution, UNRESOLVED]
    with acting(actor), connection.cursor() as cursor:
        cursor.execute(LEARN, [uuid4(), *values, resolution_code, effectiveness, resolution])
        return cursor.fetchone()


def seed_lessons(actor: Actor) -> int:
    """Add the lessons that every agent starts with; returns how many were missing."""
    with acting(actor), connection.cursor() as cursor:
        cursor.execute(SEED, [json.dumps(SEEDS)])
        return cursor.rowcount


def propose(actor: Actor, **fields: Any) -> ImprovementProposal:
    with acting(actor):
        return ImprovementProposal.objects.create(**fields)


def decide(actor: Actor, proposal_id: UUID, status: str) -> None:
    """Approve or reject what is proposed, or call implemented what is approved.

    The reviewer is the actor; a proposal that is implemented keeps the one who approved it.

    Raises:
        ImprovementProposal.DoesNotExist: no proposal of that id.
        WrongState: it is decided already, or not yet.
    """
    reviewer: dict[str, Any] = {"reviewed_by": Value(actor.name[:100]), "reviewed_at": Value(timezone.now())}
    if status == "implemented":
        reviewer = {name: Coalesce(F(name), value) for name, value in reviewer.items()}
    with acting(actor):
        proposal = ImprovementProposal.objects.filter(id=proposal_id)
        if not proposal.filter(status=DECIDED_FROM[status]).update(status=status, **reviewer):
            raise WrongState(f"A proposal that is {proposal.get().status} cannot become {status}")
