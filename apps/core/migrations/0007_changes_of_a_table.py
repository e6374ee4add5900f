from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("core", "0006_saved_views")]

    operations = [
        migrations.AddIndex(
            "change", models.Index(fields=["table_name", "-changed_at"], name="site_change_table_when")
        ),
    ]
