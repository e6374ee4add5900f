from django.db import migrations

from apps.core.triggers import note_anew, record_changes

IGNORED = ("embedding", "accessed_at", "access_count", "site_embedding_model")
BEFORE = record_changes("semantic_memories", IGNORED)
# To compare a row with its like, the history's trigger writes out both, vectors and all.
NOW = record_changes("semantic_memories", IGNORED, unless="aria.counting_uses")


class Migration(migrations.Migration):
    dependencies = [("memory", "0012_context_of_a_category")]

    operations = note_anew(BEFORE, NOW)
