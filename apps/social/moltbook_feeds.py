"""Asking Moltbook for the agent's own posts and comments, at the configured address only."""

import time
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import quote

from django.conf import settings

from apps.core.remote import Answer, Question, ask

Kind = Literal["posts", "comments"]
PAGE = 100  # items
SECONDS, ANSWER_SECONDS = 30, 8  # for all of it, for one page
LARGEST = 8_000_000  # bytes of a page
# Versions of Moltbook differ; the last is everybody's, and is sifted.
FEEDS = ("/agents/me/{kind}", "/{kind}?author={name}", "/{kind}")


@dataclass(frozen=True)
class Feed:
    items: list[dict[str, Any]]
    problem: str = ""  # why it ends early, or was not read at all


class Moltbook:
    """The site as an agent's key shows it. Raises nothing: what is wrong is told by the feeds."""

    def __init__(self, key: str) -> None:
        self.key = key
        self.deadline = time.monotonic() + SECONDS
        self.name = name_of(self.ask("/agents/me").said)

    def own(self, kind: Kind, most: int) -> Feed:
        """At most that many of the first feed that has any."""
        read = []
        for path in FEEDS:
            if "{name}" in path and not self.name:
                continue
            feed = self.feed(path.format(kind=kind, name=quote(self.name, safe="")), kind, most)
            own = [item for item in feed.items if author_of(item) in ("", self.name)]
            read.append(Feed(own[:most], feed.problem))
            if own:
                return read[-1]
        return next((feed for feed in read if not feed.problem), read[-1])

    def feed(self, path: str, kind: Kind, most: int) -> Feed:
        """Page by page, until it ends or repeats itself."""
        items: list[dict[str, Any]] = []
        for offset in range(0, most, PAGE):
            answer = self.ask(f"{path}{'&' if '?' in path else '?'}limit={min(PAGE, most - offset)}&offset={offset}")
            page = items_of(answer.said, kind)
            if not answer.ok or (page and page[0] in items):
                return Feed(items, answer.problem)
            items += page
            if len(page) < PAGE:
                break
        return Feed(items)

    def ask(self, path: str) -> Answer:
        if time.monotonic() > self.deadline:
            return Answer(reason=f"not done within {SECONDS} s")
        address = settings.MOLTBOOK_API_URL.rstrip("/") + path
        return ask(Question(address, self.key, seconds=ANSWER_SECONDS, largest=LARGEST))


def items_of(said: Any, kind: Kind) -> list[dict[str, Any]]:
    """A list, or the one that an object holds under the name of what it lists."""
    if isinstance(said, dict):
        said = next((said[name] for name in (kind, "data", "items", "results") if name in said), None)
        if isinstance(said, dict):
            return items_of(said, kind)
    return [item for item in said if isinstance(item, dict)] if isinstance(said, list) else []


def name_of(said: Any) -> str:
    """The agent's, of its profile, which may be wrapped."""
    said = said.get("agent", said) if isinstance(said, dict) else None
    name = said.get("name") if isinstance(said, dict) else None
    return name if isinstance(name, str) else ""


def author_of(item: dict[str, Any]) -> str:
    """Empty where the item names none, as feeds of one's own may."""
    author = item.get("author") or item.get("agent") or ""
    return str(author.get("name") or "" if isinstance(author, dict) else author)
