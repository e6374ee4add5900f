"""Migration operations that attach the site's triggers to a table.

Triggers, because the warehouse has writers outside Django: a change made in psql or by an older
program must be in the history and on open pages as well.
"""

from django.db.migrations.operations import RunSQL

FUNCTIONS = """
CREATE FUNCTION site_record_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    ignored text[] := coalesce(TG_ARGV[0], '{}')::text[];
    old_row jsonb := CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) - ignored END;
    new_row jsonb := CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) - ignored END;
    key text := coalesce(new_row, old_row) ->> 'id';
BEGIN
    IF TG_OP = 'UPDATE' THEN
        SELECT jsonb_object_agg(o.key, o.value), jsonb_object_agg(o.key, new_row -> o.key)
          INTO old_row, new_row
          FROM jsonb_each(old_row) AS o
         WHERE o.value IS DISTINCT FROM new_row -> o.key;
        IF new_row IS NULL THEN
            RETURN NULL;
        END IF;
    END IF;
    INSERT INTO site_change (table_name, row_id, operation, before, after, actor_kind, actor_name, changed_at)
    VALUES (TG_TABLE_NAME, key, lower(TG_OP), old_row, new_row,
            coalesce(nullif(current_setting('aria.actor_kind', true), ''), 'unknown'),
            coalesce(nullif(current_setting('aria.actor_name', true), ''),
                     session_user || coalesce(' in ' || nullif(current_setting('application_name'), ''), '')),
            clock_timestamp());
    RETURN NULL;
END $$;

-- One notice a statement; PostgreSQL sends it on commit, and equal ones of a transaction only once.
CREATE FUNCTION site_announce() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('aria_live', TG_ARGV[0]);
    RETURN NULL;
END $$;

-- clock_timestamp(), not now(): two changes of a row must never carry the same revision.
CREATE FUNCTION site_touch_updated_at() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.updated_at := greatest(clock_timestamp(), OLD.updated_at + interval '1 microsecond');
    RETURN NEW;
END $$;
"""
DROP_FUNCTIONS = "DROP FUNCTION site_record_change, site_announce, site_touch_updated_at;"


def record_changes(table: str, ignoring: tuple[str, ...] = ()) -> RunSQL:
    """Keep the history of `table` in `site_change`, save for changes to nothing but the columns of `ignoring`."""
    ignored = "{" + ",".join(ignoring) + "}"
    return trigger(
        table,
        "site_record_change",
        f"AFTER INSERT OR UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION site_record_change('{ignored}')",
    )


def announce(table: str, topic: str) -> RunSQL:
    """Tell open pages that `table` has changed."""
    return trigger(
        table,
        "site_announce",
        f"AFTER INSERT OR UPDATE OR DELETE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION site_announce('{topic}')",
    )


def touch_updated_at(table: str, ignoring: tuple[str, ...] = ()) -> RunSQL:
    """Move `updated_at` on every change, save for changes to nothing but the columns of `ignoring`."""
    columns = "".join(f" - '{column}'" for column in ignoring)
    return trigger(
        table,
        "site_touch_updated_at",
        f"BEFORE UPDATE ON {table} FOR EACH ROW "
        f"WHEN ((to_jsonb(OLD){columns}) IS DISTINCT FROM (to_jsonb(NEW){columns})) "
        "EXECUTE FUNCTION site_touch_updated_at()",
    )


def trigger(table: str, name: str, definition: str) -> RunSQL:
    return RunSQL(f"CREATE TRIGGER {name} {definition};", f"DROP TRIGGER {name} ON {table};")
