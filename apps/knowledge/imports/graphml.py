"""GraphML, of which an upload may be anybody's: a file that declares entities or a document type is refused."""

from dataclasses import dataclass, field
from typing import Any
from xml.parsers import expat

from apps.core.bodies import UnreadableBody, storable_json
from apps.knowledge.imports.draft import Draft

NAMES = ("name", "label", "labels")
TYPES = ("type", "entity_type", "entityType", "kind")
RELATION_TYPES = ("relation_type", "relationType", "label", "type", "name")
OF_THE_SITE = ("created_at",)  # in its own downloads; here things are made now
NUMBERS = {"int": int, "long": int, "float": float, "double": float}


def read_graphml(content: bytes) -> Draft:
    """Raises: UnreadableBody: it is no well-formed XML, or not allowed."""
    reader = Reader()
    try:
        reader.parser.Parse(content, True)
    except expat.ExpatError as error:
        raise UnreadableBody(f"this is no well-formed XML: {error}") from error
    return reader.draft


@dataclass
class Item:
    """A node or an edge."""

    place: str
    attributes: dict[str, str]
    values: dict[str, Any] = field(default_factory=dict)

    def add_node(self, draft: Draft) -> None:
        id = self.attributes.get("id")
        name, type = self.taken(NAMES) or id, self.taken(TYPES) or "unknown"
        draft.node(self.place, name, type, self.properties(), id)

    def add_edge(self, draft: Draft) -> None:
        relation_type = self.taken(RELATION_TYPES) or "related_to"
        source, target = self.attributes.get("source"), self.attributes.get("target")
        draft.edge(self.place, source, target, relation_type, self.properties())

    def taken(self, names: tuple[str, ...]) -> Any:
        """The first of these values that there is; the rest stay properties."""
        return next((self.values.pop(name) for name in names if self.values.get(name)), None)

    def properties(self) -> Any:
        own, given = {key: value for key, value in self.values.items() if key not in OF_THE_SITE}, {}
        if isinstance(text := own.pop("properties", None), str):
            try:
                given = storable_json(text.encode())
            except UnreadableBody:
                given = {"properties": text}
        return given | own if isinstance(given, dict) else given


class Reader:
    """Elements are only looked at by their names, whatever the namespace."""

    def __init__(self) -> None:
        self.draft = Draft()
        self.keys: dict[str, tuple[str, str]] = {}  # name and type of values
        self.open: list[Item] = []  # nodes and edges; a node may hold a graph
        self.key = ""  # of the value that is open
        self.text: list[str] | None = None
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.buffer_text = True
        self.parser.StartDoctypeDeclHandler = self.refuse
        self.parser.EntityDeclHandler = self.refuse
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.CharacterDataHandler = self.add_text

    def refuse(self, *declared: Any) -> None:
        raise UnreadableBody("GraphML with a document type or entities of its own is not read")

    def start(self, name: str, attributes: dict[str, str]) -> None:
        match name.rpartition(" ")[2]:
            case "key":
                given = attributes.get("attr.name") or attributes.get("id", "")
                self.keys[attributes.get("id", "")] = given, attributes.get("attr.type", "string")
            case "node" | "edge":
                self.open.append(Item(f"line {self.parser.CurrentLineNumber}", attributes))
            case "data" if self.open:
                self.key, self.text = attributes.get("key", ""), []

    def end(self, name: str) -> None:
        match name.rpartition(" ")[2]:
            case "data" if self.text is not None:
                key, type = self.keys.get(self.key, (self.key, "string"))
                self.open[-1].values[key] = typed("".join(self.text), type)
                self.text = None
            case "node":
                self.open.pop().add_node(self.draft)
            case "edge":
                self.open.pop().add_edge(self.draft)

    def add_text(self, text: str) -> None:
        if self.text is not None:
            self.text.append(text)


def typed(text: str, type: str) -> Any:
    if type == "boolean":
        return text.strip().lower() in ("true", "1")
    if type in NUMBERS:
        try:
            number = NUMBERS[type](text)
        except ValueError:
            return text
        return number if abs(number) < 1e300 else text
    return text
