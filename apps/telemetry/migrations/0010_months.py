from django.db import migrations, models

SUMS = (
    *("site_session_sum", "site_usage_sum", "site_invocation_sum", "site_activity_sum"),
    *("site_invocation_time", "site_usage_time"),
)
# Each month is noted, so that it is read from its days until it is summed.
NOTE = "INSERT INTO site_stale_hour (sums, hour) " + " UNION ".join(
    f"SELECT '{sums}_month', date_trunc('month', starts, 'UTC') FROM {sums}_day" for sums in SUMS
)


class Migration(migrations.Migration):
    dependencies = [
        ("telemetry", "0009_budgets"),
    ]

    operations = [
        migrations.CreateModel(
            name="ActivityMonth",
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
                "db_table": "site_activity_sum_month",
            },
        ),
        migrations.CreateModel(
            name="InvocationMonth",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("starts", models.DateTimeField(db_index=True)),
                ("skill_name", models.TextField()),
                ("tool_name", models.TextField()),
                ("model_used", models.TextField(null=True)),
                ("error_type", models.TextField(null=True)),
                ("calls", models.BigIntegerField()),
                ("failed", models.BigIntegerField()),
                ("timed", models.BigIntegerField()),
                ("duration_ms", models.BigIntegerField()),
                ("shortest_ms", models.IntegerField(null=True)),
                ("longest_ms", models.IntegerField(null=True)),
                ("tokens_used", models.BigIntegerField()),
                ("first_at", models.DateTimeField()),
                ("last_at", models.DateTimeField()),
            ],
            options={
                "db_table": "site_invocation_sum_month",
            },
        ),
        migrations.CreateModel(
            name="InvocationTimeMonth",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("starts", models.DateTimeField(db_index=True)),
                ("skill_name", models.TextField()),
                ("tool_name", models.TextField()),
                ("bucket", models.SmallIntegerField(null=True)),
                ("calls", models.BigIntegerField()),
            ],
            options={
                "db_table": "site_invocation_time_month",
            },
        ),
        migrations.CreateModel(
            name="SessionMonth",
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
                ("silent_calls", models.BigIntegerField(default=0)),
            ],
            options={
                "db_table": "site_session_sum_month",
            },
        ),
        migrations.CreateModel(
            name="UsageMonth",
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
                ("silent_requests", models.BigIntegerField(default=0)),
                ("silent_input_tokens", models.BigIntegerField(default=0)),
                ("silent_output_tokens", models.BigIntegerField(default=0)),
            ],
            options={
                "db_table": "site_usage_sum_month",
            },
        ),
        migrations.CreateModel(
            name="UsageTimeMonth",
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
                "db_table": "site_usage_time_month",
            },
        ),
        migrations.RunSQL(NOTE, "DELETE FROM site_stale_hour WHERE right(sums, 6) = '_month'"),
    ]
