"""The file in which the agent itself keeps its context, beside the warehouse."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
from django.conf import settings

NAME = "memory/context.json"
LARGEST = 1_000_000


class UnreadableSnapshot(Exception):
    """There is a file, but it holds no context."""


def file_snapshot() -> dict[str, Any]:
    """What the file says. Paths are relative to ARIA_MEMORIES_DIR, whose place is nobody's business.

    Raises:
        UnreadableSnapshot: the file is too large, not JSON or not ours to read.
    """
    folder = settings.ARIA_MEMORIES_DIR
    file = Path(folder, NAME)
    try:
        if not folder or not file.is_file():
            return {"exists": False, "path": NAME, "sources": [], "path_mode": "missing", "snapshot": None}
        if not file.resolve().is_relative_to(Path(folder).resolve()):
            raise UnreadableSnapshot("it lies outside the folder of memories")
        return as_snapshot(*read(file))
    except OSError as error:
        raise UnreadableSnapshot(error.strerror) from error
    except orjson.JSONDecodeError as error:
        raise UnreadableSnapshot(str(error)) from error


def read(file: Path) -> tuple[bytes, datetime]:
    with file.open("rb") as stream:
        content = stream.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise UnreadableSnapshot(f"it is larger than {LARGEST} bytes")
    return content, datetime.fromtimestamp(file.stat().st_mtime, UTC)


def as_snapshot(content: bytes, changed_at: datetime) -> dict[str, Any]:
    snapshot = orjson.loads(content)
    stated = snapshot.get("last_updated") if isinstance(snapshot, dict) else None
    source = {
        "path": NAME,
        "last_updated": str(stated or changed_at.isoformat()),
        "size_bytes": len(content),
    }
    return {
        "exists": True,
        "path": NAME,
        "sources": [source],
        "path_mode": "canonical",
        "legacy_sources_detected": 0,
        "snapshot": snapshot,
    }
