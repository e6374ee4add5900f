from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("improvement", "0004_live")]

    operations = [
        migrations.AddIndex("lessonlearned", models.Index(fields=["-created_at"], name="site_lesson_created")),
    ]
