"""What a proposal changes, line by line, as rows of plain text."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import islice
from typing import Literal

CONTEXT = 3  # unchanged lines shown around a change
COMPARED = 400  # lines of either text, without what both begin and end with; the time grows with more than their square
SHOWN = 1500  # rows
LONGEST = 500  # characters of a line
# What does not show, or makes text show in another order than a program reads it.
UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\u3164\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff]"
)
Kind = Literal["same", "removed", "added", "gap"]
Step = tuple[str, int, int, int, int]


@dataclass(frozen=True)
class Row:
    """A line with its numbers in the two texts; of a gap, how many lines are left out."""

    kind: Kind
    old: int | None
    new: int | None
    text: str = ""
    cut: int = 0  # characters that are not shown


@dataclass(frozen=True)
class Difference:
    rows: Sequence[Row]
    removed: int
    added: int
    whole: bool  # is all of it in the rows?


def difference(current: str, proposed: str) -> Difference:
    before, after = lines_of(current), lines_of(proposed)
    steps = list(steps_between(before, after))
    rows = list(islice(rows_of(steps, before, after), SHOWN + 1))
    return Difference(
        rows[:SHOWN],
        removed=sum(end - start for kind, start, end, _, _ in steps if kind != "equal"),
        added=sum(end - start for kind, _, _, start, end in steps if kind != "equal"),
        whole=len(rows) <= SHOWN and not any(row.cut for row in rows),
    )


def lines_of(text: str) -> list[str]:
    """By line feeds alone, as tools that apply changes count them."""
    *lines, rest = text.split("\n")
    return [*lines, f"{rest}⟨no line end⟩"] if rest else lines


def steps_between(before: list[str], after: list[str]) -> Iterator[Step]:
    """As the opcodes of difflib. Of very long texts the part that differs is removed and added as one."""
    start = common(before, after)
    end = common(before[start:][::-1], after[start:][::-1])
    olds, news = before[start : len(before) - end], after[start : len(after) - end]
    yield "equal", 0, start, 0, start
    if max(len(olds), len(news)) <= COMPARED:
        for kind, *places in SequenceMatcher(None, olds, news, autojunk=False).get_opcodes():
            a, b, c, d = (place + start for place in places)
            yield kind, a, b, c, d
    else:
        yield "replace", start, start + len(olds), start, start + len(news)
    yield "equal", len(before) - end, len(before), len(after) - end, len(after)


def common(some: list[str], others: list[str]) -> int:
    """How many lines both begin with."""
    pairs = enumerate(zip(some, others, strict=False))
    return next((place for place, (one, other) in pairs if one != other), min(len(some), len(others)))


def rows_of(steps: list[Step], before: list[str], after: list[str]) -> Iterator[Row]:
    for kind, old, old_end, new, new_end in steps:
        if kind == "equal":
            first = CONTEXT if (old, new) != (0, 0) else 0
            last = CONTEXT if (old_end, new_end) != (len(before), len(after)) else 0
            yield from unchanged(before, old, new, old_end - old, first, last)
        else:
            yield from (row("removed", before[place], old=place + 1) for place in range(old, old_end))
            yield from (row("added", after[place], new=place + 1) for place in range(new, new_end))


def unchanged(before: list[str], old: int, new: int, length: int, first: int, last: int) -> Iterator[Row]:
    """Lines that both have: `first` and `last` of them, those between left out."""
    left_out = length - first - last
    for place in range(length):
        if left_out > 1 and first <= place < length - last:
            if place == first:
                yield Row("gap", None, None, f"{left_out:,} unchanged lines")
        else:
            yield row("same", before[old + place], old=old + place + 1, new=new + place + 1)


def row(kind: Kind, line: str, *, old: int | None = None, new: int | None = None) -> Row:
    return Row(kind, old, new, shown(line[:LONGEST]), cut=max(len(line) - LONGEST, 0))


def shown(text: str) -> str:
    """With a sign for each character that would not show."""
    return UNSEEN.sub(lambda found: f"⟨U+{ord(found[0]):04X}⟩", text)
