from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("goals", "0003_search")]

    operations = [
        migrations.AddIndex(
            "goal",
            models.Index(
                fields=["-completed_at"], condition=models.Q(completed_at__isnull=False), name="site_goals_ended"
            ),
        ),
    ]
