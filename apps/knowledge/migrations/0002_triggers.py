from django.db import migrations

from apps.core.triggers import record_changes


class Migration(migrations.Migration):
    dependencies = [("knowledge", "0001_initial"), ("core", "0002_triggers")]

    operations = [
        record_changes("knowledge_entities"),
        record_changes("knowledge_relations"),
    ]
