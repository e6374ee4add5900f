from django.db import migrations

from apps.core.triggers import announce


class Migration(migrations.Migration):
    dependencies = [("operations", "0002_triggers"), ("core", "0002_triggers")]

    operations = [
        announce("scheduled_jobs", "jobs"),
    ]
