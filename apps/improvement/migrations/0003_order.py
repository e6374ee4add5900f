from django.db import migrations, models

from apps.core.indexes import AddIndexOnline


class Migration(migrations.Migration):
    """Built beside the writers, who may be many on an adopted warehouse."""

    atomic = False

    dependencies = [
        ("improvement", "0002_triggers"),
    ]

    operations = [
        AddIndexOnline(
            model_name="improvementproposal",
            index=models.Index(fields=["-created_at"], name="site_proposal_created"),
        ),
        AddIndexOnline(
            model_name="lessonlearned",
            index=models.Index(fields=["-last_occurred"], name="site_lesson_last"),
        ),
        AddIndexOnline(
            model_name="lessonlearned",
            index=models.Index(fields=["-effectiveness", "-last_occurred"], name="site_lesson_best"),
        ),
    ]
