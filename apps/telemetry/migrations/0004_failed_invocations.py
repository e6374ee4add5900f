from django.db import migrations, models

from apps.core.indexes import AddIndexOnline


class Migration(migrations.Migration):
    """Built beside the writers, who may be many on an adopted warehouse."""

    atomic = False

    dependencies = [("telemetry", "0003_sums")]

    operations = [
        AddIndexOnline(
            model_name="skillinvocation",
            index=models.Index(
                condition=models.Q(("success", False)), fields=["-created_at"], name="site_invocation_failed"
            ),
        ),
    ]
