"""Telemetry's router of activities, with the write that reaches the social app too."""

from django.http import HttpRequest

from apps.core.api import answer
from apps.core.retries import row_id
from apps.telemetry.actions import CoolingDown
from apps.telemetry.api.activities import router
from apps.telemetry.models import ActivityLog
from apps.telemetry.schemas import activities as schemas
from apps.warehouse.mirror import record_and_mirror


@router.post("", response=schemas.ActivityRecorded, summary="Report an activity")
def record_activity(request: HttpRequest, body: schemas.ActivityIn):
    """Commits and comments show among the social posts too. Some actions rest for hours after each."""
    activity = ActivityLog(id=row_id(request, body.id), **body.model_dump(exclude={"id"}))
    try:
        record_and_mirror(activity)
    except CoolingDown as rest:
        return answer({"status": "cooldown_active", "next_allowed": rest.next_allowed, "created": False})
    return answer({"id": activity.id, "created": True})
