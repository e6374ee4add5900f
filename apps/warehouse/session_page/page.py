"""What the page of a session shows: its facts and figures, the picture of a part of it, and that part's steps."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.urls import reverse

from apps.core.figures import dollars
from apps.telemetry.models import AgentSession
from apps.telemetry.prices import Cost, Prices, total
from apps.warehouse.session_page.axis import SMALLEST, WIDTH, Window
from apps.warehouse.session_page.belonging import MOST, facts
from apps.warehouse.session_page.children import PARENT_IDS, Child, children_of
from apps.warehouse.session_page.lanes import LEAST_WIDTH, Picture, box, picture_of_columns, picture_of_runs
from apps.warehouse.session_page.part import Asked, Part
from apps.warehouse.session_page.steps import Outline, Run, Steps
from apps.warehouse.session_page.usual import Usual, key_of, usual_of

ROWS = 150  # runs at once
OTHERS_AT_MOST = 100
NOTHING = Decimal(0)


@dataclass(frozen=True)
class Row:
    run: Run
    at: float  # milliseconds since the session's start
    x: float
    width: float
    url: str
    cost: Cost
    usual: Usual | None
    is_target: bool  # of a jump to an error

    @property
    def path(self) -> str:
        return box(self.x, 0, self.width, 10)

    @property
    def is_slow(self) -> bool:
        return bool(self.usual and self.run.longest is not None and self.run.longest > self.usual.p95)

    @property
    def written_cost(self) -> str:
        if self.cost.amount is None:
            return "unknown"
        if self.cost.origin == "none":
            return ""
        return dollars(float(self.cost.amount)) + (" estimated" if self.cost.estimated_calls else "")


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
    by_time: int
    failed: int  # of both
    cost: Cost
    cost_by_time: Decimal
    cost_of_children: Decimal
    children: int
    tokens: int
    is_cut: bool  # there is more of some kind than is looked at


class SessionPage:
    """Everything is asked when it is first needed; about eight queries in all."""

    def __init__(self, session: AgentSession, asked: Asked, most_runs: int = ROWS, tells_usual: bool = True) -> None:
        self.session, self.asked, self.most_runs, self.tells_usual = session, asked, most_runs, tells_usual
        self.facts, self.prices = facts(session), Prices()
        self.steps = Steps(session, [child.as_step for child in self.children], by_time=asked.by_time)
        self.life = self.steps.life

    @cached_property
    def children(self) -> list[Child]:
        return children_of(self.session)

    @cached_property
    def outline(self) -> Outline:
        """With one run more than is shown, where there are more."""
        window = self.asked.window(self.life.starts)
        return self.steps.outline(*window, after=self.asked.after, limit=self.most_runs + 1)

    @cached_property
    def part(self) -> Part:
        whole, window = Window(self.outline.first, self.outline.last), Window(self.outline.since, self.outline.until)
        return Part(self.asked, self.life.starts, whole, window, self.outline.gaps)

    # --- What it is ---

    @cached_property
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
        return text_of(self.facts.get("openclaw_source_channel"))

    @property
    def label(self) -> str:
        told = self.facts.get("openclaw_session")
        return text_of((told.get("label") if isinstance(told, dict) else None) or self.facts.get("label"))

    @property
    def parent(self) -> UUID | None:
        named = (uuid_of(text_of(self.facts.get(name))) for name in PARENT_IDS)
        return next((one for one in named if one and one != self.session.pk), None)

    @property
    def milliseconds(self) -> int | None:
        return None if self.life.duration is None else self.life.duration // timedelta(milliseconds=1)

    @cached_property
    def neighbours(self) -> dict[str, AgentSession | None]:
        return AgentSession.objects.neighbours(self.session)

    @cached_property
    def others(self) -> int:
        """Sessions of any agent that ran meanwhile, as far as they are counted."""
        if self.life.ends is None or not self.sum.by_time:
            return 0
        others = AgentSession.objects.running_during(self.life.starts, self.life.ends).exclude(pk=self.session.pk)
        return len(others.values("pk")[:OTHERS_AT_MOST])

    @cached_property
    def sum(self) -> Sum:
        totals = self.outline.totals
        named, by_time = [one for one in totals if one.named], [one for one in totals if not one.named]
        children = [one for one in named if one.kind == "child"]
        estimates = [self.prices.cost_of_calls(calls) for calls in self.outline.silent]
        return Sum(
            steps=sum(one.steps for one in named if one.kind != "child"),
            by_time=sum(one.steps for one in by_time),
            failed=sum(one.failed for one in totals),
            cost=total([Cost(sum((one.cost or NOTHING for one in named), NOTHING)), *estimates]),
            cost_by_time=sum((one.cost or NOTHING for one in by_time), NOTHING),
            cost_of_children=sum((one.cost or NOTHING for one in children), NOTHING),
            children=sum(one.steps for one in children),
            tokens=sum(one.tokens or 0 for one in named),
            is_cut=any(one.steps >= MOST for one in totals),
        )

    # --- Its steps ---

    @property
    def listed(self) -> Sequence[Run]:
        return self.outline.runs[: self.most_runs]

    @property
    def has_more(self) -> bool:
        return len(self.outline.runs) > self.most_runs

    @cached_property
    def usual(self) -> dict[tuple[str, ...], Usual]:
        return usual_of(self.listed) if self.tells_usual else {}

    @cached_property
    def rows(self) -> list[Row]:
        return [self.row(run) for run in self.listed]

    def row(self, run: Run) -> Row:
        x = self.part.axis.x(run.starts)
        width = max(self.part.axis.x(run.ends) - x, LEAST_WIDTH)
        return Row(
            run,
            at=self.part.milliseconds(run.starts),
            x=min(x, WIDTH - width),
            width=width,
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
            return Cost(run.cost or NOTHING)
        group: dict[str, Any] = {"model": run.name, "provider": run.part, "cost": run.cost or NOTHING}
        silent = {"silent_input": run.silent_input or 0, "silent_output": run.silent_output or 0}
        return self.prices.cost_of_calls(group | silent | {"silent": run.silent})

    @property
    def more(self) -> str:
        """The query of the steps that follow."""
        return self.part.link(after=str(self.listed[-1].last)) if self.has_more else ""

    @property
    def earlier(self) -> str:
        before = max(self.asked.after - self.most_runs, 0)
        if not self.asked.after:
            return ""
        return self.part.link(after=str(before)) if before else self.part.link()

    @cached_property
    def picture(self) -> Picture:
        if not self.has_more and not self.asked.after:
            return picture_of_runs(self.listed, self.part.axis)
        return picture_of_columns(self.outline.columns, self.outline.spans, self.part.axis)

    # --- What failed ---

    @property
    def failures(self) -> list[Failure]:
        return [
            Failure(
                f"{one['name']}.{one['part']}" if one["kind"] == "skill" else one["name"],
                one["error"],
                one["times"],
                self.part.link(at=self.part.offset(datetime.fromisoformat(one["first"]) - SMALLEST)),
            )
            for one in self.outline.failures
        ]

    @property
    def jumped_to(self) -> Run | None:
        return next((row.run for row in self.rows if row.is_target), None)

    @property
    def next_failure(self) -> str:
        return self.part.link(after=str(self.jumped_to.last if self.jumped_to else self.asked.after))

    @property
    def failure_before(self) -> str:
        return self.part.link(before=str(self.jumped_to.first if self.jumped_to else self.asked.after + 1))


def text_of(value: Any) -> str:
    return value[:200] if isinstance(value, str) else ""


def uuid_of(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
