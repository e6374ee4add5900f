"""Getting rows into tables by COPY, a block at a time."""

import json
from collections.abc import Callable, Iterable
from typing import Any

from apps.warehouse.demo.world import Row

ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})

Progress = Callable[[int], Any]


def dumps(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def escape(text: str) -> str:
    """`text` as a field of a COPY line that is put together by hand."""
    return text.translate(ESCAPES)


def copy_rows(cursor: Any, table: str, rows: Iterable[Row], progress: Progress) -> None:
    """Rows as dicts with the same keys; a dict or list in them is JSON."""
    found = iter(rows)
    first = next(found)
    with cursor.copy(f"COPY {table} ({', '.join(first)}) FROM STDIN") as copy:
        copy.write_row(list(map(plain, first.values())))
        progress(1)
        for row in found:
            copy.write_row(list(map(plain, row.values())))
            progress(1)


def plain(value: Any) -> Any:
    return dumps(value) if isinstance(value, dict | list) else value


def copy_lines(cursor: Any, table: str, columns: str, lines: list[str], progress: Progress) -> None:
    """Finished lines: the four big tables are too long for a dict a row."""
    with cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
        copy.write("".join(lines))
    progress(len(lines))
