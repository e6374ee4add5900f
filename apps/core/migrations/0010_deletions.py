from django.db import migrations, models

from apps.core.indexes import AddIndexOnline


class Migration(migrations.Migration):
    """Built beside the writers of the history."""

    atomic = False

    dependencies = [("core", "0009_changes_of_an_action")]

    operations = [
        AddIndexOnline(
            "change",
            models.Index(
                fields=["table_name", "-changed_at"],
                condition=models.Q(operation="delete"),
                name="site_change_deleted",
            ),
        ),
    ]
