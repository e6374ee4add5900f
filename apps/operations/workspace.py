"""The agent's folders of files, to read. Nothing outside of them is ever shown, whatever a path or a link says."""

import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from django.conf import settings

SCOPES = {name: f"aria_{name}" for name in ("mind", "memories", "agents", "souvenirs")}
SOULS = {
    f"{name}.md"
    for name in (
        *("SOUL", "IDENTITY", "USER", "AGENTS", "HEARTBEAT", "BOOTSTRAP", "GOALS", "SECURITY", "MEMORY", "SKILLS"),
        *("TOOLS", "AWAKENING", "ORCHESTRATION"),
    )
}
READABLE = {
    *(".md", ".txt", ".yaml", ".yml", ".json", ".py", ".sh", ".toml", ".cfg", ".ini", ".log", ".csv"),
    *(".html", ".css", ".js"),
}
LARGEST_FILE = 1_000_000
MOST_ENTRIES, DEEPEST = 10_000, 50


class InvalidPath(Exception):
    """The path tries to leave its folder."""


class TooLarge(Exception):
    """The file is larger than an answer should be."""


def folder_of(scope: str) -> Path | None:
    """None where it is not there, or is a link out of the workspace."""
    if not settings.ARIA_WORKSPACE_DIR:
        return None
    workspace = Path(settings.ARIA_WORKSPACE_DIR).resolve()
    folder = (workspace / SCOPES[scope]).resolve()
    return folder if folder.is_relative_to(workspace) and folder.is_dir() else None


def entries(scope: str) -> list[dict[str, Any]]:
    """By name, each folder followed by what is in it; links are left out."""
    folder = folder_of(scope)
    return list(islice(below(folder, ""), MOST_ENTRIES)) if folder else []


def below(folder: Path, prefix: str, depth: int = 1) -> Iterator[dict[str, Any]]:
    try:
        with os.scandir(folder) as found:
            shown = sorted((e for e in found if not is_hidden(e.name) and not e.is_symlink()), key=lambda e: e.name)
    except OSError:  # it went away, or is not ours to read
        return
    for entry in shown:
        path = prefix + entry.name
        if entry.is_dir():
            yield {"path": path, "type": "dir"}
            if depth < DEEPEST:
                yield from below(folder / entry.name, f"{path}/", depth + 1)
        elif entry.is_file() and (about := stat_of(entry)):
            yield {"path": path, "type": "file", "size": about.st_size, "mtime": about.st_mtime}


def stat_of(entry: os.DirEntry[str]) -> os.stat_result | None:
    try:
        return entry.stat()
    except OSError:
        return None


def file_at(scope: str, path: str) -> Path:
    """Raises InvalidPath or FileNotFoundError."""
    parts = path.replace("\\", "/").split("/")
    if ".." in parts or "\0" in path:
        raise InvalidPath(path)
    folder = folder_of(scope)
    if folder is None or any(map(is_hidden, parts)):
        raise FileNotFoundError(path)
    try:
        file = (folder / path).resolve(strict=True)
        inside = file.is_relative_to(folder) and not any(map(is_hidden, file.relative_to(folder).parts))
        if inside and file.is_file():
            return file
    except (OSError, RuntimeError, ValueError):  # a name too long, a link to itself, a lone surrogate
        pass
    raise FileNotFoundError(path)


def text_of(file: Path) -> str:
    """Raises TooLarge, or FileNotFoundError where the file cannot be read."""
    try:
        with file.open("rb") as stream:
            content = stream.read(LARGEST_FILE + 1)
    except OSError as error:
        raise FileNotFoundError(file.name) from error
    if len(content) > LARGEST_FILE:
        raise TooLarge(file.name)
    return content.decode("utf-8", "replace")


def is_hidden(name: str) -> bool:
    return name.startswith(".") or name == "__pycache__"
