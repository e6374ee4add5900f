"""Any table of the warehouse as JSON or CSV, made by PostgreSQL itself from what its catalogue says.

The site's own tables are none of them, and no column of vectors is shown.
"""

import re
from dataclasses import dataclass

from psycopg.sql import Identifier

from apps.warehouse.catalogue import SITE_PREFIXES, rows
from apps.warehouse.inventory import WRITTEN

ALIASES = {"activities": "activity_log"}
ORDER = {"rate_limits": "updated_at"}  # elsewhere the first of WRITTEN

COLUMNS = """
SELECT a.attname, format_type(a.atttypid, a.atttypmod), NOT a.attnotnull, coalesce(a.attnum = ANY (k.indkey), false)
  FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  LEFT JOIN pg_index k ON k.indrelid = c.oid AND k.indisprimary
 WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p') AND c.relname = %s
   AND has_table_privilege(c.oid, 'SELECT')
   AND NOT EXISTS (SELECT FROM pg_depend d
                    WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
 ORDER BY a.attnum
"""


class UnknownTable(Exception):
    """No table of the warehouse has this name."""


@dataclass(frozen=True)
class Column:
    name: str
    type: str
    nullable: bool
    is_key: bool

    @property
    def is_time(self) -> bool:
        return self.type.startswith("timestamp")

    @property
    def is_vector(self) -> bool:
        return re.match(r"(\w+\.)?(vector|halfvec|sparsevec)\b", self.type) is not None

    def shown(self) -> str:
        """Times as everywhere in the API: with a T, six digits or none after the second, and UTC's offset."""
        name = quoted(self.name)
        if not self.is_time:
            return name
        zone, offset = (" AT TIME ZONE 'UTC'", '"+00:00"') if "with time zone" in self.type else ("", "")
        written = f"""to_char({name}{zone}, 'YYYY-MM-DD"T"HH24:MI:SS.US{offset}')"""
        return f"replace({written}, '.000000', '') AS {name}"


@dataclass(frozen=True)
class Source:
    """A table that may be read, and how."""

    table: str
    columns: list[Column]

    def select(self) -> str:
        columns = ", ".join(column.shown() for column in self.columns if not column.is_vector)
        order = ", ".join(self.order())
        return f"SELECT {columns} FROM {quoted(self.table)} AS t{' ORDER BY ' + order if order else ''}"

    def order(self) -> list[str]:
        """Newest first; by the table's column, not by the text of the same name that is shown."""
        times = {column.name: column for column in self.columns if column.is_time}
        latest = next((times[name] for name in [ORDER.get(self.table), *WRITTEN] if name in times), None)
        newest_first = [f"t.{quoted(latest.name)} DESC{' NULLS LAST' if latest.nullable else ''}"] if latest else []
        return newest_first + [f"t.{quoted(column.name)} DESC" for column in self.columns if column.is_key]


def quoted(name: str) -> str:
    return Identifier(name).as_string(None)


def source(table: str) -> Source:
    """Raises: UnknownTable"""
    name = ALIASES.get(table, table)
    found = [] if name.startswith(SITE_PREFIXES) else rows(COLUMNS, [name])
    if not found:
        raise UnknownTable(table)
    return Source(name, [Column(*facts) for facts in found])


def page(wanted: Source, number: int, limit: int) -> tuple[str, int]:
    """The rows of a page as one JSON array, and how many the table has."""
    offset = (max(number, 1) - 1) * limit
    some = f"{wanted.select()} LIMIT {limit:d} OFFSET {offset:d}"
    [found] = rows(
        f"SELECT (SELECT coalesce(json_agg(r), '[]') FROM ({some}) AS r)::text,"
        f" (SELECT count(*) FROM {quoted(wanted.table)})"
    )
    return found
