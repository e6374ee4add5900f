from django.db import migrations

from apps.core.triggers import RECORD_CHANGES


class Migration(migrations.Migration):
    dependencies = [("core", "0010_deletions")]

    operations = [migrations.RunSQL(RECORD_CHANGES, "DROP FUNCTION site_record_changes")]
