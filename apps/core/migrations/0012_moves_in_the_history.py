from django.db import migrations, models

from apps.core.indexes import AddIndexOnline


class Migration(migrations.Migration):
    """Built beside the writers, who may be many on an adopted warehouse."""

    atomic = False

    dependencies = [("core", "0011_changes_of_a_statement")]

    operations = [
        AddIndexOnline(
            model_name="change",
            index=models.Index(
                condition=models.Q(("after__has_any_keys", ["status", "board_column"]), ("operation", "update")),
                fields=["table_name", "-changed_at"],
                name="site_change_moved",
            ),
        )
    ]
