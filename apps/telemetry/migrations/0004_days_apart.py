from django.db import migrations, models

TABLES = ("site_session_sum", "site_usage_sum", "site_invocation_sum", "site_activity_sum")


class Migration(migrations.Migration):
    dependencies = [
        ("telemetry", "0003_sums"),
    ]

    operations = [
        *(migrations.RunSQL(f"DELETE FROM {table} WHERE span = 'day'", "") for table in TABLES),
        *(
            migrations.RunSQL(
                f"INSERT INTO site_stale_hour (sums, hour) SELECT DISTINCT '{table}', starts FROM {table}", ""
            )
            for table in TABLES
        ),
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
        migrations.RemoveIndex(
            model_name="activitysum",
            name="site_activity_sum_starts",
        ),
        migrations.RemoveIndex(
            model_name="invocationsum",
            name="site_invocation_sum_starts",
        ),
        migrations.RemoveIndex(
            model_name="sessionsum",
            name="site_session_sum_starts",
        ),
        migrations.RemoveIndex(
            model_name="usagesum",
            name="site_usage_sum_starts",
        ),
        migrations.RemoveField(
            model_name="activitysum",
            name="span",
        ),
        migrations.RemoveField(
            model_name="invocationsum",
            name="span",
        ),
        migrations.RemoveField(
            model_name="sessionsum",
            name="span",
        ),
        migrations.RemoveField(
            model_name="usagesum",
            name="span",
        ),
        migrations.AddField(
            model_name="activitysum",
            name="estimated_tokens",
            field=models.FloatField(default=0),
        ),
        migrations.AlterField(
            model_name="activitysum",
            name="starts",
            field=models.DateTimeField(db_index=True),
        ),
        migrations.AlterField(
            model_name="invocationsum",
            name="starts",
            field=models.DateTimeField(db_index=True),
        ),
        migrations.AlterField(
            model_name="sessionsum",
            name="starts",
            field=models.DateTimeField(db_index=True),
        ),
        migrations.AlterField(
            model_name="usagesum",
            name="starts",
            field=models.DateTimeField(db_index=True),
        ),
    ]
