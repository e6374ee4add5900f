"""What a batch brings, and what becomes of it."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Unreadable:
    """Stands for a line that is no JSON."""

    problem: str


@dataclass(frozen=True)
class Entry:
    """A checked item, and its place in the batch."""

    index: int
    row: dict[str, Any]


@dataclass
class Report:
    """Each item is stored, a duplicate or listed as invalid; notes tell of stored ones that were changed."""

    received: int
    invalid: list[dict[str, Any]] = field(default_factory=list)
    notes: list[dict[str, Any]] = field(default_factory=list)
    by_kind: dict[str, dict[str, int]] = field(default_factory=dict)

    def refuse(self, index: int, kind: str | None, detail: str) -> None:
        self.invalid.append({"index": index, "kind": kind, "detail": detail})

    def note(self, index: int, kind: str, detail: str) -> None:
        self.notes.append({"index": index, "kind": kind, "detail": detail})

    def answer(self) -> dict[str, Any]:
        return {
            "received": self.received,
            "stored": sum(kind["stored"] for kind in self.by_kind.values()),
            "duplicates": sum(kind["duplicates"] for kind in self.by_kind.values()),
            "invalid": sorted(self.invalid, key=lambda item: item["index"]),
            "notes": self.notes,
            "by_kind": self.by_kind,
        }
