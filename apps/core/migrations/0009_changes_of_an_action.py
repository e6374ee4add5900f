from django.db import migrations, models

from apps.core.indexes import AddIndexOnline


class Migration(migrations.Migration):
    """Built beside the writers, who may be many on an adopted warehouse."""

    atomic = False

    dependencies = [("core", "0008_actions")]

    operations = [
        AddIndexOnline(model_name="change", index=models.Index(fields=["action"], name="site_change_action")),
    ]
