from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("security", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="LoginAttempt",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=150)),
                ("address", models.CharField(max_length=64)),
                ("tries", models.IntegerField()),
                ("last_at", models.DateTimeField()),
            ],
            options={
                "db_table": "site_login_attempt",
                "indexes": [models.Index(fields=["last_at"], name="site_login_attempt_last")],
                "constraints": [
                    models.UniqueConstraint(fields=("name", "address"), name="site_login_attempt_key"),
                ],
            },
        ),
    ]
