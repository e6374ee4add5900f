import django.contrib.postgres.indexes
from django.db import migrations, models

from apps.core.indexes import AddIndexOnline


class Migration(migrations.Migration):
    """Built beside the writers, who may be many on an adopted warehouse."""

    atomic = False

    dependencies = [("memory", "0006_semantic_search")]

    operations = [
        AddIndexOnline(
            model_name="semanticmemory",
            index=models.Index(fields=["embedding_model", "id"], name="site_semantic_model"),
        ),
        AddIndexOnline(
            model_name="semanticmemory",
            index=django.contrib.postgres.indexes.GinIndex(
                fields=["content"], opclasses=["gin_trgm_ops"], name="site_semantic_text"
            ),
        ),
    ]
