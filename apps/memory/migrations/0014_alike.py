from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("memory", "0013_uses_are_no_edits")]

    operations = [
        migrations.CreateModel(
            name="AlikeChecked",
            fields=[
                ("memory", models.UUIDField(primary_key=True, serialize=False)),
                ("text", models.IntegerField()),
                ("model", models.CharField(max_length=200)),
            ],
            options={"db_table": "site_memory_alike_checked"},
        ),
        migrations.CreateModel(
            name="AlikePair",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("one", models.UUIDField()),
                ("other", models.UUIDField()),
                ("distance", models.FloatField()),
            ],
            options={
                "db_table": "site_memory_alike",
                "indexes": [
                    models.Index(fields=["distance", "one", "other"], name="site_memory_alike_nearest"),
                    models.Index(fields=["other"], name="site_memory_alike_other"),
                ],
                "constraints": [models.UniqueConstraint(fields=("one", "other"), name="site_memory_alike_pair")],
            },
        ),
    ]
