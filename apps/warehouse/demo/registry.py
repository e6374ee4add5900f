"""The registry of skills, in agreement with their invocations."""

from collections.abc import Iterator
from datetime import timedelta

from apps.warehouse.demo import clock
from apps.warehouse.demo.skills import Skill, first_skills
from apps.warehouse.demo.steps import Steps
from apps.warehouse.demo.world import Row, World, new_id

UNAVAILABLE = {"market_data": "401 from two of three exchanges"}
DEGRADED = {"moltbook": "AuthenticationError since the key was revoked", "ollama": "slow to load models"}


def skill_status(world: World, steps: Steps) -> Iterator[Row]:
    random = world.random("skill_status")
    for skill in first_skills(world.counts["skill_status"]):
        last = steps.last_use.get(skill.name)
        checked = world.ago(minutes=random.uniform(2, 55))
        yield {
            "id": new_id(random),
            "skill_name": skill.name,
            "canonical_name": skill.canonical_name,
            "layer": skill.layer,
            "status": status_of(skill),
            "last_health_check": checked,
            "last_execution": clock.EPOCH + timedelta(microseconds=last) if last else None,
            "use_count": steps.uses[skill.name],
            "error_count": steps.failures[skill.name],
            "metadata": {"note": note} if (note := (UNAVAILABLE | DEGRADED).get(skill.name)) else None,
            "updated_at": checked,
        }


def status_of(skill: Skill) -> str:
    if skill.name in UNAVAILABLE:
        return "unavailable"
    return "degraded" if skill.name in DEGRADED else "healthy"
