from django.db import migrations, models

from apps.core.triggers import hours_of, note_stale_hours


class Migration(migrations.Migration):
    dependencies = [
        ("telemetry", "0002_search"),
        ("core", "0003_stale_hours"),
    ]

    operations = [
        migrations.CreateModel(
            name="ActivityDay",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("starts", models.DateTimeField(db_index=True)),
                ("action", models.TextField()),
                ("skill", models.TextField(null=True)),
                ("success", models.BooleanField()),
                ("activities", models.BigIntegerField()),
                ("estimated_tokens", models.FloatField(default=0)),
            ],
            options={
                "db_table": "site_activity_sum_day",
            },
        ),
        migrations.CreateModel(
            name="ActivitySum",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("starts", models.DateTimeField(db_index=True)),
                ("action", models.TextField()),
                ("skill", models.TextField(null=True)),
                ("success", models.BooleanField()),
                ("activities", models.BigIntegerField()),
                ("estimated_tokens", models.FloatField(default=0)),
            ],
            options={
                "db_table": "site_activity_sum",
            },
        ),
        migrations.CreateModel(
            name="InvocationDay",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("starts", models.DateTimeField(db_index=True)),
                ("skill_name", models.TextField()),
                ("tool_name", models.TextField()),
                ("calls", models.BigIntegerField()),
                ("failed", models.BigIntegerField()),
                ("timed", models.BigIntegerField()),
                ("duration_ms", models.BigIntegerField()),
                ("shortest_ms", models.IntegerField(null=True)),
                ("longest_ms", models.IntegerField(null=True)),
                ("tokens_used", models.BigIntegerField()),
                ("last_at", models.DateTimeField()),
            ],
            options={
                "db_table": "site_invocation_sum_day",
            },
        ),
        migrations.CreateModel(
            name="InvocationSum",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("starts", models.DateTimeField(db_index=True)),
                ("skill_name", models.TextField()),
                ("tool_name", models.TextField()),
                ("calls", models.BigIntegerField()),
                ("failed", models.BigIntegerField()),
                ("timed", models.BigIntegerField()),
                ("duration_ms", models.BigIntegerField()),
                ("shortest_ms", models.IntegerField(null=True)),
                ("longest_ms", models.IntegerField(null=True)),
                ("tokens_used", models.BigIntegerField()),
                ("last_at", models.DateTimeField()),
            ],
            options={
                "db_table": "site_invocation_sum",
            },
        ),
        migrations.CreateModel(
            name="SessionDay",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("starts", models.DateTimeField(db_index=True)),
                ("agent_id", models.TextField()),
                ("status", models.TextField()),
                ("session_type", models.TextField()),
                ("channel", models.TextField(null=True)),
                ("sessions", models.BigIntegerField()),
                ("messages", models.BigIntegerField()),
                ("ended", models.BigIntegerField()),
                ("seconds", models.FloatField()),
                ("tokens_used", models.BigIntegerField()),
                ("cost_usd", models.DecimalField(decimal_places=6, max_digits=20)),
                ("calls", models.BigIntegerField()),
                ("call_tokens", models.BigIntegerField()),
                ("call_cost_usd", models.DecimalField(decimal_places=6, max_digits=20)),
            ],
            options={
                "db_table": "site_session_sum_day",
            },
        ),
        migrations.CreateModel(
            name="SessionSum",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("starts", models.DateTimeField(db_index=True)),
                ("agent_id", models.TextField()),
                ("status", models.TextField()),
                ("session_type", models.TextField()),
                ("channel", models.TextField(null=True)),
                ("sessions", models.BigIntegerField()),
                ("messages", models.BigIntegerField()),
                ("ended", models.BigIntegerField()),
                ("seconds", models.FloatField()),
                ("tokens_used", models.BigIntegerField()),
                ("cost_usd", models.DecimalField(decimal_places=6, max_digits=20)),
                ("calls", models.BigIntegerField()),
                ("call_tokens", models.BigIntegerField()),
                ("call_cost_usd", models.DecimalField(decimal_places=6, max_digits=20)),
            ],
            options={
                "db_table": "site_session_sum",
            },
        ),
        migrations.CreateModel(
            name="UsageDay",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("starts", models.DateTimeField(db_index=True)),
                ("model", models.TextField()),
                ("provider", models.TextField(null=True)),
                ("agent_id", models.TextField(null=True)),
                ("requests", models.BigIntegerField()),
                ("successes", models.BigIntegerField()),
                ("input_tokens", models.BigIntegerField()),
                ("output_tokens", models.BigIntegerField()),
                ("cost_usd", models.DecimalField(decimal_places=6, max_digits=20)),
                ("timed", models.BigIntegerField()),
                ("latency_ms", models.BigIntegerField()),
                ("fastest_ms", models.IntegerField(null=True)),
                ("slowest_ms", models.IntegerField(null=True)),
            ],
            options={
                "db_table": "site_usage_sum_day",
            },
        ),
        migrations.CreateModel(
            name="UsageSum",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("starts", models.DateTimeField(db_index=True)),
                ("model", models.TextField()),
                ("provider", models.TextField(null=True)),
                ("agent_id", models.TextField(null=True)),
                ("requests", models.BigIntegerField()),
                ("successes", models.BigIntegerField()),
                ("input_tokens", models.BigIntegerField()),
                ("output_tokens", models.BigIntegerField()),
                ("cost_usd", models.DecimalField(decimal_places=6, max_digits=20)),
                ("timed", models.BigIntegerField()),
                ("latency_ms", models.BigIntegerField()),
                ("fastest_ms", models.IntegerField(null=True)),
                ("slowest_ms", models.IntegerField(null=True)),
            ],
            options={
                "db_table": "site_usage_sum",
            },
        ),
        # A session's sums hold its model calls, and a call's sums the agent of its session.
        note_stale_hours(
            "agent_sessions",
            "started_at",
            "site_session_sum",
            also={
                "site_usage_sum": hours_of(
                    "created_at",
                    "model_usage JOIN (SELECT id FROM changed GROUP BY id HAVING count(DISTINCT agent_id) > 1) AS moved"
                    " ON moved.id = session_id",
                )
            },
        ),
        note_stale_hours(
            "model_usage",
            "created_at",
            "site_usage_sum",
            also={
                "site_session_sum": hours_of(
                    "s.started_at", "agent_sessions AS s JOIN changed AS c ON c.session_id = s.id"
                )
            },
        ),
        note_stale_hours("skill_invocations", "created_at", "site_invocation_sum"),
        note_stale_hours("activity_log", "created_at", "site_activity_sum"),
    ]
