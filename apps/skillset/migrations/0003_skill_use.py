from django.db import migrations, models

import apps.core.fields

# AFTER the statement and once for all its rows: a bulk insert costs a sum, not a write a row.
# Names are locked in their order, so that two statements never wait for one another.
FUNCTIONS = """
CREATE FUNCTION site_add_skill_uses() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO site_skill_use AS known (skill_name, uses, errors, last_used_at)
    SELECT skill_name, count(*), count(*) FILTER (WHERE NOT success), max(created_at)
      FROM added GROUP BY skill_name ORDER BY skill_name
    ON CONFLICT (skill_name) DO UPDATE
       SET uses = known.uses + excluded.uses,
           errors = known.errors + excluded.errors,
           last_used_at = greatest(known.last_used_at, excluded.last_used_at);
    RETURN NULL;
END $$;

-- Locked first: the next statement then sees all calls that were counted before it, and none later.
CREATE FUNCTION site_subtract_skill_uses() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM site_skill_use WHERE skill_name IN (SELECT skill_name FROM removed) ORDER BY skill_name FOR UPDATE;
    UPDATE site_skill_use AS known
       SET uses = known.uses - gone.uses,
           errors = known.errors - gone.errors,
           last_used_at = CASE WHEN known.last_used_at > gone.last_used_at THEN known.last_used_at ELSE (
               SELECT max(created_at) FROM skill_invocations WHERE skill_name = known.skill_name) END
      FROM (SELECT skill_name, count(*) AS uses, count(*) FILTER (WHERE NOT success) AS errors,
                   max(created_at) AS last_used_at
              FROM removed GROUP BY skill_name) AS gone
     WHERE known.skill_name = gone.skill_name;
    DELETE FROM site_skill_use WHERE uses = 0 AND skill_name IN (SELECT skill_name FROM removed);
    RETURN NULL;
END $$;

CREATE FUNCTION site_forget_skill_uses() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM site_skill_use;
    RETURN NULL;
END $$;
"""
# The first of these keeps writers out until the migration is done, so that no call is missed or counted twice.
TRIGGERS = """
CREATE TRIGGER site_skill_use_insert AFTER INSERT ON skill_invocations
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION site_add_skill_uses();
-- In the order of their names: added before subtracted, so that no skill is at nought in between.
CREATE TRIGGER site_skill_use_update_1 AFTER UPDATE ON skill_invocations
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION site_add_skill_uses();
CREATE TRIGGER site_skill_use_update_2 AFTER UPDATE ON skill_invocations
    REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION site_subtract_skill_uses();
CREATE TRIGGER site_skill_use_delete AFTER DELETE ON skill_invocations
    REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION site_subtract_skill_uses();
CREATE TRIGGER site_skill_use_truncate AFTER TRUNCATE ON skill_invocations
    FOR EACH STATEMENT EXECUTE FUNCTION site_forget_skill_uses();
"""
FILL = """
INSERT INTO site_skill_use (skill_name, uses, errors, last_used_at)
SELECT skill_name, count(*), count(*) FILTER (WHERE NOT success), max(created_at)
  FROM skill_invocations GROUP BY skill_name;
"""
DROP = """
DROP TRIGGER site_skill_use_insert ON skill_invocations;
DROP TRIGGER site_skill_use_update_1 ON skill_invocations;
DROP TRIGGER site_skill_use_update_2 ON skill_invocations;
DROP TRIGGER site_skill_use_delete ON skill_invocations;
DROP TRIGGER site_skill_use_truncate ON skill_invocations;
DROP FUNCTION site_add_skill_uses, site_subtract_skill_uses, site_forget_skill_uses;
"""


class Migration(migrations.Migration):
    dependencies = [("skillset", "0002_graph_search"), ("telemetry", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="SkillUse",
            fields=[
                ("skill_name", apps.core.fields.TextKeyField(max_length=100, primary_key=True, serialize=False)),
                ("uses", models.BigIntegerField()),
                ("errors", models.BigIntegerField()),
                ("last_used_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={"db_table": "site_skill_use"},
        ),
        migrations.RunSQL(FUNCTIONS + TRIGGERS + FILL, DROP),
    ]
