from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import migrations, models
from django.db.models.functions import Cast

from apps.core.indexes import AddIndexOnline


class Migration(migrations.Migration):
    """Built beside the writers, who may be many on an adopted warehouse."""

    atomic = False

    dependencies = [("memory", "0008_live")]

    operations = [
        AddIndexOnline("memory", GinIndex(fields=["key"], opclasses=["gin_trgm_ops"], name="site_memories_key_text")),
        AddIndexOnline(
            "memory",
            GinIndex(OpClass(Cast("value", models.TextField()), "gin_trgm_ops"), name="site_memories_value_text"),
        ),
    ]
