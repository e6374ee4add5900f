"""What the page of a session shows: its facts and figures, the picture of a part of it, and that part's steps."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.urls import reverse

from apps.core.figures import dollars
from apps.telemetry.latencies import Latency
from apps.telemetry.models import AgentSession
from apps.telemetry.prices import Cost, Prices, total
from apps.warehouse.session_page.axis import SMALLEST, WIDTH, Axis, Window
from apps.warehouse.session_page.belonging import MOST, facts
from apps.warehouse.session_page.children import PARENT_IDS, Child, children_of
from apps.warehouse.session_page.lanes import (
    LEAST_WIDTH,
    Lane,
    Line,
    column_starts,
    growth_of_columns,
    growth_of_runs,
    lanes_of,
    lanes_of_columns,
    lines_of,
)
from apps.warehouse.session_page.steps import Outline, Run, Steps, Total
from apps.warehouse.session_page.usual import Usual, key_of, usual_of

ROWS = 150  # runs at once
ZOOM_LINKS = 40
OVERLAPPING_AT_MOST = 100


@dataclass(frozen=True)
class Asked:
    """What the URL asks for: from and to in seconds since the session's start, the step after which to begin, and
    the failed one that was jumped to."""

    since: float | None = None
    until: float | None = None
    after: int = 0
    failure: int = 0
    by_time: bool = True


@dataclass(frozen=True)
class Row:
    run: Run
    at: float  # milliseconds since the session's start
    x: float
    width: float
    url: str
    cost: Cost
    usual: Latency | None
    is_target: bool = False

    @property
    def is_slow(self) -> bool:
        p95 = self.usual.p95 if self.usual else None
        return p95 is not None and self.run.longest is not None and self.run.longest > p95

    @property
    def written_cost(self) -> str:
        if self.cost.amount is None:
            return "unknown"
        if self.cost.origin == "none":
            return ""
        return dollars(float(self.cost.amount)) + (" estimated" if self.cost.estimated_calls else "")


@dataclass(frozen=True)
class Picture:
    lanes: Sequence[Lane]
    lines: Sequence[Line]


@dataclass(frozen=True)
class Failure:
    """Steps that failed alike; `query` leads to the first."""

    label: str
    error: str | None
    times: int
    query: str


@dataclass(frozen=True)
class Sum:
    """Of the steps that name the session and of its children, with what was matched by time beside it."""

    steps: int
    failed: int
    by_time: int
    cost: Cost
    cost_by_time: Decimal
    tokens: int
    cost_of_children: Decimal
    children: int
    reached: list[str]  # kinds of which there are more than are looked at


class SessionPage:
    """Everything is asked when it is first needed; about ten queries in all."""

    def __init__(self, session: AgentSession, asked: Asked, most_runs: int = ROWS) -> None:
        self.session, self.asked, self.most_runs = session, asked, most_runs
        self.facts = facts(session)
        self.steps = Steps(session, [child.as_step for child in self.children], by_time=asked.by_time)
        self.life = self.steps.life

    # --- What it is ---

    @property
    def url(self) -> str:
        return reverse("session", args=[self.session.pk])

    @property
    def short_id(self) -> str:
        text = str(self.session.pk)
        return f"{text[:4]}…{text[-4:]}"

    @property
    def status_class(self) -> str:
        return {"active": "warn", "error": "bad"}.get(self.session.status, "ok")

    @property
    def channel(self) -> str:
        return written(self.facts.get("openclaw_source_channel"))

    @property
    def label(self) -> str:
        told = self.facts.get("openclaw_session")
        return written((told.get("label") if isinstance(told, dict) else None) or self.facts.get("label"))

    @property
    def parent(self) -> UUID | None:
        named = (uuid_of(written(self.facts.get(name))) for name in PARENT_IDS)
        return next((one for one in named if one and one != self.session.pk), None)

    @property
    def other_choice(self) -> str:
        """The query of the same part with what matches by time, or without it."""
        other = replace(self.asked, by_time=not self.asked.by_time)
        part = {"from": self.offset(self.window.since), "to": self.offset(self.window.until)}
        query = {} if self.window == self.whole else part
        return f"?{urlencode(query if other.by_time else query | {'only': 'named'})}"

    @cached_property
    def children(self) -> list[Child]:
        return children_of(self.session)

    @cached_property
    def prices(self) -> Prices:
        return Prices()

    # --- What is shown of it ---

    def moment(self, seconds: float | None) -> datetime | None:
        return None if seconds is None else self.life.starts + timedelta(seconds=seconds)

    @cached_property
    def outline(self) -> Outline:
        return self.steps.outline(self.moment(self.asked.since), self.moment(self.asked.until))

    @cached_property
    def whole(self) -> Window:
        return Window(self.outline.first, self.outline.last)

    @cached_property
    def window(self) -> Window:
        return Window(self.outline.since, self.outline.until)

    @property
    def was_misled(self) -> bool:
        """Does the URL ask for a part that there is not?"""
        return self.window == self.whole and (self.asked.since is not None or self.asked.until is not None)

    @cached_property
    def axis(self) -> Axis:
        return Axis(self.window, self.outline.gaps)

    def link(self, part: Window | None, **more: str) -> str:
        """The query of a part, or of the whole."""
        query = {"from": self.offset(part.since), "to": self.offset(part.until)} if part else {}
        if not self.asked.by_time:
            query["only"] = "named"
        return f"?{urlencode(query | more)}"

    def link_to(self, window: Window, **more: str) -> str:
        return self.link(None if window == self.whole else window, **more)

    def link_around(self, moment: datetime, **more: int) -> str:
        """The query that begins after a step, in the part that was asked for if that holds the moment."""
        since, until = self.moment(self.asked.since), self.moment(self.asked.until)
        part = Window(since, until) if since and until and since <= moment <= until else None
        return self.link(part, **{name: str(number) for name, number in more.items() if number})

    def offset(self, moment: datetime) -> str:
        return f"{(moment - self.life.starts).total_seconds():.3f}".rstrip("0").rstrip(".")

    @property
    def zooms(self) -> list[tuple[str, str, str]]:
        """(key, label, query) of what else can be shown; the query is empty where there is no more."""
        closer, wider = self.window.scaled(0.5), self.window.scaled(2).within(self.whole)
        back, onward = (self.window.moved(share).within(self.whole) for share in (-0.5, 0.5))
        choices = [
            ("+", "Zoom in", closer if closer.length > timedelta(milliseconds=2) else self.window),
            ("-", "Zoom out", wider),
            ("ArrowLeft", "Earlier", back),
            ("ArrowRight", "Later", onward),
            ("0", "Whole", self.whole),
        ]
        return [(key, label, self.link_to(window) if window != self.window else "") for key, label, window in choices]

    @property
    def zoom_links(self) -> list[dict[str, Any]]:
        """Behind the picture: each leads to its part of it."""
        starts = [*self.axis.starts_of_columns(ZOOM_LINKS), self.window.until]
        parts = [Window(since, until) for since, until in zip(starts, starts[1:], strict=False)]
        return [
            {
                "x": WIDTH * number / ZOOM_LINKS,
                "query": self.link_to(part) if part.length > timedelta() else "",
                "since": self.offset(part.since),
                "until": self.offset(part.until),
            }
            for number, part in enumerate(parts)
        ]

    @property
    def zoom_width(self) -> float:
        return WIDTH / ZOOM_LINKS

    @property
    def ticks(self) -> list[float]:
        """Milliseconds since the session's start."""
        return [(moment - self.life.starts) / timedelta(milliseconds=1) for moment in self.axis.ticks]

    # --- Its steps ---

    @cached_property
    def runs(self) -> list[Run]:
        """One more than is shown, where there are more."""
        return self.steps.runs(self.window.since, self.window.until, after=self.asked.after, limit=self.most_runs + 1)

    @property
    def listed(self) -> list[Run]:
        return self.runs[: self.most_runs]

    @property
    def lists_all(self) -> bool:
        return len(self.runs) <= self.most_runs and not self.asked.after

    @cached_property
    def usual(self) -> Usual:
        return usual_of(self.listed)

    @cached_property
    def rows(self) -> list[Row]:
        return [self.row(run) for run in self.listed]

    def row(self, run: Run) -> Row:
        x = self.axis.x(run.starts)
        width = max(self.axis.x(run.ends) - x, LEAST_WIDTH)
        return Row(
            run,
            at=(run.starts - self.life.starts) / timedelta(milliseconds=1),
            x=round(min(x, WIDTH - width), 1),
            width=round(width, 1),
            url=self.url_of(run),
            cost=self.cost_of(run),
            usual=self.usual.get(key_of(run)),
            is_target=run.first <= self.asked.failure <= run.last,
        )

    def url_of(self, run: Run) -> str:
        """Of the rows of its steps."""
        query = {"last": str(run.last_id)} if run.times > 1 else {}
        query |= {} if self.asked.by_time else {"only": "named"}
        return f"{self.url}/steps/{run.kind}/{run.first_id}{'?' if query else ''}{urlencode(query)}"

    def cost_of(self, run: Run) -> Cost:
        if run.kind == "child" and run.cost is None:
            return Cost(unknown_calls=run.times)
        if run.kind != "model":
            return Cost(run.cost or Decimal(0))
        group = {"model": run.name, "provider": run.part, "cost": run.cost or Decimal(0), "silent": run.silent}
        tokens = {"silent_input": run.silent_input or 0, "silent_output": run.silent_output or 0}
        return self.prices.cost_of_calls(group | tokens)

    @property
    def more(self) -> str:
        """The query of the steps that follow."""
        return self.link_to(self.window, after=str(self.listed[-1].last)) if len(self.runs) > self.most_runs else ""

    @property
    def earlier(self) -> str:
        if not self.asked.after:
            return ""
        before = max(self.asked.after - ROWS, 0)
        return self.link_to(self.window, after=str(before)) if before else self.link_to(self.window)

    # --- What failed ---

    @property
    def failures(self) -> list[Failure]:
        return [
            Failure(
                f"{one['name']}.{one['part']}" if one["kind"] == "skill" else one["name"],
                one["error"],
                one["times"],
                self.link_to(self.window, at=self.offset(datetime.fromisoformat(one["first"]) - SMALLEST)),
            )
            for one in self.outline.failures
        ]

    @property
    def jumped_to(self) -> Run | None:
        return next((row.run for row in self.rows if row.is_target), None)

    @property
    def next_failure(self) -> str:
        after = self.jumped_to.last if self.jumped_to else self.asked.after
        return self.link_to(self.window, after=str(after))

    @property
    def failure_before(self) -> str:
        before = self.jumped_to.first if self.jumped_to else self.asked.after + 1
        return self.link_to(self.window, before=str(before))

    # --- The picture ---

    @cached_property
    def picture(self) -> Picture:
        if self.lists_all:
            return Picture(lanes_of(self.listed, self.axis), lines_of(growth_of_runs(self.listed, self.axis)))
        columns = self.steps.columns(self.window.since, self.window.until, column_starts(self.axis))
        return Picture(lanes_of_columns(columns), lines_of(growth_of_columns(columns)))

    # --- Its figures ---

    @property
    def milliseconds(self) -> int | None:
        return None if self.life.duration is None else self.life.duration // timedelta(milliseconds=1)

    @cached_property
    def sum(self) -> Sum:
        totals = self.outline.totals
        named, by_time = [one for one in totals if one.named], [one for one in totals if not one.named]
        own = [one for one in named if one.kind != "child"]
        children = [one for one in named if one.kind == "child"]
        reported = Cost(sum((one.cost or Decimal(0) for one in named), Decimal(0)))
        silent = [self.prices.cost_of_calls(group) for group in self.outline.silent]
        return Sum(
            steps=sum(one.steps for one in own),
            failed=sum(one.failed for one in named),
            by_time=sum(one.steps for one in by_time),
            cost=total([reported, *silent]),
            cost_by_time=sum((one.cost or Decimal(0) for one in by_time), Decimal(0)),
            tokens=sum(one.tokens or 0 for one in named),
            cost_of_children=sum((one.cost or Decimal(0) for one in children), Decimal(0)),
            children=sum(one.steps for one in children),
            reached=reached(totals),
        )

    @property
    def failed(self) -> int:
        return sum(one.failed for one in self.outline.totals)

    @cached_property
    def neighbours(self) -> dict[str, AgentSession | None]:
        return AgentSession.objects.neighbours(self.session)

    @cached_property
    def overlapping(self) -> int:
        """Other sessions of any agent that ran meanwhile, as far as they are counted."""
        if self.life.ends is None or not self.sum.by_time:
            return 0
        others = AgentSession.objects.running_during(self.life.starts, self.life.ends).exclude(pk=self.session.pk)
        return len(others.values("pk")[:OVERLAPPING_AT_MOST])


def reached(totals: Sequence[Total]) -> list[str]:
    return sorted({one.kind for one in totals if one.steps >= MOST})


def written(value: Any) -> str:
    return value[:200] if isinstance(value, str) else ""


def uuid_of(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
