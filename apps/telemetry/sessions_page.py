"""What the page of sessions shows: the figures of a time, its charts, and the sessions themselves."""

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from apps.core.charts import Chart
from apps.core.figures import Figure, compact, dollars, duration, share, whole
from apps.core.ranges import TimeRange, label_of
from apps.core.rollups import Span, first_moment
from apps.core.stacks import stacked, sum_of
from apps.telemetry.models import AgentSession, ModelUsage
from apps.telemetry.prices import Cost, Prices, total
from apps.telemetry.querysets import CRON, RUNTIME, SessionQuerySet
from apps.telemetry.sum_querysets import SessionSumQuerySet
from apps.telemetry.sums import SessionSum


@dataclass(frozen=True)
class Wanted:
    """What the filters ask for; nothing asks for nothing. Runtime and cron events are hidden unless asked for."""

    status: str = ""
    agent: str = ""
    type: str = ""
    channel: str = ""
    runtime: bool = False
    cron: bool = False
    cost: Decimal | None = None  # at least, in US dollars
    text: str = ""  # in the metadata

    @property
    def anything(self) -> bool:
        return any(vars(self).values())

    @property
    def narrows_rows(self) -> bool:
        """Beyond what the sums know of."""
        return bool(self.cost or self.text)

    def of(self, time: TimeRange, finest: Span = "month") -> SessionSumQuerySet:
        return self.shown(self.all_of(time, finest))

    def all_of(self, time: TimeRange, finest: Span = "month") -> SessionSumQuerySet:
        """With what is hidden."""
        return self.matching(SessionSum.objects.between(time.since, time.until, finest))

    def sessions(self, time: TimeRange) -> SessionQuerySet:
        rows = AgentSession.objects.filter(started_at__lt=time.until)
        rows = rows.filter(started_at__gte=time.since) if time.since else rows
        rows = self.shown(self.matching(rows))
        rows = rows.filter(cost_usd__gte=self.cost) if self.cost else rows
        return rows.telling(self.text) if self.text else rows

    def matching(self, sessions: Any) -> Any:
        return sessions.matching(
            status=self.status, agent_id=self.agent, session_type=self.type, source_channel=self.channel
        )

    def shown(self, sessions: Any) -> Any:
        """Who asks for a type sees it."""
        return sessions.shown(runtime_events=self.runtime or bool(self.type), cron_events=self.cron or bool(self.type))


def figures(wanted: Wanted, time: TimeRange) -> list[Figure]:
    """Each beside that of the period before."""
    now = wanted.of(time).figures()
    before = wanted.of(time.previous).figures() if time.previous else {}
    shown = (
        ("Sessions", "sessions", whole),
        ("Active", "active", whole),
        ("Failed", "failure_rate", share),
        ("Tokens", "tokens", compact),
        ("Cost", "cost", dollars),
        ("Mean duration", "duration", duration),
    )
    notes = {"Cost": silent_note(now["silent"])}
    return [Figure(label, now[name], before.get(name), written, notes.get(label, "")) for label, name, written in shown]


def silent_note(calls: int) -> str:
    return f"{whole(calls)} {'call' if calls == 1 else 'calls'} reported without a cost" if calls else ""


def hidden(wanted: Wanted, time: TimeRange) -> dict[str, int]:
    """How many runtime and cron events the default filters hide."""
    if wanted.type:
        return {}
    counts = wanted.all_of(time).by_type(RUNTIME, CRON)
    asked = {RUNTIME: wanted.runtime, CRON: wanted.cron}
    return {kind: count for kind, count in counts.items() if count and not asked[kind]}


def charts(wanted: Wanted, time: TimeRange) -> list[Chart]:
    """Sessions and their cost over the time, by agent."""
    first = time.since or first_moment(SessionSum) or time.ends
    time = time.starting_at(first)
    rows = list(wanted.of(time, finest=time.finest).over_time(time.grain))
    starts = list(time.starts())
    labels = [label_of(time.grain, start) for start in starts]
    return [
        Chart("Sessions by agent", "bars", labels, stacked(rows, "agent_id", sum_of("count"), starts), whole),
        Chart("Cost by agent", "bars", labels, stacked(rows, "agent_id", sum_of("cost"), starts), dollars),
    ]


@dataclass(frozen=True)
class SessionRow:
    """A session, and what its model calls took."""

    session: AgentSession
    error: str = ""  # of its last call that failed
    calls: int = 0
    call_tokens: int = 0
    spent: Cost = Cost()

    @property
    def tokens(self) -> int:
        return self.call_tokens if self.calls else self.session.tokens_used

    @property
    def cost(self) -> Decimal | None:
        """None where it is not known."""
        return self.spent.amount if self.calls else self.session.cost_usd

    @property
    def cost_note(self) -> str:
        """How much of it is not as the calls were reported."""
        parts = [f"of it {dollars(float(self.spent.estimated))} estimated"] if self.spent.estimated else []
        unknown = self.spent.unknown_calls
        return ", ".join(parts + ([f"without {unknown:,} calls of unknown cost"] if unknown else []))

    @property
    def milliseconds(self) -> float | None:
        """From its start to its end."""
        ended = self.session.ended_at
        return (ended - self.session.started_at).total_seconds() * 1000 if ended else None

    @property
    def title(self) -> str:
        """What it was about, as far as its metadata tell."""
        metadata = self.session.metadata if isinstance(self.session.metadata, dict) else {}
        gateways = metadata.get("openclaw_session")
        label = gateways.get("label") if isinstance(gateways, dict) else None
        function = ".".join(str(metadata[name]) for name in ("skill", "function") if metadata.get(name))
        found = label or metadata.get("title") or metadata.get("message") or function
        return str(found)[:200] if found else f"Session {str(self.session.pk)[:8]}"

    @property
    def channel(self) -> str:
        metadata = self.session.metadata if isinstance(self.session.metadata, dict) else {}
        return str(metadata.get("openclaw_source_channel") or "")


def with_calls(sessions: list[AgentSession]) -> list[SessionRow]:
    """Three queries for all of them."""
    calls = ModelUsage.objects.filter(session__in=sessions)
    prices = Prices()
    groups: dict[UUID, list[dict[str, Any]]] = defaultdict(list)
    for group in calls.by_session_and_model():
        groups[group["session"]].append(group)
    errors = dict(calls.filter(success=False).last_errors())
    return [
        SessionRow(
            session,
            errors.get(session.pk) or "",
            sum(group["calls"] for group in groups[session.pk]),
            sum(group["tokens"] for group in groups[session.pk]),
            total(prices.cost_of_calls(group) for group in groups[session.pk]),
        )
        for session in sessions
    ]
