"""Which skill fits a task?"""

from typing import Any

from apps.skillset.models import SkillGraphEntity, SkillGraphRelation

MOST_TOOLS = 20
FIELDS = ("id", "name", "type", "properties", "created_at")


def skills_for(task: str, limit: int) -> tuple[list[dict[str, Any]], int]:
    """Skills that a task's words name, the best first, then those whose tools do; and how many tools matched."""
    direct = list(SkillGraphEntity.objects.filter(type="skill").fitting(task).values(*FIELDS)[:limit])
    tools = SkillGraphEntity.objects.filter(type="tool").fitting(task)[:MOST_TOOLS]
    rank = {tool.id: place for place, tool in enumerate(tools)}
    provided = SkillGraphRelation.objects.filter(relation_type="provides", to_entity__in=rank)
    by_tool = sorted(provided.select_related("from_entity"), key=lambda edge: (rank[edge.to_entity_id], str(edge.id)))
    candidates = {skill["id"]: skill | {"match_type": "direct", "relevance": "high"} for skill in direct}
    for edge in by_tool:
        skill = {field: getattr(edge.from_entity, field) for field in FIELDS}
        candidates.setdefault(skill["id"], skill | {"match_type": "via_tool", "relevance": "medium"})
    return list(candidates.values())[:limit], len(rank)
