from datetime import datetime
from typing import Any
from uuid import UUID

from ninja import Schema


class SkillOut(Schema):
    id: UUID
    skill_name: str
    canonical_name: str
    layer: str | None
    status: str
    last_health_check: datetime | None
    last_execution: datetime | None
    use_count: int
    error_count: int
    metadata: Any
    updated_at: datetime | None


class Skills(Schema):
    skills: list[SkillOut]
    count: int
    healthy: int
    degraded: int
    unavailable: int


class Seeded(Schema):
    seeded: int
    total: int


class SkillFolder(Schema):
    skill: str
    canonical: str
    is_support_dir: bool
    has_init: bool
    has_skill_json: bool
    has_skill_md: bool
    name_matches: bool | None
    manifest_name: str | None = None
    errors: list[str]
    warnings: list[str]
    coherent: bool


class Coherence(Schema):
    root: str
    skills: list[SkillFolder]
    count: int
    coherent_count: int
    incoherent_count: int
    coherent: bool
    generated_at: datetime
