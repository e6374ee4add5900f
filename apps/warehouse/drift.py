"""How a warehouse differs from what the site expects, difference by difference, and what adoption does about each."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from django.db import connection

from apps.warehouse.catalogue import Column, Constraint, Index, Table, rows

# Epoch milliseconds do not fit into 32 bits; widening loses nothing and the table is small.
WIDENED = {("scheduled_jobs", "created_at_ms"), ("scheduled_jobs", "updated_at_ms")}
RENAMED = {"knowledge_entities": ("entity_type", "type")}
LEFT = "left as it is"


@dataclass(frozen=True)
class Difference:
    sort: str  # missing, extra or different
    piece: str
    action: str = LEFT  # a past participle: 'will be added', 'added'
    stops: str = ""  # why adoption cannot go on before a person has decided
    at_once: tuple[str, ...] = ()  # quick statements, all of them in one transaction
    beside: tuple[str, ...] = ()  # long ones that let writers go on, one by one, after those

    def as_text(self, done: bool) -> str:
        if self.stops:
            return f"{self.sort:<9} {self.piece}: {self.stops}"
        outcome = self.action if done or self.action.startswith(LEFT) else f"will be {self.action}"
        return f"{self.sort:<9} {self.piece}: {outcome}"


@dataclass(frozen=True)
class TableDrift:
    table: str
    there: bool
    columns: int = 0
    indexes: int = 0
    differences: list[Difference] = field(default_factory=list)


def drift_of(table: str, tables: dict[str, Table], expected: Table, *, rename: bool) -> TableDrift:
    real = tables.get(table)
    if real is None:
        return TableDrift(table, there=False)
    drift = TableDrift(table, True, len(real.columns), len(real.indexes))
    if not real.is_table:
        drift.differences.append(Difference("different", "table", stops="it is a view, so the site cannot write to it"))
        return drift
    old, new = RENAMED.get(table, ("", ""))
    if old in real.columns and new not in real.columns:
        drift.differences.append(renaming(table, old, new, rename))
        real = real.with_column_renamed(old, new)
    drift.differences.extend(columns_drift(table, real, expected))
    drift.differences.extend(indexes_drift(table, real, expected))
    drift.differences.extend(constraints_drift(table, tables, real, expected))
    return drift


def renaming(table: str, old: str, new: str, rename: bool) -> Difference:
    if not rename:
        return Difference("different", f"column {new}", stops=f"it is called {old} here; --rename renames it")
    statement = f"ALTER TABLE {q(table)} RENAME COLUMN {q(old)} TO {q(new)}"
    return Difference("different", f"column {old}", f"renamed to {new}", at_once=(statement,))


def columns_drift(table: str, real: Table, expected: Table) -> Iterator[Difference]:
    for name, want in expected.columns.items():
        have = real.columns.get(name)
        if have is None:
            yield missing_column(table, name, want)
        elif have.type != want.type:
            yield other_type(table, name, have, want)
        else:
            yield from other_rules(table, name, have, want)
    for name, have in real.columns.items():
        if name not in expected.columns:
            yield extra_column(name, have)


def missing_column(table: str, name: str, want: Column) -> Difference:
    statement = f"ALTER TABLE {q(table)} ADD COLUMN IF NOT EXISTS {q(name)} {want.type}"
    if want.default is not None:
        statement += f" DEFAULT {want.default}"
    if not want.nullable:
        statement += " NOT NULL"
    why = ""
    if not want.nullable and want.default is None and rows(f"SELECT FROM {q(table)} LIMIT 1"):
        why = "it must have a value in every row, and adoption cannot invent one; add and fill it by hand"
    elif numbered(want):
        why = "it needs a sequence and numbers for the rows that are there; add it by hand"
    return Difference("missing", f"column {name} {want.type}", "added", stops=why, at_once=(statement,))


def other_type(table: str, name: str, have: Column, want: Column) -> Difference:
    piece = f"column {name} is {have.type}, expected {want.type}"
    if (table, name) in WIDENED and (have.type, want.type) == ("integer", "bigint"):
        statement = f"ALTER TABLE {q(table)} ALTER COLUMN {q(name)} TYPE bigint"
        return Difference("different", piece, "widened", at_once=(statement,))
    return Difference("different", piece, stops="adoption converts no data; convert it by hand, then run this again")


def other_rules(table: str, name: str, have: Column, want: Column) -> Iterator[Difference]:
    if have.nullable != want.nullable:
        allows = "allows NULL" if have.nullable else "refuses NULL"
        yield Difference("different", f"column {name} {allows}")
    if have.filled or meaning(have.default) == meaning(want.default):
        return
    piece = f"default of column {name} is {have.default or 'none'}, expected {want.default or 'none'}"
    if have.default is not None or have.nullable:
        yield Difference("different", piece)
    elif numbered(want):
        yield Difference("different", piece, stops="without a sequence no row can be added; give it one by hand")
    else:
        # No writer leaves out a column that refuses to be left out, so nobody notices but the site.
        statement = f"ALTER TABLE {q(table)} ALTER COLUMN {q(name)} SET DEFAULT {want.default}"
        yield Difference("different", piece, "set", at_once=(statement,))


def meaning(default: str | None) -> str | None:
    """Defaults that are spelt differently and do the same are the same."""
    if default is None:
        return None
    if default.endswith(("uuid_generate_v4()", "gen_random_uuid()")):
        return "a new uuid"
    if default.startswith("nextval("):
        return "the next number"
    return {"CURRENT_TIMESTAMP": "now()"}.get(default, default)


def numbered(column: Column) -> bool:
    return meaning(column.default) == "the next number"


def extra_column(name: str, have: Column) -> Difference:
    if have.nullable or have.default is not None or have.filled:
        return Difference("extra", f"column {name} {have.type}")
    trouble = ", but the site can add no rows before you give it a default or let it be NULL"
    return Difference("extra", f"column {name} {have.type} NOT NULL", LEFT + trouble)


def indexes_drift(table: str, real: Table, expected: Table) -> Iterator[Difference]:
    for name, want in expected.indexes.items():
        have = real.indexes.get(name)
        if want.of_constraint:
            continue
        if have is None or not have.valid:
            yield missing_index(table, name, want, real, ruin=have is not None)
        elif (have.unique, have.definition) != (want.unique, want.definition):
            yield Difference("different", f"index {name} is {have.definition}, expected {want.definition}")
    for name, have in real.indexes.items():
        if name not in expected.indexes and not have.of_constraint:
            yield Difference("extra", f"index {name}")


def missing_index(table: str, name: str, want: Index, real: Table, *, ruin: bool) -> Difference:
    piece = f"{'unique index' if want.unique else 'index'} {name}"
    stops = ""
    if want.unique:
        columns = [column.strip(' "') for column in want.definition.partition("(")[2].rstrip(")").split(",")]
        stops = duplicates(table, columns, real)
    action = "built anew, since an interrupted try left a ruin" if ruin else "built"
    return Difference("missing", piece, action, stops=stops, beside=building(table, name, want, ruin=ruin))


def building(table: str, name: str, want: Index, *, ruin: bool) -> tuple[str, ...]:
    unique = "UNIQUE " if want.unique else ""
    create = f"CREATE {unique}INDEX CONCURRENTLY IF NOT EXISTS {q(name)} ON {q(table)} USING {want.definition}"
    return (f"DROP INDEX CONCURRENTLY IF EXISTS {q(name)}", create) if ruin else (create,)


def constraints_drift(table: str, tables: dict[str, Table], real: Table, expected: Table) -> Iterator[Difference]:
    # Known by what they say: existing installations may have named them otherwise.
    there = {constraint.definition: (name, constraint) for name, constraint in real.constraints.items()}
    for name, want in expected.constraints.items():
        have_name, have = there.get(want.definition, (name, real.constraints.get(name)))
        if have is None:
            yield missing_constraint(table, name, want, tables, real, expected)
        elif have.definition != want.definition:
            yield Difference("different", f"constraint {name} is {have.definition}, expected {want.definition}")
        elif not have.valid:
            validate = f"ALTER TABLE {q(table)} VALIDATE CONSTRAINT {q(have_name)}"
            why = orphans(table, want, tables, real)
            yield Difference("different", f"constraint {have_name}", "validated", stops=why, beside=(validate,))
    wanted = {constraint.definition for constraint in expected.constraints.values()}
    for name, have in real.constraints.items():
        if name not in expected.constraints and have.definition not in wanted:
            yield Difference("extra", f"constraint {name} {have.definition}")


def missing_constraint(
    table: str, name: str, want: Constraint, tables: dict[str, Table], real: Table, expected: Table
) -> Difference:
    piece = f"constraint {name} {want.definition}"
    add = f"ALTER TABLE {q(table)} ADD CONSTRAINT {q(name)}"
    if want.kind == "f":
        validate = f"ALTER TABLE {q(table)} VALIDATE CONSTRAINT {q(name)}"
        why = orphans(table, want, tables, real)
        return Difference("missing", piece, "added", stops=why, beside=(f"{add} {want.definition} NOT VALID", validate))
    index = real.indexes.get(name)
    kind = "PRIMARY KEY" if want.kind == "p" else "UNIQUE"
    build: tuple[str, ...] = ()
    if index is None or not index.valid:
        build = building(table, name, expected.indexes[name], ruin=index is not None)
    why = duplicates(table, list(want.columns), real)
    return Difference("missing", piece, "added", stops=why, beside=(*build, f"{add} {kind} USING INDEX {q(name)}"))


def duplicates(table: str, columns: list[str], real: Table) -> str:
    if not real.columns.keys() >= set(columns):
        return ""
    names = ", ".join(q(column) for column in columns)
    filled = " AND ".join(f"{q(column)} IS NOT NULL" for column in columns)
    ((count,),) = rows(
        f"SELECT count(*) FROM (SELECT FROM {q(table)} WHERE {filled} GROUP BY {names} HAVING count(*) > 1) AS twice"
    )
    if not count:
        return ""
    return f"{count} value(s) of {', '.join(columns)} occur more than once; make them unique, then run this again"


def orphans(table: str, want: Constraint, tables: dict[str, Table], real: Table) -> str:
    assert want.foreign_table
    if not real.columns.keys() >= set(want.columns):
        return ""
    filled = " AND ".join(f"a.{q(column)} IS NOT NULL" for column in want.columns)
    sql = f"SELECT count(*) FROM {q(table)} a WHERE {filled}"
    if want.foreign_table in tables:
        pairs = zip(want.columns, want.foreign_columns, strict=True)
        match = " AND ".join(f"b.{q(foreign)} = a.{q(column)}" for column, foreign in pairs)
        sql += f" AND NOT EXISTS (SELECT FROM {q(want.foreign_table)} b WHERE {match})"
    ((count,),) = rows(sql)
    if not count:
        return ""
    where = ", ".join(want.columns)
    return f"{count} row(s) name a {where} that {want.foreign_table} does not have; correct them, then run this again"


def q(name: str) -> str:
    return connection.ops.quote_name(name)
