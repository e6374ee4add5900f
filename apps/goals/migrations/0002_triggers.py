from django.db import migrations

from apps.core.triggers import announce, record_changes, touch_updated_at


class Migration(migrations.Migration):
    dependencies = [("goals", "0001_initial"), ("core", "0002_triggers")]

    operations = [
        # The cards beside a moved one only shift; that is neither history nor a new revision of them.
        record_changes("goals", ignoring=("position",)),
        touch_updated_at("goals", ignoring=("position",)),
        announce("goals", "goals"),
        announce("hourly_goals", "hourly-goals"),
    ]
