from collections import Counter
from typing import Any

from apps.telemetry.models import ModelUsage
from apps.telemetry.querysets import SessionQuerySet, UsageQuerySet

NOTHING = {"tokens": 0, "cost": 0}


def session_stats(sessions: SessionQuerySet, loose: UsageQuerySet) -> dict[str, Any]:
    """How many of `sessions` there are, and what the model calls within them took.

    The totals count the `loose` calls as well: deleting a session loses none of its cost.
    """
    groups = sessions.groups()
    agents, statuses, types = (tally(groups, place) for place in range(3))
    usage = ModelUsage.objects.by_agent(sessions)
    spent = [*usage.values(), loose.spent()]
    skills = {"tokens": sum(part["tokens"] for part in spent), "cost": sum(part["cost"] for part in spent)}
    return {
        "total_sessions": sum(statuses.values()),
        "active_sessions": statuses["active"],
        "total_tokens": skills["tokens"],
        "total_cost": skills["cost"],
        "by_agent": [
            {"agent_id": agent, "sessions": count, **usage.get(agent, NOTHING)} for agent, count in ranked(agents)
        ],
        "by_status": [{"status": status, "count": count} for status, count in ranked(statuses)],
        "by_type": [{"type": kind, "count": count} for kind, count in ranked(types)],
        "litellm": {"sessions": 0, **NOTHING, "unmapped_tokens": 0, "unmapped_cost": 0},
        "sources": {"skills": skills, "litellm": NOTHING},
    }


def tally(groups: list[tuple[str, str, str, int]], place: int) -> Counter[str]:
    counts: Counter[str] = Counter()
    for *names, count in groups:
        counts[str(names[place])] += int(count)
    return counts


def ranked(counts: Counter[str]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
