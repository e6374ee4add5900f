from django.db import migrations

from apps.core.triggers import record_changes


class Migration(migrations.Migration):
    dependencies = [("memory", "0001_initial"), ("core", "0002_triggers")]

    operations = [
        record_changes("memories"),
        # Retrieval counts are no edits, and a vector is no use to a reader.
        record_changes("semantic_memories", ignoring=("embedding", "accessed_at", "access_count")),
    ]
