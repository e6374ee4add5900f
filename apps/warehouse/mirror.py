"""What the agent did in public shows among its social posts too."""

import re
from typing import Any
from uuid import UUID, uuid5

from django.db import transaction

from apps.core.retries import store_once
from apps.social.models import SocialPost
from apps.telemetry.actions import record_activity
from apps.telemetry.descriptions import describe
from apps.telemetry.models import ActivityLog

MIRRORED = UUID("a4c7c1a5-58ab-4f0c-9b3f-3d5f0a7be0c2")
# Whole words, where an underscore parts words as well: git_commit, but not commitment.
PUBLIC = re.compile(r"(?<![^\W_])(commit|commits|committed|comment|comments|commented)(?![^\W_])", re.IGNORECASE)
TELLING = ("action", "event", "type", "message", "description")


@transaction.atomic
def record_and_mirror(activity: ActivityLog) -> None:
    """Raises:
    CoolingDown: as `record_activity` does.
    """
    record_activity(activity)
    if is_public(activity.action, activity.details):
        store_once(post_of(activity))


def is_public(action: str, details: Any) -> bool:
    told = [details[key] for key in TELLING if key in details] if isinstance(details, dict) else []
    return any(PUBLIC.search(str(text)) for text in (action, *told))


def post_of(activity: ActivityLog) -> SocialPost:
    """Its id follows from the activity's, so that a retry posts nothing twice."""
    return SocialPost(
        id=uuid5(MIRRORED, str(activity.id)),
        platform="activity",
        content=content_of(activity),
        posted_at=activity.created_at,
        metadata={"source": "activity_log"}
        | {name: getattr(activity, name) for name in ("action", "skill", "success", "details")},
    )


def content_of(activity: ActivityLog) -> str:
    description = describe(activity.details)
    parts: list[Any] = [
        f"{'✅' if activity.success else '❌'} {activity.action}",
        activity.skill and f"skill={activity.skill}",
        description != "{}" and description,
        activity.error_message and f"error={activity.error_message}",
    ]
    return " · ".join(part for part in parts if part)
