"""The index files in which OpenClaw keeps its agents' sessions; read here, never written."""

from itertools import islice
from pathlib import Path
from typing import Any

import orjson
from django.conf import settings

from apps.telemetry.openclaw.entries import channel_of, label_of, text, type_of

PATTERN = "*/sessions/sessions.json"
MOST_FILES = 1_000
LARGEST = 16_000_000  # bytes of a file
# Of several entries of one session the one of the first of these types tells most.
TELLING = (
    "openclaw_subagent",
    "openclaw_heartbeat",
    "openclaw_cron",
    "openclaw_main",
    "openclaw",
    "openclaw_run",
)


class BrokenFile(Exception):
    pass


def read() -> tuple[list[dict[str, Any]], list[str]]:
    """Sessions in the contract's shape, one an id; and what is wrong with files that told nothing."""
    if not settings.OPENCLAW_AGENTS_DIR:
        return [], []
    root = Path(settings.OPENCLAW_AGENTS_DIR)
    if not root.is_dir():
        return [], ["OPENCLAW_AGENTS_DIR is no folder that can be read"]
    best: dict[str, dict[str, Any]] = {}
    problems = []
    for path in islice(sorted(root.glob(PATTERN)), MOST_FILES):
        try:
            sessions = sessions_in(path)
        except BrokenFile as problem:
            problems.append(f"{path.relative_to(root)}: {problem}")
            continue
        for session in sessions:
            known = best.get(session["id"])
            if known is None or worth(session) > worth(known):
                best[session["id"]] = session
    return list(best.values()), problems


def sessions_in(path: Path) -> list[dict[str, Any]]:
    if not path.is_file():  # to open a pipe would take for ever
        raise BrokenFile("no file")
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
        if len(content) > LARGEST:
            raise BrokenFile(f"larger than {LARGEST} bytes")
        index = orjson.loads(content)
    except OSError as error:
        raise BrokenFile(str(error.strerror)) from error
    except orjson.JSONDecodeError:
        raise BrokenFile("no JSON") from None
    if not isinstance(index, dict):
        raise BrokenFile("no object of sessions")
    folder = path.parent.parent.name
    return [session_of(key, entry, folder) for key, entry in index.items() if isinstance(entry, dict)]


def session_of(key: str, entry: dict[str, Any], folder: str) -> dict[str, Any]:
    parts = key.split(":")
    named = [part for part in parts if "-" in part and len(part) >= 8]
    keyed = {**entry, "source_key": key}
    session_id = text(entry, "sessionId") or (named or parts)[-1]
    return {
        "id": session_id,
        "sessionId": session_id,
        "agentId": parts[1] if parts[0] == "agent" and len(parts) > 1 and parts[1] else folder,
        "session_type": type_of(keyed) or "openclaw",
        "status": "active",
        "updatedAt": entry.get("updatedAt"),
        "createdAt": entry.get("updatedAt"),
        "label": label_of(entry),
        "channel": channel_of(keyed),
        "model": entry.get("model"),
        "contextTokens": entry.get("contextTokens"),
        "source_key": key,
    }


def worth(session: dict[str, Any]) -> tuple[int, bool, bool, bool]:
    return (
        -TELLING.index(session["session_type"]),
        bool(session["channel"]),
        bool(session["label"]),
        bool(session["updatedAt"]),
    )
