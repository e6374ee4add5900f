"""A neighbourhood as a picture: where its nodes, lines and names are, in the units of an SVG."""

import math
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from apps.core.templatetags.display import short
from apps.knowledge.browser.layout import Places, layered, sprung
from apps.knowledge.browser.neighbourhood import Neighbourhood, ShownNode
from apps.knowledge.browser.relations import Edge

LEAST_WIDTH, LEAST_HEIGHT, MARGIN = 720, 420, 20
LETTER, LINE = 6.4, 15  # about the size of the names' letters
LONGEST_NAME = 24
MOST_LABELLED = 60  # lines, beyond which their types would be in the way
KINDS = 8  # of colour and shape; whatever else there is shares one


@dataclass(frozen=True)
class Box:
    left: float
    top: float
    right: float
    bottom: float


@dataclass
class Label:
    text: str
    x: float
    y: float
    anchor: str
    quiet: bool = False  # no room: shown while one points at it


@dataclass
class Mark:
    """A node: `kind` is from 1 to KINDS, or 0 for all other types."""

    number: int
    node: ShownNode
    x: float
    y: float
    radius: float
    kind: int
    label: Label

    @property
    def place(self) -> str:
        return f"translate({self.x} {self.y}) scale({self.radius})"

    @property
    def corner(self) -> str:
        """Where the button is that expands or collapses it."""
        return f"translate({self.x + self.radius * 0.8:.1f} {self.y - self.radius * 0.8:.1f})"


@dataclass
class Line:
    start: int  # numbers of marks
    end: int
    x1: float
    y1: float
    x2: float
    y2: float
    both: bool  # relations in both directions
    title: str
    name: Label
    label: Label | None = None  # the name, where there is room for it

    @property
    def way(self) -> str:
        return f"M{self.x1} {self.y1} {self.x2} {self.y2}"


@dataclass
class Drawing:
    marks: list[Mark]
    lines: list[Line]
    legend: list[tuple[int, str]]
    box: Box

    @property
    def view_box(self) -> str:
        left, top, right, bottom = (round(side) for side in vars(self.box).values())
        return f"{left} {top} {right - left} {bottom - top}"


@dataclass
class Room:
    """What of the picture is taken, by cells, so that a name meets only what is near it."""

    size: float = 48
    cells: dict[tuple[int, int], list[Box]] = field(default_factory=lambda: defaultdict(list))

    def is_free(self, box: Box) -> bool:
        return not any(overlap(box, other) for cell in self.around(box) for other in self.cells.get(cell, ()))

    def take(self, box: Box) -> None:
        for cell in self.around(box):
            self.cells[cell].append(box)

    def around(self, box: Box) -> Iterable[tuple[int, int]]:
        across = range(math.floor(box.left / self.size), math.floor(box.right / self.size) + 1)
        down = range(math.floor(box.top / self.size), math.floor(box.bottom / self.size) + 1)
        return ((column, row) for column in across for row in down)


def drawing(shown: Neighbourhood, kinds: dict[str, int], *, in_layers: bool = False) -> Drawing:
    places = layered(shown) if in_layers else sprung(shown)
    marks = {node.id: mark(number, node, places, kinds) for number, node in enumerate(shown.nodes.values())}
    lines = lines_between(marks, shown.edges)
    onward = {line.start if line.x1 < line.x2 else line.end for line in lines}  # have a line to their right
    room = Room()
    for one in marks.values():
        room.take(around(one))
    for one in sorted(marks.values(), key=lambda one: (one.number != 0, -one.radius, one.number)):
        name(one, room, beside=in_layers and one.number not in onward)
    if len(lines) <= MOST_LABELLED:
        for line in lines:
            name_line(line, room)
    return Drawing(list(marks.values()), lines, legend(shown, kinds), frame(marks.values()))


def mark(number: int, node: ShownNode, places: Places, kinds: dict[str, int]) -> Mark:
    x, y = places[node.id]
    radius = min(22.0, 5 + 2 * math.log2(2 + node.degree)) + (3 if number == 0 else 0)
    label = Label(shortened(node.name), x, y, "middle")
    return Mark(number, node, round(x, 1), round(y, 1), round(radius, 1), kinds.get(node.type, 0), label)


