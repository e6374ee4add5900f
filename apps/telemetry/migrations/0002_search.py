import django.contrib.postgres.indexes
import django.db.models.functions.comparison
from django.db import migrations, models

from apps.core.indexes import AddIndexOnline


class Migration(migrations.Migration):
    """Built beside the writers, who may be many on an adopted warehouse."""

    atomic = False

    dependencies = [
        ("telemetry", "0001_initial"),
        ("core", "0001_initial"),
    ]

    operations = [
        AddIndexOnline(
            model_name="activitylog",
            index=django.contrib.postgres.indexes.GinIndex(
                django.contrib.postgres.indexes.OpClass("action", name="gin_trgm_ops"),
                django.contrib.postgres.indexes.OpClass(
                    django.db.models.functions.comparison.Cast("details", models.TextField()), name="gin_trgm_ops"
                ),
                name="site_activity_text",
            ),
        ),
        # Only with statistics of the indexed text does the planner know a rare word from a common one.
        migrations.RunSQL("ANALYZE activity_log", migrations.RunSQL.noop),
    ]
