from django.db import migrations, models

from apps.core.triggers import hours_there, noted

# Nothing that was summed before says with which model or error.
SUMMED_ANEW = noted({"site_invocation_sum": hours_there("created_at", "skill_invocations")})
EMPTIED = "TRUNCATE site_invocation_sum, site_invocation_sum_day;"


class Migration(migrations.Migration):
    dependencies = [
        ("telemetry", "0007_session_page"),
    ]

    operations = [
        migrations.RunSQL(f"{EMPTIED} INSERT INTO site_stale_hour (sums, hour) {SUMMED_ANEW};", EMPTIED),
        *(
            migrations.AddField(model_name=model, name=name, field=field)
            for model in ("invocationsum", "invocationday")
            for name, field in (
                ("model_used", models.TextField(null=True)),
                ("error_type", models.TextField(null=True)),
                ("first_at", models.DateTimeField()),
            )
        ),
        migrations.AddIndex(
            model_name="skillinvocation",
            index=models.Index(fields=["skill_name", "-created_at"], name="site_invocation_skill"),
        ),
    ]
