"""The services around the site, and the host that they run on."""

import math
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from apps.core.remote import NOT_CONFIGURED, Answer
from apps.operations import services

NEARLY_FULL = 90  # percent
PARTS = {"ram": "Memory", "swap": "Swap", "disk": "Disk"}


@dataclass(frozen=True)
class Used:
    """Of memory or of a disk."""

    label: str
    percent: float
    used_gb: float
    total_gb: float

    @property
    def text(self) -> str:
        return f"{self.percent:.0f} % of {self.total_gb:,.0f} GB"

    @property
    def is_nearly_full(self) -> bool:
        return self.percent >= NEARLY_FULL


def lights() -> tuple[list[tuple[str, Answer]], list[str]]:
    """Those that do not answer first, and the names of those that nobody configured; takes 3 seconds at most."""
    answers = services.health_of(settings.SERVICE_URLS) | {"postgres": Answer(200)}  # or there were no page
    asked = [(name, answer) for name, answer in answers.items() if answer.state != NOT_CONFIGURED]
    return sorted(asked, key=lambda light: (light[1].ok, light[0])), sorted(answers.keys() - dict(asked).keys())


def host() -> tuple[Answer, list[Used]]:
    """How its agent answered, and what it said that can be shown."""
    answer = services.asked_host()
    said = answer.said if isinstance(answer.said, dict) else {}
    return answer, [used for part, label in PARTS.items() if (used := used_of(label, said.get(part)))]


def used_of(label: str, part: Any) -> Used | None:
    """What another program says may be anything; a host without swap has none to show."""
    try:
        numbers = [float(part[name]) for name in ("percent", "used_gb", "total_gb")]
    except (KeyError, TypeError, ValueError):
        return None
    return Used(label, *numbers) if all(map(math.isfinite, numbers)) and numbers[2] > 0 else None
