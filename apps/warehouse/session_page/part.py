"""The part of a session that a page shows, and the links that lead to others."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from apps.warehouse.session_page.axis import SMALLEST, WIDTH, Axis, Window

LINKS = 40  # in the picture, side by side


@dataclass(frozen=True)
class Asked:
    """What the URL asks for: from and to in seconds since the session's start, the step after which to begin, and
    the failed one that was jumped to."""

    since: float | None = None
    until: float | None = None
    after: int = 0
    failure: int = 0
    by_time: bool = True

    def window(self, starts: datetime) -> tuple[datetime | None, datetime | None]:
        """Both ends, as far as they were asked for."""
        since, until = (None if at is None else starts + timedelta(seconds=at) for at in (self.since, self.until))
        return since, until


@dataclass(frozen=True)
class Part:
    asked: Asked
    starts: datetime  # of the session; its steps may begin before
    whole: Window
    window: Window
    gaps: Sequence[tuple[datetime, datetime]]

    @cached_property
    def axis(self) -> Axis:
        return Axis(self.window, self.gaps)

    @property
    def was_misled(self) -> bool:
        """Does the URL ask for a part that there is not?"""
        return self.window == self.whole and (self.asked.since is not None or self.asked.until is not None)

    def offset(self, moment: datetime) -> str:
        """Seconds since the session's start, as in the URL."""
        return f"{(moment - self.starts).total_seconds():.3f}".rstrip("0").rstrip(".")

    def link(self, **more: str) -> str:
        """The query of this part, with more in it."""
        return self.link_to(self.window, **more)

    def link_to(self, window: Window, **more: str) -> str:
        """The query of another part; the whole needs none."""
        query = {} if window == self.whole else {"from": self.offset(window.since), "to": self.offset(window.until)}
        if not self.asked.by_time:
            query["only"] = "named"
        return f"?{urlencode(query | more)}"

    @property
    def other_choice(self) -> str:
        """The query of this part with what matches by time, or without it."""
        other = replace(self.asked, by_time=not self.asked.by_time)
        return replace(self, asked=other).link()

    @property
    def zooms(self) -> list[tuple[str, str, str]]:
        """(key, label, query) of what else can be shown; the query is empty where there is no more."""
        closer, wider = self.window.scaled(0.5), self.window.scaled(2).within(self.whole)
        back, onward = (self.window.moved(share).within(self.whole) for share in (-0.5, 0.5))
        choices = [
            ("+", "Zoom in", closer if closer.length > 2 * SMALLEST else self.window),
            ("-", "Zoom out", wider),
            ("ArrowLeft", "Earlier", back),
            ("ArrowRight", "Later", onward),
            ("0", "Whole", self.whole),
        ]
        return [(key, label, self.link_to(window) if window != self.window else "") for key, label, window in choices]

    @property
    def columns(self) -> list[dict[str, Any]]:
        """Behind the picture: each leads to its part of it."""
        starts = [*self.axis.starts_of_columns(LINKS), self.window.until]
        parts = [Window(since, until) for since, until in zip(starts, starts[1:], strict=False)]
        return [
            {
                "x": WIDTH * number / LINKS,
                "query": self.link_to(part) if part.length > timedelta() else "",
                "since": self.offset(part.since),
                "until": self.offset(part.until),
            }
            for number, part in enumerate(parts)
        ]

    @property
    def width_of_column(self) -> float:
        return WIDTH / LINKS

    @property
    def ticks(self) -> list[float]:
        """Milliseconds since the session's start."""
        return [self.milliseconds(moment) for moment in self.axis.ticks]

    def milliseconds(self, moment: datetime) -> float:
        return (moment - self.starts) / timedelta(milliseconds=1)
