import pgvector.django.halfvec
from django.db import migrations, models

from apps.core.triggers import AS_OWNER
from apps.memory.vectors import FILL

FUNCTION = f"""
CREATE FUNCTION site_copy_vector() RETURNS trigger LANGUAGE plpgsql {AS_OWNER} AS $$
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        DELETE FROM site_memory_vector;
        RETURN NULL;
    END IF;
    DELETE FROM site_memory_vector WHERE memory IN (OLD.id, NEW.id);
    IF TG_OP <> 'DELETE' THEN
        {FILL.format(rows="(SELECT NEW.*) AS row")};
    END IF;
    RETURN NULL;
END $$;
"""
# To be found counts as a use, and changes none of these.
COPIED = "id, embedding, site_embedding_model, category, importance, source, created_at, site_buried"
TRIGGERS = f"""
CREATE TRIGGER site_copy_vector AFTER INSERT OR DELETE OR UPDATE OF {COPIED} ON semantic_memories
    FOR EACH ROW EXECUTE FUNCTION site_copy_vector();
CREATE TRIGGER site_copy_vector_truncate AFTER TRUNCATE ON semantic_memories
    FOR EACH STATEMENT EXECUTE FUNCTION site_copy_vector();
"""
FILLED = FILL.format(rows="semantic_memories") + "; ANALYZE site_memory_vector;"
DROP = """
DROP TRIGGER site_copy_vector ON semantic_memories;
DROP TRIGGER site_copy_vector_truncate ON semantic_memories;
DROP FUNCTION site_copy_vector;
"""


class Migration(migrations.Migration):
    dependencies = [("memory", "0014_alike")]

    operations = [
        migrations.CreateModel(
            name="MemoryVector",
            fields=[
                ("memory", models.UUIDField(primary_key=True, serialize=False)),
                ("vector", pgvector.django.halfvec.HalfVectorField(dimensions=768)),
                ("embedding_model", models.TextField()),
                ("category", models.TextField(null=True)),
                ("importance", models.FloatField(null=True)),
                ("source", models.TextField(null=True)),
                ("created_at", models.DateTimeField(null=True)),
                ("buried", models.BooleanField()),
            ],
            options={
                "db_table": "site_memory_vector",
                "indexes": [
                    models.Index(fields=["category"], name="site_memory_vector_category"),
                    models.Index(fields=["importance"], name="site_memory_vector_importance"),
                    models.Index(fields=["source"], name="site_memory_vector_source"),
                    models.Index(fields=["created_at"], name="site_memory_vector_created"),
                ],
            },
        ),
        # The triggers come first and keep writers out until the migration is done, so that no row is missed.
        migrations.RunSQL(FUNCTION + TRIGGERS + FILLED, DROP),
    ]
