"""What part of a graph a URL asks for. What makes no sense in it counts as not asked for: it may be anybody's."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Literal, cast, get_args
from urllib.parse import urlencode
from uuid import UUID

from django.http import QueryDict

from apps.knowledge.graphs import Direction

DEPTHS = (1, 2, 3)
SHOWN = (25, 50, 100)  # neighbours of a node
MOST_EXPANDED = 30
MOST_CHOSEN = 20  # of types
Rank = Literal["degree", "newest"]


@dataclass(frozen=True)
class Wanted:
    depth: int = DEPTHS[0]
    show: int = SHOWN[0]
    direction: Direction = "both"
    rank: Rank = "degree"
    relation: tuple[str, ...] = ()
    type: tuple[str, ...] = ()
    expand: tuple[UUID, ...] = ()  # nodes that show their neighbours too, in the order of the clicks

    @property
    def filtered(self) -> bool:
        return bool(self.relation or self.type or self.direction != "both")

    def expanding(self, node: UUID) -> "Wanted":
        return replace(self, expand=(*self.expand, node)[-MOST_EXPANDED:])

    def collapsing(self, node: UUID) -> "Wanted":
        return replace(self, expand=tuple(one for one in self.expand if one != node))

    def about_another(self) -> "Wanted":
        """The same of another node in the middle."""
        return replace(self, expand=())

    @property
    def expand_text(self) -> str:
        return ",".join(map(str, self.expand))

    @property
    def query(self) -> str:
        """As a URL says it, with its `?`; what is the default is left out."""
        chosen: dict[str, Any] = {name: value for name, value in vars(self).items() if value != getattr(USUAL, name)}
        if self.expand:
            chosen["expand"] = self.expand_text
        return f"?{urlencode(chosen, doseq=True)}" if chosen else ""


USUAL = Wanted()


def wanted(query: QueryDict) -> Wanted:
    return Wanted(
        depth=one_of(DEPTHS, query.get("depth", "")),
        show=one_of(SHOWN, query.get("show", "")),
        direction=cast(Direction, one_of(("both", "outgoing", "incoming"), query.get("direction", ""))),
        rank=cast(Rank, one_of(get_args(Rank), query.get("rank", ""))),
        relation=texts(query.getlist("relation")),
        type=texts(query.getlist("type")),
        expand=ids(query.get("expand", "").split(",")),
    )


def one_of(choices: tuple[Any, ...], text: str) -> Any:
    return next((choice for choice in choices if str(choice) == text), choices[0])


def texts(values: Iterable[str]) -> tuple[str, ...]:
    cleaned = (value.replace("\0", "")[:500] for value in values)
    return tuple(dict.fromkeys(value for value in cleaned if value))[:MOST_CHOSEN]


def ids(values: Iterable[str]) -> tuple[UUID, ...]:
    found: dict[UUID, None] = {}
    for value in values:
        if node := uuid_of(value):
            found[node] = None
    return tuple(found)[:MOST_EXPANDED]


def uuid_of(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
