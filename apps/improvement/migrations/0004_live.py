from django.db import migrations

from apps.core.triggers import announce


class Migration(migrations.Migration):
    dependencies = [("improvement", "0003_order"), ("core", "0002_triggers")]

    operations = [
        announce("lessons_learned", "lessons"),
        announce("improvement_proposals", "proposals"),
    ]
