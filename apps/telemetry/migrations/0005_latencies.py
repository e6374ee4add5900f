from django.db import migrations, models

from apps.core.triggers import hours_of, note_anew, note_stale_hours

# As the migration of the sums has them.
AGENT_MOVED = hours_of(
    "created_at",
    "model_usage JOIN (SELECT id FROM changed GROUP BY id HAVING count(DISTINCT agent_id) > 1) AS moved"
    " ON moved.id = session_id",
)
OF_SESSION = {
    "site_session_sum": hours_of("s.started_at", "agent_sessions AS s JOIN changed AS c ON c.session_id = s.id")
}


class Migration(migrations.Migration):
    dependencies = [
        ("telemetry", "0004_failed_invocations"),
    ]

    operations = [
        migrations.CreateModel(
            name="InvocationTime",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("starts", models.DateTimeField(db_index=True)),
                ("skill_name", models.TextField()),
                ("tool_name", models.TextField()),
                ("bucket", models.SmallIntegerField(null=True)),
                ("calls", models.BigIntegerField()),
            ],
            options={
                "db_table": "site_invocation_time",
            },
        ),
        migrations.CreateModel(
            name="InvocationTimeDay",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("starts", models.DateTimeField(db_index=True)),
                ("skill_name", models.TextField()),
                ("tool_name", models.TextField()),
                ("bucket", models.SmallIntegerField(null=True)),
                ("calls", models.BigIntegerField()),
            ],
            options={
                "db_table": "site_invocation_time_day",
            },
        ),
        migrations.CreateModel(
            name="UsageTime",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("starts", models.DateTimeField(db_index=True)),
                ("model", models.TextField()),
                ("provider", models.TextField(null=True)),
                ("agent_id", models.TextField(null=True)),
                ("bucket", models.SmallIntegerField(null=True)),
                ("calls", models.BigIntegerField()),
            ],
            options={
                "db_table": "site_usage_time",
            },
        ),
        migrations.CreateModel(
            name="UsageTimeDay",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("starts", models.DateTimeField(db_index=True)),
                ("model", models.TextField()),
                ("provider", models.TextField(null=True)),
                ("agent_id", models.TextField(null=True)),
                ("bucket", models.SmallIntegerField(null=True)),
                ("calls", models.BigIntegerField()),
            ],
            options={
                "db_table": "site_usage_time_day",
            },
        ),
        migrations.AddField(
            model_name="usageday",
            name="silent_input_tokens",
            field=models.BigIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="usageday",
            name="silent_output_tokens",
            field=models.BigIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="usageday",
            name="silent_requests",
            field=models.BigIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="usagesum",
            name="silent_input_tokens",
            field=models.BigIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="usagesum",
            name="silent_output_tokens",
            field=models.BigIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="usagesum",
            name="silent_requests",
            field=models.BigIntegerField(default=0),
        ),
        *note_anew(
            note_stale_hours("agent_sessions", "started_at", "site_session_sum", also={"site_usage_sum": AGENT_MOVED}),
            note_stale_hours(
                "agent_sessions",
                "started_at",
                "site_session_sum",
                also={"site_usage_sum": AGENT_MOVED, "site_usage_time": AGENT_MOVED},
            ),
        ),
        *note_anew(
            note_stale_hours("model_usage", "created_at", "site_usage_sum", also=OF_SESSION),
            note_stale_hours("model_usage", "created_at", "site_usage_sum", "site_usage_time", also=OF_SESSION),
        ),
        *note_anew(
            note_stale_hours("skill_invocations", "created_at", "site_invocation_sum"),
            note_stale_hours("skill_invocations", "created_at", "site_invocation_sum", "site_invocation_time"),
        ),
    ]
