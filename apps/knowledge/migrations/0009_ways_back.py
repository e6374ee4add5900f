from django.db import migrations, models

from apps.core.indexes import AddIndexOnline


class Migration(migrations.Migration):
    """Built beside the writers, who may be many on an adopted warehouse."""

    atomic = False

    dependencies = [
        ("knowledge", "0008_editing"),
    ]

    operations = [
        AddIndexOnline(
            model_name="knowledgerelation",
            index=models.Index(fields=["to_entity", "from_entity"], name="site_knowledge_back"),
        ),
    ]
