from django.db import migrations, models

from apps.core.indexes import AddIndexOnline


class Migration(migrations.Migration):
    """Built beside the writers, who may be many on an adopted warehouse."""

    atomic = False

    dependencies = [("memory", "0010_retrievals")]

    operations = [
        AddIndexOnline(
            "semanticmemory",
            models.Index(fields=["-created_at"], condition=models.Q(buried=True), name="site_semantic_buried"),
        ),
    ]
