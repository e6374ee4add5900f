from django.db import migrations, models

from apps.core.indexes import AddIndexOnline


class Migration(migrations.Migration):
    """Built beside the writers, who may be many on an adopted warehouse."""

    atomic = False

    dependencies = [
        ("knowledge", "0006_relations_of_a_node"),
    ]

    operations = [
        AddIndexOnline(
            model_name="knowledgeentity",
            index=models.Index(fields=["-created_at", "id"], name="site_knowledge_newest"),
        ),
        AddIndexOnline(
            model_name="knowledgerelation",
            index=models.Index(fields=["-created_at", "id"], name="site_knowledge_new_relation"),
        ),
    ]
