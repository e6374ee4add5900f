"""What a proposal changes is shown line by line, all that differs and nothing hidden."""

import random

import pytest

from apps.improvement.difference import LONGEST, SHOWN, difference


def signs(current, proposed):
    return [(row.kind, row.text) for row in difference(current, proposed).rows]


def test_lines_with_their_numbers():
    found = difference("a\nb\nc\n", "a\nx\ny\nc\n")
    assert [(row.kind, row.old, row.new, row.text) for row in found.rows] == [
        ("same", 1, 1, "a"), ("removed", 2, None, "b"), ("added", None, 2, "x"), ("added", None, 3, "y"),
        ("same", 3, 4, "c"),
    ]  # fmt: skip
    assert (found.removed, found.added, found.whole) == (1, 2, True)


def test_far_lines_are_left_out():
    text = "".join(f"{number}\n" for number in range(100))
    rows = difference(text, text.replace("20\n", "x\n").replace("60\n", "y\n")).rows
    assert [row.text for row in rows if row.kind == "gap"] == [
        "17 unchanged lines", "33 unchanged lines", "36 unchanged lines",
    ]  # fmt: skip
    assert len(rows) == 3 + 4 * 3 + 4


def test_lines_around_what_is_added_at_either_end():
    text = "".join(f"{number}\n" for number in range(9))
    assert signs(text, f"{text}x\n") == [("gap", "6 unchanged lines"), *(("same", n) for n in "678"), ("added", "x")]
    assert signs(text, f"x\n{text}") == [("added", "x"), *(("same", n) for n in "012"), ("gap", "6 unchanged lines")]


@pytest.mark.parametrize("seed", range(20))
def test_says_how_one_becomes_the_other(seed, monkeypatch):
    monkeypatch.setattr("apps.improvement.difference.CONTEXT", 1000)
    monkeypatch.setattr("apps.improvement.difference.COMPARED", 8)
    chosen = random.Random(seed)
    before, after = (chosen.choices("abc", k=chosen.randrange(20)) for _ in range(2))
    rows = difference("".join(f"{one}\n" for one in before), "".join(f"{one}\n" for one in after)).rows
    assert [row.text for row in rows if row.kind in ("same", "removed")] == before
    assert [row.text for row in rows if row.kind in ("same", "added")] == after


def test_a_lost_line_end_is_a_change():
    assert signs("a\n", "a") == [("removed", "a"), ("added", "a⟨no line end⟩")]


def test_nothing_hides():
    [row] = difference("", "x = 1\u202e # \u200bsafe\x1b[2K\ty\n").rows
    assert row.text == "x = 1⟨U+202E⟩ # ⟨U+200B⟩safe⟨U+001B⟩[2K\ty"


def test_says_when_not_all_is_shown():
    [row] = difference("", "x" * (LONGEST + 3) + "\n").rows
    assert (len(row.text), row.cut) == (LONGEST, 3) and not difference("", "x" * (LONGEST + 3)).whole
    long = difference("", "x\n" * (SHOWN + 1))
    assert (len(long.rows), long.added, long.whole) == (SHOWN, SHOWN + 1, False)
    assert difference("", "x\n" * SHOWN).whole


def test_nothing_and_the_same():
    assert difference("", "").rows == []
    assert signs("a\n" * 9, "a\n" * 9) == [("gap", "9 unchanged lines")]
