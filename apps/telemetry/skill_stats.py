"""What skills did: the numbers behind the statistics of all, of one, and the insights."""

from typing import Any

from apps.telemetry.call_totals import CallTotal
from apps.telemetry.sum_querysets import CallQuerySet
from apps.telemetry.sums import InvocationSum

MOST_SKILLS = 1000


def fraction_failed(part: dict[str, Any]) -> float:
    return round(part["failures"] / part["total"], 3) if part["total"] else 0


def percent_failed(part: dict[str, Any]) -> float:
    return round(100 * part["failures"] / part["total"], 1) if part["total"] else 0


def duration(part: dict[str, Any]) -> float:
    """Of the calls whose duration is known, in milliseconds."""
    return round(float(part["duration"] or 0), 1)


def all_skills(hours: int) -> list[dict[str, Any]]:
    skills = InvocationSum.objects.of_last(hours=hours).by_skill()
    return [
        {
            "skill_name": skill["skill_name"],
            "total": skill["total"],
            "avg_duration_ms": duration(skill),
            "successes": skill["total"] - skill["failures"],
            "failures": skill["failures"],
            "error_rate": fraction_failed(skill),
            "total_tokens": skill["tokens"],
        }
        for skill in skills[:MOST_SKILLS]
    ]


def totals(invocations: CallQuerySet) -> dict[str, Any]:
    sums = invocations.measures()
    return {
        "total": sums["total"],
        "failures": sums["failures"],
        "error_rate": fraction_failed(sums),
        "avg_duration_ms": duration(sums),
    }


def insights(hours: int) -> dict[str, Any]:
    invocations = InvocationSum.objects.of_last(hours=hours)
    timeline = CallTotal.objects.of_last(hours=hours, finest="hour").by_hour()
    sums, skills = CallTotal.objects.of_last(hours=hours).measures(), list(invocations.by_skill())
    return {
        "summary": {
            "total_invocations": sums["total"],
            "success_rate": round(100 - 100 * sums["failures"] / sums["total"], 1) if sums["total"] else 0,
            "avg_duration_ms": duration(sums),
            "total_tokens": sums["tokens"],
            "unique_skills": len(skills),
            "unique_tools": invocations.how_many("tool_name"),
            "failures": sums["failures"],
        },
        "by_skill": [
            {
                "skill_name": skill["skill_name"],
                **rates(skill),
                "successes": skill["total"] - skill["failures"],
                "failures": skill["failures"],
                "total_tokens": skill["tokens"],
            }
            for skill in skills[:MOST_SKILLS]
        ],
        "by_tool": [{"tool_name": tool["tool_name"], **rates(tool)} for tool in invocations.by_tool()[:20]],
        "timeline": [{"hour": hour["hour"], **rates(hour)} for hour in timeline],
    }


def rates(part: dict[str, Any]) -> dict[str, Any]:
    return {
        "invocations": part["total"],
        "avg_duration_ms": duration(part),
        "error_rate": percent_failed(part),
    }