def lines_between(marks: dict[UUID, Mark], edges: Sequence[Edge]) -> list[Line]:
    """One for each two nodes, whatever relations are between them; a relation of a node with itself has none."""
    pairs: dict[tuple[int, int], list[Edge]] = defaultdict(list)
    for edge in edges:
        if edge.start != edge.end:
            start, end = sorted((marks[edge.start].number, marks[edge.end].number))
            pairs[start, end].append(edge)
    return [line(marks, edges) for edges in pairs.values()]


def line(marks: dict[UUID, Mark], edges: list[Edge]) -> Line:
    start, end = marks[edges[0].start], marks[edges[0].end]
    words = [f"{marks[edge.start].node.name} {edge.relation_type} {marks[edge.end].node.name}" for edge in edges[:10]]
    types = dict.fromkeys(edge.relation_type for edge in edges)
    length = math.dist((start.x, start.y), (end.x, end.y)) or 1
    across, down = (end.x - start.x) / length, (end.y - start.y) / length
    both = any(edge.start != edges[0].start for edge in edges)
    from_start, from_end = start.radius + (5 if both else 0), end.radius + 5  # the arrow's length
    middle = round((start.x + end.x) / 2, 1), round((start.y + end.y) / 2 + 3, 1)
    return Line(
        start.number,
        end.number,
        x1=round(start.x + across * from_start, 1),
        y1=round(start.y + down * from_start, 1),
        x2=round(end.x - across * from_end, 1),
        y2=round(end.y - down * from_end, 1),
        both=both,
        title="; ".join(dict.fromkeys(words)),
        name=Label(shortened(", ".join(types)), *middle, "middle"),
    )


def name(one: Mark, room: Room, *, beside: bool) -> None:
    """Where its name is in nobody's way, else hidden there."""
    width, gap = width_of(one.label.text), one.radius + 4
    below = ("middle", one.x, one.y + gap + 10)
    above = ("middle", one.x, one.y - gap - 2)
    right = ("start", one.x + gap, one.y + 4)
    left = ("end", one.x - gap, one.y + 4)
    ways = (right, below, left, above) if beside else (below, above, right, left)
    for anchor, x, y in ways:
        box = box_of(anchor, x, y, width)
        one.label.x, one.label.y, one.label.anchor = round(x, 1), round(y, 1), anchor
        if room.is_free(box):
            room.take(box)
            return
    anchor, x, y = ways[0]
    one.label = Label(one.label.text, round(x, 1), round(y, 1), anchor, quiet=True)


def name_line(line: Line, room: Room) -> None:
    box = box_of("middle", line.name.x, line.name.y, width_of(line.name.text) * 0.85)
    if room.is_free(box):
        room.take(box)
        line.label = line.name


def box_of(anchor: str, x: float, y: float, width: float) -> Box:
    left = {"middle": x - width / 2, "start": x, "end": x - width}[anchor]
    return Box(left, y - LINE + 4, left + width, y + 4)


def around(one: Mark) -> Box:
    return Box(one.x - one.radius, one.y - one.radius, one.x + one.radius, one.y + one.radius)


def overlap(one: Box, other: Box) -> bool:
    return one.left < other.right and other.left < one.right and one.top < other.bottom and other.top < one.bottom


def shortened(text: str) -> str:
    return short(" ".join(text.split()) or "unnamed", LONGEST_NAME)


def width_of(text: str) -> float:
    return LETTER * sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def frame(marks: Iterable[Mark]) -> Box:
    """All nodes and names with a margin; little is not blown up to fill it."""
    boxes = [box for one in marks for box in (around(one), label_box(one))]
    left, top = min(box.left for box in boxes) - MARGIN, min(box.top for box in boxes) - MARGIN
    right, bottom = max(box.right for box in boxes) + MARGIN, max(box.bottom for box in boxes) + MARGIN
    aside, below = max(0, LEAST_WIDTH - (right - left)) / 2, max(0, LEAST_HEIGHT - (bottom - top)) / 2
    return Box(left - aside, top - below, right + aside, bottom + below)


def label_box(one: Mark) -> Box:
    return box_of(one.label.anchor, one.label.x, one.label.y, width_of(one.label.text))


def legend(shown: Neighbourhood, kinds: dict[str, int]) -> list[tuple[int, str]]:
    there = {node.type for node in shown.nodes.values()}
    known = sorted((kinds[type], type) for type in there if type in kinds)
    return [*known, *([(0, "other")] if any(type not in kinds for type in there) else [])]
