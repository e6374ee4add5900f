"""What the page of working memory shows: how much there is, what `context` would return now, and why."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from math import isfinite
from typing import Any

from django.db.models import F

from apps.core.figures import Figure, whole
from apps.core.texts import Holds
from apps.memory.models import WorkingMemory
from apps.memory.querysets import Weights, WorkingMemoryQuerySet

PARTS = tuple(asdict(Weights()))  # of a score
LENGTH = 100  # of the bar of the highest score


@dataclass(frozen=True)
class Wanted:
    """What the filters ask for; an empty text asks for nothing."""

    category: str = ""
    key: str = ""  # in the key
    state: str = ""  # `expired`, `all`; otherwise what is alive

    @property
    def anything(self) -> bool:
        return any(vars(self).values())

    def items(self) -> WorkingMemoryQuerySet:
        items = WorkingMemory.objects.filter(**{"category": self.category} if self.category else {})
        items = items.filter(Holds(F("key"), self.key)) if self.key else items
        if self.state == "all":
            return items
        return items.expired() if self.state == "expired" else items.alive()


@dataclass(frozen=True)
class Part:
    """Of a score; `x` and `width` are its place in the bar."""

    name: str
    score: float
    x: str
    width: str


@dataclass(frozen=True)
class Relevant:
    item: Any
    parts: list[Part]


def relevant(weights: Weights, limit: int, category: str) -> list[Relevant]:
    """What `context` would return now, which so counts as no use of it."""
    items = list(WorkingMemory.objects.most_relevant(weights, limit, category).excerpted())
    highest = max((item.relevance for item in items), default=0)
    return [Relevant(item, list(parts_of(item, highest))) for item in items]


def parts_of(item: Any, highest: float) -> Iterator[Part]:
    """A part below nought takes no place in the bar."""
    place = 0.0
    for name in PARTS:
        score = getattr(item, f"{name}_score")
        width = LENGTH * max(score, 0) / highest if highest > 0 and isfinite(highest) else 0
        yield Part(name, score, f"{place:.1f}", f"{width:.1f}")
        place += width


def figures(categories: list[dict[str, Any]], checkpoints: int) -> list[Figure]:
    count, expired = (sum(row[name] for row in categories) for name in ("count", "expired"))
    average = sum(row["count"] * row["average"] for row in categories) / count if count else None
    shown = (
        ("In mind", count - expired, whole),
        ("Expired", expired, whole),
        ("Categories", len(categories), whole),
        ("Average importance", average, lambda value: f"{value:.2f}"),
        ("Checkpoints", checkpoints, whole),
    )
    return [Figure(label, value, None, written) for label, value, written in shown]
