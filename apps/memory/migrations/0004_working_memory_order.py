from django.db import migrations, models

from apps.core.indexes import AddIndexOnline


class Migration(migrations.Migration):
    """Built beside the writers, who may be many on an adopted warehouse."""

    atomic = False

    dependencies = [
        ("memory", "0003_search"),
    ]

    operations = [
        AddIndexOnline(
            model_name="workingmemory",
            index=models.Index(fields=["-created_at"], name="site_wm_created"),
        ),
        AddIndexOnline(
            model_name="workingmemory",
            index=models.Index(
                models.OrderBy(models.F("updated_at"), descending=True, nulls_last=True), name="site_wm_updated"
            ),
        ),
        AddIndexOnline(
            model_name="workingmemory",
            index=models.Index(fields=["-access_count"], name="site_wm_used"),
        ),
    ]
