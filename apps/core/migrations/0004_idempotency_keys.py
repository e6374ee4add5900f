import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("core", "0003_stale_hours")]

    operations = [
        migrations.CreateModel(
            name="IdempotencyKey",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("answer", models.TextField(null=True)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                "db_table": "site_idempotency_key",
                "indexes": [models.Index(fields=["created_at"], name="site_idempotency_key_age")],
            },
        ),
    ]
