from django.db import migrations

from apps.core.triggers import note_anew, record_changes, record_statements


def once_a_statement(table):
    return note_anew(record_changes(table), record_statements(table))


class Migration(migrations.Migration):
    """Merges of hubs, imports and their undoing change very many rows at once."""

    dependencies = [("knowledge", "0011_import"), ("core", "0011_changes_of_a_statement")]

    operations = [*once_a_statement("knowledge_entities"), *once_a_statement("knowledge_relations")]
