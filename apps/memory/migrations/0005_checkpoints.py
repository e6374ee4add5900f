import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

import apps.core.fields

# An adopted warehouse has checkpoints only as stamps on the items. What the items are now is all that is left of them.
KEEP_OLD_STAMPS = """
INSERT INTO site_working_memory_checkpoint (checkpoint_id, items_checkpointed, created_at)
SELECT checkpoint_id, count(*), max(coalesce(updated_at, created_at))
  FROM working_memory WHERE checkpoint_id <> '' GROUP BY checkpoint_id;
INSERT INTO site_working_memory_checkpoint_item
       (checkpoint_id, item_id, category, key, value, importance, ttl_hours, source,
        created_at, updated_at, accessed_at, access_count)
SELECT checkpoint_id, id, category, key, value, importance, ttl_hours, source,
       created_at, updated_at, accessed_at, access_count
  FROM working_memory WHERE checkpoint_id <> '';
"""


class Migration(migrations.Migration):
    dependencies = [
        ("memory", "0004_working_memory_order"),
    ]

    operations = [
        migrations.CreateModel(
            name="WorkingMemoryCheckpoint",
            fields=[
                (
                    "checkpoint_id",
                    apps.core.fields.TextKeyField(max_length=100, primary_key=True, serialize=False),
                ),
                ("items_checkpointed", models.IntegerField()),
                (
                    "created_at",
                    models.DateTimeField(db_default=apps.core.fields.Now(), default=django.utils.timezone.now),
                ),
            ],
            options={
                "db_table": "site_working_memory_checkpoint",
                "indexes": [models.Index(fields=["-created_at"], name="site_wm_checkpoint_created")],
            },
        ),
        migrations.CreateModel(
            name="WorkingMemoryCheckpointItem",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "checkpoint",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="items",
                        to="memory.workingmemorycheckpoint",
                    ),
                ),
                ("item_id", models.UUIDField()),
                ("category", models.CharField(max_length=50)),
                ("key", models.CharField(max_length=200)),
                ("value", models.JSONField()),
                ("importance", models.FloatField()),
                ("ttl_hours", models.IntegerField(blank=True, null=True)),
                ("source", models.CharField(blank=True, max_length=100, null=True)),
                ("created_at", models.DateTimeField()),
                ("updated_at", models.DateTimeField(blank=True, null=True)),
                ("accessed_at", models.DateTimeField(blank=True, null=True)),
                ("access_count", models.IntegerField()),
            ],
            options={
                "verbose_name": "checkpointed item",
                "db_table": "site_working_memory_checkpoint_item",
            },
        ),
        migrations.RunSQL(KEEP_OLD_STAMPS, migrations.RunSQL.noop),
    ]
