from django.db import migrations

from apps.core.triggers import record_changes


class Migration(migrations.Migration):
    dependencies = [("operations", "0001_initial"), ("core", "0002_triggers")]

    operations = [
        # Run counts move with every tick; what people edit is the job itself.
        record_changes(
            "scheduled_jobs",
            ignoring=(
                "next_run_at",
                "last_run_at",
                "last_status",
                "last_duration_ms",
                "run_count",
                "success_count",
                "fail_count",
                "updated_at_ms",
                "synced_at",
            ),
        ),
    ]
