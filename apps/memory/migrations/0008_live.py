from django.db import migrations

from apps.core.triggers import announce


class Migration(migrations.Migration):
    dependencies = [("memory", "0007_semantic_indexes"), ("core", "0002_triggers")]

    operations = [
        announce("memories", "memories", stream=True),
        announce("semantic_memories", "memories", stream=True),
        announce("working_memory", "working-memory", stream=True),
        announce("thoughts", "thoughts", stream=True),
    ]
