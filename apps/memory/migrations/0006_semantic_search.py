import uuid

import django.contrib.postgres.functions
import django.utils.timezone
from django.db import migrations, models

import apps.core.fields
from apps.core.triggers import record_changes

ADD = """
ALTER TABLE semantic_memories
  ADD COLUMN IF NOT EXISTS site_embedding_model varchar(200) NOT NULL DEFAULT 'nomic-embed-text'"""
# Each search counts a use of what it finds. With room on its page a row stays in its place then, and the index of the
# vectors, into which an entry takes ten milliseconds, needs no new one.
MAKE_ROOM = "ALTER TABLE semantic_memories SET (fillfactor = 70)"
# Bringing memories over to another model is no edit of them.
STOP_RECORDING = "DROP TRIGGER site_record_change ON semantic_memories"
IGNORED = ("embedding", "accessed_at", "access_count")


class Migration(migrations.Migration):
    dependencies = [("memory", "0005_checkpoints")]

    operations = [
        # The column may have come with the dump of a site.
        migrations.RunSQL(
            ADD,
            "ALTER TABLE semantic_memories DROP COLUMN site_embedding_model",
            state_operations=[
                migrations.AddField(
                    "semanticmemory",
                    "embedding_model",
                    models.CharField(
                        db_column="site_embedding_model",
                        db_default="nomic-embed-text",
                        default="nomic-embed-text",
                        editable=False,
                        max_length=200,
                    ),
                )
            ],
        ),
        migrations.RunSQL(MAKE_ROOM, "ALTER TABLE semantic_memories RESET (fillfactor)"),
        migrations.RunSQL(STOP_RECORDING, record_changes("semantic_memories", IGNORED).sql),
        migrations.RunSQL(record_changes("semantic_memories", (*IGNORED, "site_embedding_model")).sql, STOP_RECORDING),
        migrations.CreateModel(
            name="WaitingText",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_default=django.contrib.postgres.functions.RandomUUID(),
                        default=uuid.uuid4,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("content", models.TextField()),
                ("summary", models.TextField(blank=True, null=True)),
                ("category", models.CharField(db_default="general", default="general", max_length=50)),
                (
                    "metadata",
                    models.JSONField(blank=True, db_default=models.Value({}, models.JSONField()), default=dict),
                ),
                ("importance", models.FloatField(db_default=0.5, default=0.5)),
                ("source", models.CharField(blank=True, max_length=100, null=True)),
                (
                    "created_at",
                    models.DateTimeField(db_default=apps.core.fields.Now(), default=django.utils.timezone.now),
                ),
                ("actor_kind", models.CharField(max_length=20)),
                ("actor_name", models.CharField(max_length=200)),
                ("attempts", models.IntegerField(db_default=0, default=0)),
                ("problem", models.TextField(blank=True, db_default="", default="")),
                (
                    "try_after",
                    models.DateTimeField(db_default=apps.core.fields.Now(), default=django.utils.timezone.now),
                ),
            ],
            options={
                "db_table": "site_semantic_queue",
                "indexes": [models.Index(fields=["try_after"], name="site_semantic_queue_next")],
            },
        ),
        migrations.CreateModel(
            name="SessionSummary",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_default=django.contrib.postgres.functions.RandomUUID(),
                        default=uuid.uuid4,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("hours_back", models.FloatField()),
                ("answer", models.JSONField(blank=True, null=True)),
                (
                    "requested_at",
                    models.DateTimeField(db_default=apps.core.fields.Now(), default=django.utils.timezone.now),
                ),
            ],
            options={"db_table": "site_session_summary", "verbose_name_plural": "session summaries"},
        ),
    ]
