"""What needs a person now, whatever time the page is about: a line each, the worst first."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Literal, NamedTuple

from django.db.models import Count, F, QuerySet, TextField, Value, Window
from django.db.models.functions import Cast
from django.utils import timezone

from apps.core.statements import execute
from apps.core.templatetags.display import span
from apps.goals.models import Goal
from apps.improvement.models import ImprovementProposal
from apps.operations.models import HeartbeatLog, ScheduledJob, ScheduleTick
from apps.telemetry.budgets.models import BudgetNotice
from apps.telemetry.models import AgentSession
from apps.telemetry.repeated import Repeated, repeated_errors
from apps.telemetry.worsened import Unhealthy, unhealthy_skills
from apps.warehouse.overview.places import place, row

Severity = Literal["bad", "warn"]
STILL = timedelta(days=3)  # a goal that somebody is at work on, without any change
LONG, VERY_LONG = timedelta(hours=6), timedelta(hours=24)  # a session that is active
SILENT = timedelta(hours=2)  # an agent that gives a sign of life every hour
VERY_LATE = timedelta(hours=1)  # a job after its time
UNANSWERED = timedelta(days=3)  # a proposal
OFTEN = 20  # times a day that an error of one fingerprint came
HALF = 0.5  # share of a skill's calls that failed
LINES = 4  # of one kind; the others are counted


@dataclass(frozen=True)
class Finding:
    severity: Severity
    what: str  # is wrong, in two or three words
    subject: str
    detail: str  # how bad it is, and what to do
    since: datetime | None
    url: str


@dataclass(frozen=True)
class More:
    """Findings of a kind that are not shown."""

    number: int
    what: str
    url: str


@dataclass(frozen=True)
class Attention:
    findings: list[Finding]
    more: list[More]

    @property
    def number(self) -> int:
        return len(self.findings) + sum(more.number for more in self.more)


class Stored(NamedTuple):
    """What is wrong with a row of a table."""

    kind: str
    key: str
    label: str
    note: str
    at: datetime  # None of a job that never ran
    many: int  # of the kind there are


def attention() -> Attention:
    """In three queries."""
    now, skills = timezone.now(), unhealthy_skills()
    stored = [Stored(*row) for row in execute(*stored_findings())]
    findings = [
        *(READERS[one.kind](one, now) for one in stored),
        *map(of_skill, skills[:LINES]),
        *map(of_error, repeated_errors()),
    ]
    hidden = {one.kind: one.many - LINES for one in stored} | {"skill": len(skills) - LINES}
    more = [more_of(kind, number) for kind, number in hidden.items() if number > 0]
    return Attention(sorted(findings, key=lambda finding: finding.severity), more)  # 'bad' is before 'warn'


def more_of(kind: str, number: int) -> More:
    what, where = PLURALS[kind]
    return More(number, what, place(where))


@cache
def stored_findings() -> tuple[str, Any]:
    """SQL of rows of several tables as `Stored`, which takes longer to write than PostgreSQL to answer."""
    parts = [
        found(ScheduleTick.objects.silent(), "scheduler", at="last_tick"),
        found(HeartbeatLog.objects.silent_for(SILENT), "beat", at="created_at"),
        found(
            ScheduledJob.objects.troubled().order_by("-trouble", "troubled_since"),
            *("job", "name", "trouble", "troubled_since"),
        ),
        found(AgentSession.objects.active_for(LONG), "session", "agent_id", "session_type", "started_at"),
        found(Goal.objects.still_for(STILL), "goal", "title", "assigned_to", "updated_at"),
        found(ImprovementProposal.objects.waiting(), "proposal", "title", "risk_level", "created_at"),
        found(BudgetNotice.objects.of_now().order_by("-share"), "budget", "budget__name", "share", "created_at"),
    ]
    return parts[0].union(*parts[1:], all=True).query.sql_with_params()


def found(rows: QuerySet, kind: str, label: str = "pk", note: str = "pk", at: str = "") -> QuerySet:
    texts = {name: Cast(column, TextField()) for name, column in (("key", "pk"), ("label", label), ("note", note))}
    return rows.values(kind=Value(kind), **texts, at=F(at), many=Window(Count("pk")))[:LINES]


def of_scheduler(one: Stored, now: datetime) -> Finding:
    detail = "No tick for longer than it should take: no job runs. Look whether the agent's gateway is up."
    return Finding("bad", "Scheduler silent", "The scheduler", detail, one.at, place("scheduler"))


def of_beat(one: Stored, now: datetime) -> Finding:
    detail = "No sign of life. Look whether it is running."
    return Finding("bad", "Agent silent", "The agent", detail, one.at, place("beat"))


def of_job(one: Stored, now: datetime) -> Finding:
    late = now - one.at if one.at else timedelta(0)
    about: dict[str, tuple[Severity, str, str]] = {
        "overdue": ("bad" if late > VERY_LATE else "warn", "Job overdue", "It should have run. Look at the scheduler."),
        "silent": ("bad", "Job silent", "It has missed its usual runs unnoticed. Look at its schedule."),
        "failing": ("warn", "Job failing", "Its last run failed. Look at what it said."),
    }
    severity, what, detail = about[one.note]
    return Finding(severity, what, one.label, detail, one.at, place("job"))


def of_session(one: Stored, now: datetime) -> Finding:
    very = now - one.at > VERY_LONG
    detail = f"{one.note}, active for {span((now - one.at).total_seconds())}. End it if nobody is in it any more."
    return Finding("bad" if very else "warn", "Session too long", one.label, detail, one.at, row("session", one.key))


def of_goal(one: Stored, now: datetime) -> Finding:
    whose = f"{one.note} is at work on it" if one.note else "Nobody is named for it"
    detail = f"{whose}, but nothing changed. Ask for news or put it on hold."
    return Finding("warn", "Goal without movement", one.label, detail, one.at, row("goal", one.key))


def of_proposal(one: Stored, now: datetime) -> Finding:
    severity: Severity = "bad" if one.note == "high" and now - one.at > UNANSWERED else "warn"
    detail = f"Risk {one.note}. Approve or reject it."
    return Finding(severity, "Proposal waiting", one.label, detail, one.at, row("proposal", one.key))


def of_budget(one: Stored, now: datetime) -> Finding:
    is_spent = int(one.note) >= 100
    what = "Budget spent" if is_spent else "Budget strained"
    detail = f"{one.note} % of the limit is reached. See what spends it, or set another limit."
    return Finding("bad" if is_spent else "warn", what, one.label, detail, one.at, place("budgets"))


def of_skill(one: Unhealthy) -> Finding:
    recent, usual = (f"{of.failed:,} of {of.calls:,}" for of in (one.recent, one.usual))
    detail = f"{recent} calls failed in 24 h; in the week before {usual}. See its errors."
    what = "Skill turned unhealthy" if one.has_turned else "Skill unhealthy"
    return Finding("bad" if one.share >= HALF else "warn", what, one.skill, detail, None, row("skill", one.skill))


def of_error(error: Repeated) -> Finding:
    where = ", ".join(sorted(error.names)[:3]) + (", ..." if len(error.names) > 3 else "")
    detail = f"{error.times} times in 24 h in {error.stream} ({where}). See what they have in common."
    severity: Severity = "bad" if error.times >= OFTEN else "warn"
    return Finding(severity, "Error repeats", error.fingerprint, detail, error.first, place(error.stream))


READERS: dict[str, Callable[[Stored, datetime], Finding]] = {
    "scheduler": of_scheduler,
    "beat": of_beat,
    "job": of_job,
    "session": of_session,
    "goal": of_goal,
    "proposal": of_proposal,
    "budget": of_budget,
}
PLURALS = {
    "job": ("jobs in trouble", "job"),
    "session": ("sessions active for long", "sessions"),
    "goal": ("goals without movement", "goals"),
    "proposal": ("proposals waiting", "proposals"),
    "budget": ("strained budgets", "budgets"),
    "skill": ("unhealthy skills", "skill calls"),
}
