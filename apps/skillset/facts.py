"""What the manifest of a skill says, as the skill graph keeps it."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import F

from apps.skillset.graph import reference
from apps.skillset.manifests import canonical_name
from apps.skillset.models import SkillGraphEntity

# What the page calls the other ends of a skill's relations.
ENDS = {"depends_on": "Needs", "affinity": "Focus modes", "belongs_to": "Category", "provides": "Tools"}


@dataclass(frozen=True)
class ManifestFacts:
    node: UUID
    name: str
    properties: dict[str, Any]
    ends: dict[str, list[str]]  # by the words of ENDS


def manifest_facts(skill: str) -> ManifestFacts | None:
    """Of the skill under whatever name it is called by; in one query."""
    nodes = SkillGraphEntity.objects.filter(type="skill", name__in={skill, canonical_name(reference(skill))})
    rows = list(
        nodes.values(
            "id", "name", "properties", kind=F("relations_out__relation_type"), end=F("relations_out__to_entity__name")
        ).order_by("name", "end")
    )
    if not rows:
        return None
    node = rows[0]
    properties = node["properties"] if isinstance(node["properties"], dict) else {}
    own = [row for row in rows if row["id"] == node["id"]]
    ends = {words: [row["end"] for row in own if row["kind"] == kind] for kind, words in ENDS.items()}
    return ManifestFacts(node["id"], node["name"], properties, {words: names for words, names in ends.items() if names})
