from django.db import migrations, models

from apps.core.indexes import AddIndexOnline


def failed(model_name: str, name: str) -> AddIndexOnline:
    index = models.Index(condition=models.Q(("success", False)), fields=["-created_at"], name=name)
    return AddIndexOnline(model_name=model_name, index=index)


class Migration(migrations.Migration):
    """Built beside the writers, who may be many on an adopted warehouse."""

    atomic = False

    dependencies = [("telemetry", "0016_a_month_of_a_skill")]

    operations = [failed("modelusage", "site_usage_failed"), failed("activitylog", "site_activity_failed")]
