from django.db import migrations

from apps.core.rollups import addition
from apps.core.triggers import note_anew, note_stale_hours
from apps.telemetry.sums import ActivitySum

OF_ACTIVITIES = ("activity_log", "created_at", "site_activity_sum")
ADDITIONS = (addition(ActivitySum),)


class Migration(migrations.Migration):
    """Earlier triggers of this table noted an hour once a row."""

    dependencies = [("telemetry", "0012_sums_of_a_skill")]

    operations = note_anew(
        note_stale_hours(*OF_ACTIVITIES, additions=ADDITIONS, first=False),
        note_stale_hours(*OF_ACTIVITIES, additions=ADDITIONS, first=False),
    )
