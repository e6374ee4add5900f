import django.utils.timezone
from django.db import migrations, models

from apps.core.triggers import touch_updated_at


class Migration(migrations.Migration):
    dependencies = [("knowledge", "0007_newest"), ("core", "0008_actions")]

    operations = [
        touch_updated_at("knowledge_entities"),
        migrations.CreateModel(
            name="GraphEdit",
            fields=[
                ("action", models.UUIDField(primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[("delete", "Deleted"), ("merge", "Merged"), ("import", "Imported"), ("undo", "Undid")],
                        max_length=10,
                    ),
                ),
                ("about", models.TextField()),
                ("entity", models.UUIDField(null=True)),
                ("undoes", models.UUIDField(null=True)),
                ("undone", models.BooleanField(default=False)),
                ("actor_kind", models.CharField(max_length=10)),
                ("actor_name", models.TextField()),
                ("made_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                "db_table": "site_graph_edit",
                "indexes": [models.Index(fields=["-made_at", "-action"], name="site_graph_edit_when")],
            },
        ),
    ]
