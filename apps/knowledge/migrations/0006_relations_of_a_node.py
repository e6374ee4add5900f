from django.db import migrations, models

from apps.core.indexes import AddIndexOnline


def add(name: str, fields: list[str], include: list[str]) -> AddIndexOnline:
    index = models.Index(fields=fields, include=include, name=name)
    return AddIndexOnline(model_name="knowledgerelation", index=index)


class Migration(migrations.Migration):
    """Built beside the writers, who may be many on an adopted warehouse."""

    atomic = False

    dependencies = [
        ("knowledge", "0005_live"),
    ]

    operations = [
        add("site_knowledge_out", ["from_entity", "relation_type", "created_at"], ["to_entity"]),
        add("site_knowledge_in", ["to_entity", "relation_type", "created_at"], ["from_entity"]),
        AddIndexOnline(
            model_name="knowledgerelation",
            index=models.Index(fields=["from_entity", "to_entity"], name="site_knowledge_between"),
        ),
    ]
