"""The LiteLLM proxy's spend by agent, beside what the skills reported of their sessions."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, Sum
from django.db.models.fields.json import KT
from django.db.models.functions import Coalesce

from apps.telemetry import spend_log, spend_queries
from apps.telemetry.models import AgentSession, ModelUsage
from apps.telemetry.proxied import notice_of, proxied
from apps.telemetry.querysets import SessionQuerySet, UsageQuerySet


@dataclass
class Spent:
    tokens: int = 0
    cost: Decimal = Decimal(0)

    def add(self, tokens: int, cost: Decimal) -> None:
        self.tokens += tokens
        self.cost += cost


@dataclass(frozen=True)
class Owner:
    """The session of the warehouse that the log means; `shown` is whether the answer is about it."""

    agent: str
    shown: bool


def with_spend(
    stats: dict[str, Any], sessions: SessionQuerySet, hours: int | None, *, everything: bool
) -> dict[str, Any]:
    """The answer of `session_stats` with the log's spend of `sessions` in it, of all time or the last `hours`.

    With `everything` also what belongs to no known session.
    """
    if not spend_log.is_configured():
        return stats
    try:
        groups = spend_queries.by_session(hours)
        total, oldest = spend_queries.totals(hours), spend_queries.oldest()
    except spend_log.Away as away:
        return stats | notice_of(away)
    loose = ModelUsage.objects.filter(session=None) if everything else ModelUsage.objects.none()
    if hours is not None:
        sessions, loose = sessions.of_last(hours=hours), loose.of_last(hours=hours)
    spent, seen = by_agent(groups, owners_of(groups, sessions), everything=everything)
    if everything:  # also what the groups, being the costliest only, leave out
        spent[None].add(
            total["input"] + total["output"] - sum(group["input"] + group["output"] for group in groups),
            total["cost"] - sum(group["cost"] for group in groups),
        )
    twice = reported_too(sessions, loose, oldest) if oldest else {}
    return combined(stats, spent, twice, seen)


def owners_of(groups: Iterable[dict[str, Any]], shown: SessionQuerySet) -> dict[str, Owner]:
    """By the id that the log has, which is the session's own or the gateway's."""
    named = {group["session"] for group in groups if group["session"]}
    spelt = {key: name for name in named if (key := uuid_of(name))}
    gateways = KT("metadata__openclaw_session_id")
    known = (
        AgentSession.objects.alias(gateways=gateways)
        .filter(Q(pk__in=spelt) | Q(gateways__in=named))
        .annotate(shown=Exists(shown.filter(pk=OuterRef("pk"))))
        .order_by("started_at", "pk")  # of two sessions of one name the latest
        .values_list("pk", gateways, "agent_id", "shown")
    )
    owners: dict[str, Owner] = {}
    for key, gateways_name, agent, is_shown in known:
        owners |= {name: Owner(agent, is_shown) for name in (gateways_name, spelt.get(key)) if name}
    return owners


def uuid_of(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def by_agent(
    groups: Iterable[dict[str, Any]], owners: dict[str, Owner], *, everything: bool
) -> tuple[dict[str | None, Spent], int]:
    """What each agent spent, None being nobody known; and in how many sessions."""
    spent: dict[str | None, Spent] = defaultdict(Spent)
    seen = set()
    for group in groups:
        owner = owners.get(group["session"])
        if owner.shown if owner else everything:
            agent = group["agent"] or (owner.agent if owner else None)
            spent[agent].add(group["input"] + group["output"], group["cost"])
            seen.add(group["session"])
    return spent, len(seen - {None})


def reported_too(sessions: SessionQuerySet, loose: UsageQuerySet, oldest: datetime) -> dict[str | None, Spent]:
    """What skills reported of calls that the log has, by the agent of their session."""
    within = ModelUsage.objects.filter(proxied(oldest), session__in=sessions.order_by().values("pk"))
    spent: dict[str | None, Spent] = defaultdict(Spent)
    for calls in (within, loose.filter(proxied(oldest))):
        tokens = Coalesce(Sum("input_tokens"), 0) + Coalesce(Sum("output_tokens"), 0)
        rows = calls.order_by().values_list("session__agent_id").annotate(tokens=tokens, cost=Sum("cost_usd"))
        for agent, tokens_of_agent, cost in rows:
            spent[agent].add(tokens_of_agent, cost)
    return spent


def combined(
    stats: dict[str, Any], spent: dict[str | None, Spent], twice: dict[str | None, Spent], seen: int
) -> dict[str, Any]:
    litellm, reported = total_of(spent), total_of(twice)
    agents = {agent["agent_id"]: agent for agent in stats["by_agent"]}
    for name in sorted({name for name in (*spent, *twice) if name}):
        agent = agents.get(name, {"agent_id": name, "sessions": 0, "tokens": 0, "cost": 0})
        more, less = spent.get(name, Spent()), twice.get(name, Spent())
        tokens, cost = agent["tokens"] + more.tokens - less.tokens, agent["cost"] + more.cost - less.cost
        agents[name] = agent | {"tokens": tokens, "cost": cost}
    skills = stats["sources"]["skills"]
    skills = {"tokens": skills["tokens"] - reported.tokens, "cost": skills["cost"] - reported.cost}
    nobody = spent.get(None, Spent())
    return stats | {
        "total_tokens": skills["tokens"] + litellm.tokens,
        "total_cost": skills["cost"] + litellm.cost,
        "by_agent": list(agents.values()),
        "litellm": {
            "sessions": seen,
            **vars(litellm),
            "unmapped_tokens": nobody.tokens,
            "unmapped_cost": nobody.cost,
        },
        "sources": {"skills": skills, "litellm": vars(litellm)},
    }


def total_of(spent: dict[str | None, Spent]) -> Spent:
    return Spent(sum(part.tokens for part in spent.values()), sum((part.cost for part in spent.values()), Decimal(0)))
