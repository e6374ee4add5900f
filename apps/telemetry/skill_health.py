"""How well each skill works, as a score from 0 to 100."""

from typing import Any

from django.utils import timezone

from apps.telemetry.skill_stats import MOST_SKILLS, duration, percent_failed
from apps.telemetry.sums import InvocationSum

HEALTHY, DEGRADED = 80, 50
SLOW_MS = 5000
MOST_PATTERNS = 20
SUGGESTIONS = {
    "ConnectionError": "Check that the service is running and reachable from the agent's host.",
    "TimeoutError": "Give the call more time or ask for less at once.",
    "HTTPStatusError": "Look at the service's answer: the request or its credentials may be wrong.",
    "JSONDecodeError": "The service answered something other than JSON; log the answer and check its address.",
    "OperationalError": "Check the database: its load, its connections and its disk.",
    "RateLimitError": "Call less often, or cache what is asked repeatedly.",
    "AuthenticationError": "Renew the credentials and check their rights.",
    "ValueError": "Check what the tool is called with; validate it before the call.",
}


def score(*, total: int, failures: int, avg_ms: float) -> float:
    """Failures cost up to 50 points, slowness from 2 to 30 seconds up to 30; 50 calls and more earn 20.

    The wire contract's score. The bonus hides failures of busy skills, so pages do not show it.
    """
    if not total:
        return 100.0
    for_failures = min(100 * failures / total, 50)
    for_slowness = min(max(avg_ms - 2000, 0) / 28000 * 30, 30)
    for_use = min(total / 50, 1) * 20
    return round(min(100 - for_failures - for_slowness + for_use, 100), 1)


def status_of(health_score: float) -> str:
    return "healthy" if health_score >= HEALTHY else "degraded" if health_score >= DEGRADED else "unhealthy"


def dashboard(hours: int) -> dict[str, Any]:
    skills = [
        skill_health(skill) for skill in InvocationSum.objects.of_last(hours=hours).by_skill_in_full()[:MOST_SKILLS]
    ]
    patterns = InvocationSum.objects.of_last(hours=hours).failure_patterns()[:MOST_PATTERNS]
    unhealthy, degraded = ([s for s in skills if s["status"] == status] for status in ("unhealthy", "degraded"))
    slow = [skill for skill in skills if skill["avg_duration_ms"] >= SLOW_MS]
    mean = round(sum(s["health_score"] for s in skills) / len(skills), 1) if skills else 100.0
    return {
        "hours": hours,
        "generated_at": timezone.now(),
        "overall": {
            "health_score": mean,
            "status": status_of(mean),
            "total_invocations": sum(skill["total_calls"] for skill in skills),
            "total_failures": sum(skill["failures"] for skill in skills),
            "skills_monitored": len(skills),
            "unhealthy_count": len(unhealthy),
            "degraded_count": len(degraded),
            "slow_count": len(slow),
        },
        "skills": skills,
        "patterns": [row | {"suggestion": suggestion(**row)} for row in patterns],
        "unhealthy_skills": unhealthy,
        "degraded_skills": degraded,
        "slow_skills": slow,
    }


def skill_health(skill: dict[str, Any]) -> dict[str, Any]:
    points = score(total=skill["total"], failures=skill["failures"], avg_ms=float(skill["duration"] or 0))
    return {
        "skill_name": skill["skill_name"],
        "health_score": points,
        "status": status_of(points),
        "total_calls": skill["total"],
        "successes": skill["total"] - skill["failures"],
        "failures": skill["failures"],
        "error_rate": percent_failed(skill),
        "avg_duration_ms": duration(skill),
        "max_duration_ms": skill["longest"],
        "min_duration_ms": skill["shortest"],
        "total_tokens": skill["tokens"],
        "last_seen": skill["last_seen"],
    }


def suggestion(*, skill_name: str, error_type: str, count: int, **_times: Any) -> str:
    otherwise = (
        f"{skill_name} failed {count} times with {error_type}: look at its log and at what the calls have in common."
    )
    return SUGGESTIONS.get(error_type, otherwise)
