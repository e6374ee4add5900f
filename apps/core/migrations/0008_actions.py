from django.db import migrations, models

# Of the site's own writes what `acting` says; of other programs' each transaction is one. Its number alone would not
# do: a restored database counts anew.
FUNCTION = """
CREATE FUNCTION site_action() RETURNS uuid LANGUAGE sql STABLE AS $$
    SELECT coalesce(nullif(current_setting('aria.action', true), ''),
                    md5(pg_current_xact_id()::text || ' ' || extract(epoch FROM now())::text))::uuid
$$;
"""


class Migration(migrations.Migration):
    dependencies = [("core", "0007_changes_of_a_table")]

    operations = [
        migrations.RunSQL(FUNCTION, "DROP FUNCTION site_action"),
        migrations.AddField("change", "action", models.UUIDField(null=True)),
        # Only now, or all that is there would become one action
        migrations.RunSQL(
            "ALTER TABLE site_change ALTER action SET DEFAULT site_action()",
            "ALTER TABLE site_change ALTER action DROP DEFAULT",
        ),
    ]
