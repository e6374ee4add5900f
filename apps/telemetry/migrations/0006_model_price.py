from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("telemetry", "0005_latencies"),
    ]

    operations = [
        migrations.CreateModel(
            name="ModelPrice",
            fields=[
                ("name", models.TextField(primary_key=True, serialize=False)),
                ("model", models.TextField()),
                ("input_usd", models.DecimalField(decimal_places=6, max_digits=16)),
                ("output_usd", models.DecimalField(decimal_places=6, max_digits=16)),
                ("source", models.CharField(max_length=30)),
                ("updated_at", models.DateTimeField()),
            ],
            options={
                "db_table": "site_model_price",
                "ordering": ["name"],
            },
        ),
    ]
