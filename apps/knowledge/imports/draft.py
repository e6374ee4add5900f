"""What a file says, before it is compared with what is there."""

from dataclasses import dataclass, field
from typing import Any

from apps.knowledge.merging import joined

NAME, TYPE = 500, 100  # characters, as for POSTs
Key = tuple[str, str]  # name and type


@dataclass(frozen=True)
class Problem:
    """`place` in the file: a line, or the number of an entity or relation."""

    place: str
    detail: str


@dataclass(frozen=True)
class DraftEdge:
    """`start` and `end` are ids of the file, or names."""

    place: str
    start: str
    end: str
    relation_type: str
    properties: dict[str, Any]


@dataclass
class Draft:
    nodes: dict[Key, dict[str, Any]] = field(default_factory=dict)  # their properties
    edges: list[DraftEdge] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    ids: dict[str, Key] = field(default_factory=dict)
    names: dict[str, Key] = field(default_factory=dict)

    def node(self, place: str, name: Any, type: Any, properties: Any, id: Any = None) -> None:
        """One that the file has twice is joined."""
        if problem := wrong(name, "name", NAME) or wrong(type, "type", TYPE) or no_object(properties):
            self.problems.append(Problem(place, problem))
            return
        key = (str(name), str(type))
        self.nodes[key] = joined(self.nodes[key], properties).properties if key in self.nodes else properties
        self.names.setdefault(key[0], key)
        if id is not None:
            self.ids.setdefault(str(id), key)

    def edge(self, place: str, start: Any, end: Any, relation_type: Any, properties: Any) -> None:
        ends = wrong(start, "start", NAME) or wrong(end, "end", NAME)
        if problem := ends or wrong(relation_type, "relation type", TYPE) or no_object(properties):
            self.problems.append(Problem(place, problem))
        else:
            self.edges.append(DraftEdge(place, str(start), str(end), str(relation_type), properties))

    def refuse(self, place: str, detail: str) -> None:
        self.problems.append(Problem(place, detail))

    def named(self, text: str) -> Key | None:
        return self.ids.get(text) or self.names.get(text)


def wrong(value: Any, what: str, most: int) -> str:
    """Agents write numbers where a name is meant; all else must be text."""
    if value is None or value == "":
        return f"it has no {what}"
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return f"its {what} is no text"
    return f"its {what} is longer than {most} characters" if len(str(value)) > most else ""


def no_object(properties: Any) -> str:
    return "" if isinstance(properties, dict) else "its properties are no object"
