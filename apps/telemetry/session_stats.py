from collections import Counter
from typing import Any

from apps.telemetry.sum_querysets import SessionSumQuerySet, UsageSumQuerySet

NOTHING = {"tokens": 0, "cost": 0}


def session_stats(sessions: SessionSumQuerySet, loose: UsageSumQuerySet) -> dict[str, Any]:
    """How many of `sessions` there are, and what the model calls within them took.

    The totals count the `loose` calls as well: deleting a session loses none of its cost.
    """
    groups = list(sessions.groups())
    agents, statuses, types = (tally(groups, key, "count") for key in ("agent_id", "status", "session_type"))
    tokens, costs = (tally(groups, "agent_id", measure) for measure in ("tokens", "cost"))
    spent = loose.spent()
    skills = {"tokens": tokens.total() + spent["tokens"], "cost": costs.total() + spent["cost"]}
    return {
        "total_sessions": statuses.total(),
        "active_sessions": statuses["active"],
        "total_tokens": skills["tokens"],
        "total_cost": skills["cost"],
        "by_agent": [
            {"agent_id": agent, "sessions": count, "tokens": tokens[agent], "cost": costs[agent]}
            for agent, count in ranked(agents)
        ],
        "by_status": [{"status": status, "count": count} for status, count in ranked(statuses)],
        "by_type": [{"type": kind, "count": count} for kind, count in ranked(types)],
        "litellm": {"sessions": 0, **NOTHING, "unmapped_tokens": 0, "unmapped_cost": 0},
        "sources": {"skills": skills, "litellm": NOTHING},
    }


def tally(groups: list[dict[str, Any]], key: str, measure: str) -> Counter[str]:
    """The measure of each value of the key; also fractions of dollars."""
    counts: Counter[str] = Counter()
    for group in groups:
        counts[group[key]] += group[measure]
    return counts


def ranked(counts: Counter[str]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
