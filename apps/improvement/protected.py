"""What no proposal may touch: the agent's soul."""

import posixpath
import re
import unicodedata
from urllib.parse import unquote

SOUL = re.compile(r"soul/|(?:^|/)soul$|(?<![a-z0-9])soul(?:_evil)?\.md")


def is_protected(path: str) -> bool:
    """However the path is written: case, dots, doubled or turned slashes, escapes and look-alike letters."""
    text = plain(path)
    return any(SOUL.search(form) for form in (text, posixpath.normpath(text)))


def plain(path: str) -> str:
    """As a file system that forgives much would read it."""
    text = unicodedata.normalize("NFKC", unquote(unquote(path))).casefold()
    visible = "".join(character for character in text if unicodedata.category(character) not in ("Cc", "Cf"))
    parts = [part.strip() for part in visible.replace("\\", "/").split("/")]
    # Trailing dots count for nothing on some systems; "." and ".." mean something on all.
    return "/".join(part.rstrip(". ") or part for part in parts)
