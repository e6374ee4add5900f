"""Every write to lessons and proposals; the history knows who it was."""

import json
from typing import Any
from uuid import UUID, uuid4

from django.db import connection
from django.utils import timezone

from apps.core.actors import Actor, acting
from apps.core.conflicts import Conflict
from apps.improvement.models import ImprovementProposal
from apps.improvement.protected import is_protected
from apps.improvement.querysets import UNRESOLVED

# xmax is 0 in a row that this very statement inserted.
# A pattern that was merged into another lesson, maybe by way of others, counts there.
LEARN = """
WITH RECURSIVE way AS (
    SELECT kept_id FROM site_lesson_merge WHERE pattern = %s AND undone_at IS NULL
     UNION
    SELECT m.kept_id FROM way JOIN site_lesson_merge AS m ON m.removed_id = way.kept_id AND m.undone_at IS NULL)
INSERT INTO lessons_learned AS old
       (id, error_pattern, error_type, skill_name, context, resolution, resolution_code, effectiveness,
        occurrences, last_occurred, created_at)
VALUES (%s, coalesce((SELECT k.error_pattern FROM way JOIN lessons_learned AS k ON k.id = way.kept_id LIMIT 1), %s),
        %s, %s, %s::jsonb, coalesce(%s, %s), %s, %s, 1, statement_timestamp(), statement_timestamp())
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
    """The proposal is in the state `status`, which is not the one that the decision needs."""

    def __init__(self, words: str, status: str) -> None:
        super().__init__(words)
        self.status = status


class Protected(Exception):
    """The proposal wants to change what none may."""


def possible(status: str) -> list[str]:
    """What can be decided on a proposal of this state; on one of `all` states anything that ever can."""
    return [decision for decision, before in DECIDED_FROM.items() if status in (before, "all")]


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
        cursor.execute(LEARN, [error_pattern, uuid4(), *values, resolution_code, effectiveness, resolution])
        return cursor.fetchone()


def seed_lessons(actor: Actor) -> int:
    """Add the lessons that every agent starts with; returns how many were missing."""
    with acting(actor), connection.cursor() as cursor:
        cursor.execute(SEED, [json.dumps(SEEDS)])
        return cursor.rowcount


def propose(actor: Actor, **fields: Any) -> ImprovementProposal:
    with acting(actor):
        return ImprovementProposal.objects.create(**fields)


def decide(actor: Actor, proposal_id: UUID, status: str, revision: str = "") -> None:
    """Approve or reject what is proposed, or call implemented what is approved.

    The reviewer is the actor; a proposal that is implemented keeps the one who approved it.

    Raises:
        ImprovementProposal.DoesNotExist: no proposal of that id.
        WrongState: it is decided already, or not yet.
        Protected: its path has come to be one that no proposal may touch, however it got there.
        Conflict: `revision` is given, and the proposal is no longer what it was then.
    """
    with acting(actor):
        proposal = ImprovementProposal.objects.with_revision().select_for_update().get(id=proposal_id)
        if proposal.status != DECIDED_FROM[status]:
            raise WrongState(f"A proposal that is {proposal.status} cannot become {status}", proposal.status)
        if status != "rejected" and is_protected(proposal.file_path or ""):
            raise Protected("Proposals cannot modify soul/ directory")
        if revision and revision != proposal.revision:
            raise Conflict(proposal)
        proposal.status = status
        if status != "implemented" or proposal.reviewed_by is None:
            proposal.reviewed_by = actor.name[:100]
        if status != "implemented" or proposal.reviewed_at is None:
            proposal.reviewed_at = timezone.now()
        proposal.save(update_fields=["status", "reviewed_by", "reviewed_at"])


def decide_each(actor: Actor, revisions: dict[UUID, str], status: str) -> dict[UUID, str]:
    """Decide on several, each by itself: by id why it was not done, or an empty text."""
    return {proposal_id: outcome(actor, proposal_id, status, seen) for proposal_id, seen in revisions.items()}


def outcome(actor: Actor, proposal_id: UUID, status: str, revision: str) -> str:
    try:
        decide(actor, proposal_id, status, revision)
    except ImprovementProposal.DoesNotExist:
        return "It has been deleted."
    except WrongState as error:
        return f"It is {error.status}, so it cannot become {status}."
    except Protected:
        return "Its path is protected: it can only be rejected."
    except Conflict:
        return "It was changed since you saw it: look at it again."
    return ""
