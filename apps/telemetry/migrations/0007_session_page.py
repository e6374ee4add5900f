import django.contrib.postgres.indexes
import django.db.models.functions.comparison
import django.db.models.functions.text
from django.db import migrations, models

from apps.core.triggers import hours_there, noted

SUMMED_ANEW = noted({"site_session_sum": hours_there("started_at", "agent_sessions")})


class Migration(migrations.Migration):
    dependencies = [
        ("telemetry", "0006_model_price"),
    ]

    operations = [
        migrations.AddField(
            model_name="sessionday",
            name="silent_calls",
            field=models.BigIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="sessionsum",
            name="silent_calls",
            field=models.BigIntegerField(default=0),
        ),
        migrations.AddIndex(
            model_name="agentsession",
            index=models.Index(fields=["cost_usd", "id"], name="site_session_cost"),
        ),
        migrations.AddIndex(
            model_name="agentsession",
            index=django.contrib.postgres.indexes.GinIndex(
                django.contrib.postgres.indexes.OpClass(
                    django.db.models.functions.text.Upper(
                        django.db.models.functions.comparison.Cast("metadata", models.TextField())
                    ),
                    name="gin_trgm_ops",
                ),
                name="site_session_text",
            ),
        ),
        migrations.RunSQL(f"INSERT INTO site_stale_hour (sums, hour) {SUMMED_ANEW};", migrations.RunSQL.noop),
    ]
