from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("core", "0004_idempotency_keys")]

    operations = [
        migrations.AddField(
            model_name="idempotencykey",
            name="request",
            field=models.CharField(max_length=64, null=True),
        ),
    ]
