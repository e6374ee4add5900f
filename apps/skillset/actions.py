from django.db import connection

from apps.skillset.known import known_skills

SEED = """
INSERT INTO skill_status (id, skill_name, canonical_name, layer, status)
SELECT * FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::text[], %s::text[])
    ON CONFLICT DO NOTHING
"""


def seed_known_skills() -> int:
    """Add those of the known skills that are missing; returns how many were."""
    rows = [(s.id, s.skill_name, s.canonical_name, s.layer, s.status) for s in known_skills()]
    with connection.cursor() as cursor:
        cursor.execute(SEED, [list(column) for column in zip(*rows, strict=True)])
        return cursor.rowcount
