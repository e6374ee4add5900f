"""What has become of a checkpoint's items since, which is what restoring it would undo."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

SHOWN = 50  # differences of each kind
FIELDS = ("value", "importance", "ttl_hours", "source")
KINDS = {
    "changed": "Changed since: written over",
    "gone": "Gone since: come back",
    "expired": "Expired since: live again",
    "new": "Made since: stay",
    "same": "As they were: only their times to live start again",
}

# Values may be long: only the starts of those that are shown are read out.
COMPARE = """
WITH compared AS (
    SELECT coalesce(kept.category, item.category) AS category, coalesce(kept.key, item.key) AS key,
           CASE WHEN item.id IS NULL THEN 'gone' WHEN kept.id IS NULL THEN 'new' WHEN item.is_over THEN 'expired'
                WHEN (kept.value, kept.importance, kept.ttl_hours, kept.source)
                     IS DISTINCT FROM (item.value, item.importance, item.ttl_hours, item.source)
                THEN 'changed' ELSE 'same' END AS kind,
           kept.value AS value, kept.importance, kept.ttl_hours, kept.source,
           item.value AS value_now, item.importance AS importance_now, item.ttl_hours AS ttl_hours_now,
           item.source AS source_now
      FROM (SELECT * FROM site_working_memory_checkpoint_item WHERE checkpoint_id = %s) AS kept
      FULL JOIN (SELECT *, coalesce(statement_timestamp() - coalesce(updated_at, created_at)
                                    >= make_interval(hours => ttl_hours), false) AS is_over
                   FROM working_memory) AS item
        ON item.category = kept.category AND item.key = kept.key
     WHERE kept.id IS NOT NULL OR NOT item.is_over),
placed AS (
    SELECT *, count(*) OVER (PARTITION BY kind) AS of_kind,
           row_number() OVER (PARTITION BY kind ORDER BY category, key) AS place
      FROM compared)
SELECT kind, of_kind, category, key, left(value::text, 600), importance, ttl_hours, source,
       left(value_now::text, 600), importance_now, ttl_hours_now, source_now
  FROM placed WHERE place <= CASE kind WHEN 'same' THEN 1 ELSE %s END
 ORDER BY kind, place"""


@dataclass(frozen=True)
class Difference:
    """Of an item under its category and key; `fields` are (name, then, now)."""

    category: str
    key: str
    fields: list[tuple[str, Any, Any]]


@dataclass
class Group:
    """All differences of a kind, of which the first are shown."""

    kind: str
    label: str
    count: int = 0
    shown: list[Difference] = field(default_factory=list)

    @property
    def hidden(self) -> int:
        return self.count - len(self.shown)


def differences(checkpoint_id: str) -> list[Group]:
    """Of the items of the checkpoint and those that are in mind now, by kind."""
    groups = {kind: Group(kind, label) for kind, label in KINDS.items()}
    with connection.cursor() as cursor:
        cursor.execute(COMPARE, [checkpoint_id, SHOWN])
        for kind, count, category, key, *values in cursor.fetchall():
            groups[kind].count = count
            groups[kind].shown.append(Difference(category, key, list(fields_of(kind, values))))
    return [group for group in groups.values() if group.count]


def fields_of(kind: str, values: list[Any]) -> Iterator[tuple[str, Any, Any]]:
    """What differs; of an item that is there on one side only, its value."""
    for name, then, now in zip(FIELDS, values[: len(FIELDS)], values[len(FIELDS) :], strict=True):
        if name == "value" and kind != "changed" or kind == "changed" and then != now:
            yield name, then, now
