from django.db import migrations

from apps.core.triggers import announce


class Migration(migrations.Migration):
    dependencies = [("knowledge", "0004_graph_search"), ("core", "0002_triggers")]

    operations = [
        announce("knowledge_entities", "knowledge", stream=True),
        announce("knowledge_relations", "knowledge", stream=True),
    ]
