from django.db import migrations, models

from apps.core.indexes import AddIndexOnline


class Migration(migrations.Migration):
    """Built beside the writers, who may be many on an adopted warehouse."""

    atomic = False

    dependencies = [
        ("memory", "0011_buried"),
    ]

    operations = [
        AddIndexOnline(
            model_name="workingmemory",
            index=models.Index(fields=["category", "-importance", "-created_at"], name="site_wm_category_importance"),
        ),
        AddIndexOnline(
            model_name="workingmemory",
            index=models.Index(
                models.F("category"),
                models.OrderBy(models.F("updated_at"), descending=True, nulls_last=True),
                name="site_wm_category_updated",
            ),
        ),
        AddIndexOnline(
            model_name="workingmemory",
            index=models.Index(fields=["category", "-access_count"], name="site_wm_category_used"),
        ),
    ]
