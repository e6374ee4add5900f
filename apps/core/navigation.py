from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

PAGES = {
    "Work": {"Overview": "home", "Board": "board", "Archive": "goal_archive", "Proposals": "proposals"},
    "Agent": {
        "Sessions": "sessions",
        "Activities": "activities",
        "Creative pulse": "creative_pulse",
        "Model usage": "model_usage",
        "Budgets": "budgets",
        "Models": "language_models",
        "Skills": "skills",
        "Skill statistics": "skill_stats",
        "Skill health": "skill_health",
    },
    "Knowledge": {
        "Knowledge graph": "knowledge",
        "Skill graph": "skill_graph",
        "Memories": "memories",
        "Memory search": "memory_search",
        "Working memory": "working_memory",
        "Thoughts": "thoughts",
        "Lessons": "lessons",
    },
    "Operations": {"Admin": "admin:index", "API": "ninja:openapi-view"},
}
FOR_STAFF = {"admin:index"}


@dataclass(frozen=True)
class Link:
    label: str
    url: str
    current: str  # for aria-current: `page`, or `true` on the pages below it


def navigation(request: HttpRequest) -> dict[str, object]:
    """Context processor: the sidebar's groups of links, without those that lead this person nowhere."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {}
    groups: dict[str, list[Link]] = {}
    for group, label, url in pages_for(user):
        groups.setdefault(group, []).append(link(request, label, url))
    return {"navigation": list(groups.items())}


def pages_for(user: Any) -> Iterator[tuple[str, str, str]]:
    """(group, label, URL) of each page."""
    for group, pages in PAGES.items():
        for label, name in pages.items():
            if user.is_staff or name not in FOR_STAFF:
                yield group, label, reverse(name)


def link(request: HttpRequest, label: str, url: str) -> Link:
    below = "true" if request.path.startswith(f"{url}/") else ""
    return Link(label, url, current="page" if request.path == url else below)


def label_of(name: str) -> str:
    """What the sidebar calls the page of this URL name."""
    return next(label for pages in PAGES.values() for label, page in pages.items() if page == name)
