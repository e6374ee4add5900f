"""Which skill fits a task?"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from apps.core.graph_querysets import telling_words
from apps.skillset.models import SkillGraphEntity, SkillGraphRelation

MOST_TOOLS = 20
MOST_SHOWN = 5  # tools of a skill
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


@dataclass(frozen=True)
class Reason:
    """A node and the words of the task that its name or description has."""

    id: UUID
    name: str
    words: list[str]


@dataclass(frozen=True)
class Answer:
    """A skill that fits: by its own words, and by the tools that it provides."""

    skill: Reason
    description: str
    direct: bool
    tools: list[Reason]


def explained(task: str, limit: int = 5) -> list[Answer]:
    """The skills that the API answers with, and why."""
    candidates, _ = skills_for(task, limit)
    tools = {tool.pk: tool for tool in SkillGraphEntity.objects.filter(type="tool").fitting(task)[:MOST_TOOLS]}
    provided: dict[UUID, list[Reason]] = {skill["id"]: [] for skill in candidates}
    edges = SkillGraphRelation.objects.filter(
        relation_type="provides", from_entity__in=provided, to_entity__in=list(tools)
    )
    for skill, tool in edges.values_list("from_entity", "to_entity"):
        provided[skill].append(Reason(tool, tools[tool].name, said_by(tools[tool].name, tools[tool].properties, task)))
    return [
        Answer(
            Reason(one["id"], one["name"], said_by(one["name"], one["properties"], task)),
            described(one["properties"]),
            one["match_type"] == "direct",
            sorted(provided[one["id"]], key=lambda tool: (-len(tool.words), tool.name))[:MOST_SHOWN],
        )
        for one in candidates
    ]


def said_by(name: str, properties: Any, task: str) -> list[str]:
    text = f"{name} {described(properties)}".lower()
    return [word for word in telling_words(task) if word in text]


def described(properties: Any) -> str:
    return str(properties.get("description") or "") if isinstance(properties, dict) else ""
