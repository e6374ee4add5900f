from collections.abc import Iterable

from django.db import connection

from apps.skillset.known import known_skills, status_record
from apps.skillset.manifests import Manifest
from apps.skillset.models import SkillStatusRecord

SEED = """
INSERT INTO skill_status (id, skill_name, canonical_name, layer, status)
SELECT * FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::text[], %s::text[])
    ON CONFLICT DO NOTHING
"""


def seed_known_skills() -> tuple[int, int]:
    """Add those of the known skills that are missing; returns how many were, and how many are known."""
    known = known_skills()
    return store_missing(known), len(known)


def register(manifests: list[Manifest]) -> None:
    """A registry in use gets the skills that are new; an empty one shows them all until it is seeded."""
    if manifests and SkillStatusRecord.objects.exists():
        store_missing(status_record(manifest.folder, manifest.layer) for manifest in manifests)


def store_missing(skills: Iterable[SkillStatusRecord]) -> int:
    rows = [(s.id, s.skill_name, s.canonical_name, s.layer, s.status) for s in skills]
    with connection.cursor() as cursor:
        cursor.execute(SEED, [list(column) for column in zip(*rows, strict=True)])
        return cursor.rowcount
