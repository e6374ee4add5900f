"""The registry of skills. What they did is in `apps/telemetry/api/skills.py`."""

from collections import Counter
from pathlib import Path

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from ninja import Router
from ninja.errors import HttpError

from apps.core.api import answer
from apps.core.bodies import Limit
from apps.skillset import actions, schemas
from apps.skillset.coherence import coherence_of, skill_folders
from apps.skillset.registry import registered_skill, registered_skills

router = Router(tags=["Skills"])


@router.get("", response=schemas.Skills, summary="The registry of skills, by name")
def list_skills(request: HttpRequest, status: str = "", limit: Limit = 1000):
    """While the registry is empty it shows the known skills, as `POST /skills/seed` would store them."""
    skills = registered_skills(status, limit)
    counts = Counter(skill["status"] for skill in skills)
    healths = {health: counts[health] for health in ("healthy", "degraded", "unavailable")}
    return answer({"skills": skills, "count": len(skills), **healths})


@router.post(
    "/seed", response=schemas.Seeded, summary="Add the known skills that are missing", operation_id="seed_skills"
)
def seed(request: HttpRequest):
    seeded, total = actions.seed_known_skills()
    return {"seeded": seeded, "total": total}


@router.get(
    "/coherence",
    response=schemas.Coherence,
    summary="Does each skill's folder hold what it should?",
    operation_id="skill_coherence",
)
def coherence(request: HttpRequest, include_support: bool = False):
    root = Path(settings.ARIA_SKILLS_DIR)
    skills = [coherence_of(folder) for folder in skill_folders(root, include_support)]
    coherent = sum(skill["coherent"] for skill in skills)
    return answer(
        {
            "root": root.name,
            "skills": skills,
            "count": len(skills),
            "coherent_count": coherent,
            "incoherent_count": len(skills) - coherent,
            "coherent": coherent == len(skills),
            "generated_at": timezone.now(),
        }
    )


@router.get("/{skill_name}/health", response=schemas.SkillOut, summary="The registry's line about one skill")
def skill_health(request: HttpRequest, skill_name: str):
    skill = registered_skill(skill_name)
    if skill is None:
        raise HttpError(404, f"Skill '{skill_name}' not found")
    return answer(skill)
