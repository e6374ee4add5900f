"""The registry of skills, with what their calls tell on top."""

from collections.abc import Iterable
from typing import Any

from apps.skillset.known import known_skills
from apps.skillset.models import SkillStatusRecord, SkillUse

FIELDS = [field.attname for field in SkillStatusRecord._meta.concrete_fields]


def registered_skills(status: str, limit: int) -> list[dict[str, Any]]:
    """By name. A registry that is still empty shows the known skills, as if they had been seeded."""
    records = SkillStatusRecord.objects.by_name()
    rows = list((records.filter(status=status) if status else records).values(*FIELDS)[:limit])
    if not rows and limit and not status:
        rows = [as_row(skill) for skill in known_skills()][:limit]
    return with_uses(rows)


def registered_skill(name: str) -> dict[str, Any] | None:
    stored = SkillStatusRecord.objects.filter(skill_name=name).values(*FIELDS).first()
    if stored or SkillStatusRecord.objects.exists():
        return stored
    return next((as_row(skill) for skill in known_skills() if skill.skill_name == name), None)


def as_row(skill: SkillStatusRecord) -> dict[str, Any]:
    return {field: getattr(skill, field) for field in FIELDS}


def with_uses(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Stored counts may know of calls that are deleted since, so the larger count is the true one."""
    rows = list(rows)
    names = [row["skill_name"] for row in rows]
    # One parameter, for a thousand of them take longer to write than to answer.
    uses = SkillUse.objects.extra(where=["skill_name = ANY(%s)"], params=[names]).in_bulk()
    for row in rows:
        row["last_health_check"] = row["last_health_check"] or row["updated_at"]
        if use := uses.get(row["skill_name"]):
            row["use_count"] = max(row["use_count"], use.uses)
            row["error_count"] = max(row["error_count"], use.errors)
            row["last_execution"] = use.last_used_at or row["last_execution"]
    return rows
