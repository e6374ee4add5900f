from django.db import migrations

from apps.core.triggers import record_changes


class Migration(migrations.Migration):
    dependencies = [("improvement", "0001_initial"), ("core", "0002_triggers")]

    operations = [
        record_changes("lessons_learned", ignoring=("occurrences", "last_occurred")),
        record_changes("improvement_proposals"),
    ]
