"""Migration operations that attach the site's triggers to a table.

Triggers, because the warehouse has writers outside Django: a change made in psql or by an older
program must be in the history and on open pages as well.
"""

from django.db.migrations.operations import RunSQL

ADDED = "_added"  # ends the name of sums whose hour holds what was added since it was summed
MOST_ADDED = 1000  # rows of a statement; more are quicker summed with their hour
STREAM = "stream:"  # begins the notices of topics that may come in bursts
SUMMED = "summed:"  # begins the notices of sums of which what was noted has been summed

# What these functions write is the site's own. Other programs may write to the warehouse in roles that have no right
# to it, and with another search path.
AS_OWNER = "SECURITY DEFINER SET search_path FROM CURRENT"

FUNCTIONS = (
    f"CREATE FUNCTION site_record_change() RETURNS trigger LANGUAGE plpgsql {AS_OWNER} AS $$"
    + """
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
)
# The same for tables of which a statement may change many thousand rows: it asks once, not once a row. Its plans are
# kept from a first call with a few rows, when a nested loop over them seemed the best. The one loop that is needed then
# counts as so dear that a server with a just-in-time compiler would compile for each call.
RECORD_CHANGES = (
    f"CREATE FUNCTION site_record_changes() RETURNS trigger LANGUAGE plpgsql {AS_OWNER}"
    " SET enable_nestloop = off SET jit = off AS $$"
    + """
DECLARE
    who_kind text := coalesce(nullif(current_setting('aria.actor_kind', true), ''), 'unknown');
    who_name text := coalesce(nullif(current_setting('aria.actor_name', true), ''),
                              session_user || coalesce(' in ' || nullif(current_setting('application_name'), ''), ''));
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO site_change (table_name, row_id, operation, after, actor_kind, actor_name, changed_at)
        SELECT TG_TABLE_NAME, id, 'insert', to_jsonb(added), who_kind, who_name, clock_timestamp() FROM added;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO site_change (table_name, row_id, operation, before, actor_kind, actor_name, changed_at)
        SELECT TG_TABLE_NAME, id, 'delete', to_jsonb(removed), who_kind, who_name, clock_timestamp() FROM removed;
    ELSE
        INSERT INTO site_change (table_name, row_id, operation, before, after, actor_kind, actor_name, changed_at)
        SELECT TG_TABLE_NAME, id, 'update', differing.before, differing.after, who_kind, who_name, clock_timestamp()
          FROM (SELECT id, to_jsonb(removed) AS old_row, to_jsonb(added) AS new_row
                  FROM removed JOIN added USING (id)) AS both_rows,
       LATERAL (SELECT jsonb_object_agg(o.key, o.value) AS before, jsonb_object_agg(o.key, new_row -> o.key) AS after
                  FROM jsonb_each(old_row) AS o WHERE o.value IS DISTINCT FROM new_row -> o.key) AS differing
         WHERE old_row <> new_row;
    END IF;
    RETURN NULL;
END $$;
"""
)
DROP_FUNCTIONS = "DROP FUNCTION site_record_change, site_announce, site_touch_updated_at;"


def record_changes(table: str, ignoring: tuple[str, ...] = (), unless: str = "") -> RunSQL:
    """Keep the history of `table` in `site_change`, save for changes to nothing but the columns of `ignoring`.

    A statement that sets `unless` to its statement_timestamp() says that it makes no others: to look takes long where
    rows are large.
    """
    ignored = "{" + ",".join(ignoring) + "}"
    when = f"WHEN (current_setting('{unless}', true) IS DISTINCT FROM statement_timestamp()::text) " if unless else ""
    return trigger(
        table,
        "site_record_change",
        f"AFTER INSERT OR UPDATE OR DELETE ON {table} FOR EACH ROW {when}"
        f"EXECUTE FUNCTION site_record_change('{ignored}')",
    )


def record_statements(table: str) -> RunSQL:
    """As `record_changes`, for a table whose keys are never changed and of which all columns count."""
    rows = {operation: transition for operation, transition in TRANSITIONS.items() if transition}
    return RunSQL(*statement_triggers(table, "site_record", "site_record_changes", rows))


def statement_triggers(table: str, name: str, function: str, transitions: dict[str, str]) -> tuple[str, str]:
    """SQL that makes a trigger an operation, each with the rows of its statement, and SQL that drops them."""
    return (
        "".join(
            f"CREATE TRIGGER {name}_{operation.lower()} AFTER {operation} ON {table} {transition}"
            f" FOR EACH STATEMENT EXECUTE FUNCTION {function}();\n"
            for operation, transition in transitions.items()
        ),
        "".join(f"DROP TRIGGER {name}_{operation.lower()} ON {table};\n" for operation in transitions),
    )


def announce(table: str, topic: str, *, stream: bool = False) -> RunSQL:
    """Tell open pages that `table` has changed; with `stream`, which is for bursts, a few times a second at the most.

    Not for tables that many connections write to by the second: NOTIFY makes their transactions commit one by one.
    """
    topic = f"{STREAM}{topic}" if stream else topic
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


def note_stale_hours(
    table: str,
    moment: str,
    *sums: str,
    also: dict[str, str] | None = None,
    additions: tuple[str, ...] = (),
    first: bool = True,
) -> RunSQL:
    """Note in `site_stale_hour` for each of `sums` each hour in which a statement changes rows of `table`.

    `additions` are statements that add up the rows of an INSERT, `added`, into the sums. With them an INSERT of at most
    MOST_ADDED rows makes no hour stale: its hours are noted as `<sums>_added`, which makes their days stale alone.
    Unless it is not the `first` time, all that is there already is noted.

    `also` names other sums that depend on the table, with SQL that selects their hours FROM `changed`, which are the
    rows before and after the statement. Moments that no calendar has (infinity) belong to no hour.
    """
    name, also = f"site_note_{table}", also or {}
    hours = dict.fromkeys(sums, hours_of(moment, "changed")) | also
    stale = {operation: noting(rows, hours) for operation, rows in CHANGED.items()}
    if additions:
        stale["INSERT"] = f"""
            IF (SELECT count(*) FROM (SELECT FROM added LIMIT {MOST_ADDED + 1}) AS few) <= {MOST_ADDED} THEN
                {"; ".join(additions)};
                {noting(CHANGED["INSERT"], {f"{sums}{ADDED}": query for sums, query in hours.items()})}
            ELSE
                {stale["INSERT"]}
            END IF;"""
    branches = "".join(f"ELSIF TG_OP = '{operation}' THEN {body}" for operation, body in stale.items())
    # TRUNCATE leaves no rows to look at: whatever was summed is noted.
    function = f"""
    CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql {AS_OWNER} AS $$
    BEGIN
        IF TG_OP = 'TRUNCATE' THEN
            INSERT INTO site_stale_hour (sums, hour)
            {noted({summed: f"SELECT starts FROM {summed}" for summed in hours})};
        {branches}
        END IF;
        RETURN NULL;
    END $$;
    """
    triggers, dropped = statement_triggers(table, "site_note", name, TRANSITIONS)
    # With the triggers in place no row can slip by, and what was there before them is noted whole.
    fill = f"INSERT INTO site_stale_hour (sums, hour) {noted(dict.fromkeys(sums, hours_there(moment, table)))};"
    fill = fill if first else ""
    return RunSQL(function + triggers + fill, f"{dropped} DROP FUNCTION {name};")


def noting(changed: str, hours: dict[str, str]) -> str:
    return f"WITH changed AS ({changed}) INSERT INTO site_stale_hour (sums, hour) {noted(hours)};"


def note_anew(before: RunSQL, now: RunSQL) -> list[RunSQL]:
    """Other notes, or another history, in the place of those of an earlier migration."""
    return [RunSQL(before.reverse_sql or "", before.sql), now]


TRANSITIONS = {
    "INSERT": "REFERENCING NEW TABLE AS added",
    "UPDATE": "REFERENCING OLD TABLE AS removed NEW TABLE AS added",
    "DELETE": "REFERENCING OLD TABLE AS removed",
    "TRUNCATE": "",
}
CHANGED = {
    "INSERT": "TABLE added",
    "DELETE": "TABLE removed",
    "UPDATE": "TABLE removed UNION ALL TABLE added",
}


def hours_of(moment: str, rows: str) -> str:
    return f"SELECT date_trunc('hour', {moment}, 'UTC') FROM {rows} WHERE {in_calendar(moment)}"


def hours_there(moment: str, table: str) -> str:
    """From hour to hour by the index on `moment`: cheap however many rows there are."""
    first = f"SELECT date_trunc('hour', min({moment}), 'UTC') FROM {table} WHERE {in_calendar(moment)}"
    following = f"{first} AND {moment} >= hour + interval '1 hour'"
    return (
        f"WITH RECURSIVE found(hour) AS ({first} UNION ALL SELECT ({following}) FROM found WHERE hour IS NOT NULL)"
        " SELECT hour FROM found WHERE hour IS NOT NULL"
    )


def in_calendar(moment: str) -> str:
    return f"{moment} > '0001-01-03Z' AND {moment} < '9999-12-30Z'"


def noted(hours: dict[str, str]) -> str:
    """Each hour once, however many rows it has."""
    return " UNION ALL ".join(
        f"SELECT DISTINCT '{sums}', hour FROM ({query}) AS q(hour)" for sums, query in hours.items()
    )
