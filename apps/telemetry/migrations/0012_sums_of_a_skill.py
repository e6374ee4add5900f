from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("telemetry", "0011_additions"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="invocationday",
            index=models.Index(fields=["skill_name", "starts"], name="site_invocationday_skill"),
        ),
        migrations.AddIndex(
            model_name="invocationmonth",
            index=models.Index(fields=["skill_name", "starts"], name="site_invocationmonth_skill"),
        ),
        migrations.AddIndex(
            model_name="invocationsum",
            index=models.Index(fields=["skill_name", "starts"], name="site_invocationsum_skill"),
        ),
        migrations.AddIndex(
            model_name="invocationtime",
            index=models.Index(fields=["skill_name", "starts"], name="site_invocationtime_skill"),
        ),
        migrations.AddIndex(
            model_name="invocationtimeday",
            index=models.Index(fields=["skill_name", "starts"], name="site_invocationtimeday_skill"),
        ),
        migrations.AddIndex(
            model_name="invocationtimemonth",
            index=models.Index(fields=["skill_name", "starts"], name="site_invocationtimemonth_skill"),
        ),
    ]
