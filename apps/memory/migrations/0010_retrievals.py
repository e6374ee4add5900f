import django.utils.timezone
from django.db import migrations, models

import apps.core.fields


class Migration(migrations.Migration):
    dependencies = [("memory", "0009_memory_text")]

    operations = [
        # The column may have come with the dump of a site.
        migrations.RunSQL(
            "ALTER TABLE semantic_memories ADD COLUMN IF NOT EXISTS site_buried boolean NOT NULL DEFAULT false",
            "ALTER TABLE semantic_memories DROP COLUMN site_buried",
            state_operations=[
                migrations.AddField(
                    "semanticmemory",
                    "buried",
                    models.BooleanField(db_column="site_buried", db_default=False, default=False, editable=False),
                )
            ],
        ),
        migrations.CreateModel(
            name="Retrieval",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("memory_id", models.UUIDField()),
                ("query", models.TextField()),
                ("mode", models.CharField(max_length=10)),
                ("place", models.IntegerField()),
                ("similarity", models.FloatField(blank=True, null=True)),
                ("actor_kind", models.CharField(max_length=20)),
                ("actor_name", models.TextField()),
                (
                    "found_at",
                    models.DateTimeField(db_default=apps.core.fields.Now(), default=django.utils.timezone.now),
                ),
            ],
            options={
                "db_table": "site_memory_retrieval",
                "indexes": [
                    models.Index(fields=["memory_id", "-id"], name="site_memory_retrieval_of"),
                    models.Index(fields=["found_at"], name="site_memory_retrieval_when"),
                ],
            },
        ),
    ]
