"""The skill graph: focus modes, categories, skills and tools.

The sync at the site's start takes over the nodes of skills that are really there, and leaves the others.
"""

from collections.abc import Iterator
from itertools import chain, islice
from typing import NamedTuple

from apps.skillset.known import CATEGORIES, FOCUS_MODES
from apps.warehouse.demo.skills import BY_NAME, Skill, first_skills
from apps.warehouse.demo.world import Row, World, new_id

LIVE = 0.86  # of the tools; the others are retired ones, which no skill provides any more


class Parts(NamedTuple):
    """What the graph consists of, so that its two tables agree."""

    modes: list[str]
    categories: list[str]
    skills: list[Skill]
    tools: list[tuple[Skill, str]]
    retired: int


def parts(world: World) -> Parts:
    size = world.counts["skill_graph_entities"]
    modes = list(FOCUS_MODES)[: max(1, size // 7)]
    categories = list(CATEGORIES)[: max(1, size // 7)]
    skills = first_skills(world.counts["skill_status"])
    rest = max(0, size - len(modes) - len(categories) - len(skills))
    tools = list(islice(((skill, tool) for skill in skills for tool in skill.tools), int(rest * LIVE)))
    return Parts(modes, categories, skills, tools, rest - len(tools))


def node_id(world: World, kind: str, name: str) -> str:
    return world.id_of("skill graph", kind, name)


def skill_graph_entities(world: World) -> Iterator[Row]:
    known = parts(world)
    synced = world.ago(hours=5, minutes=12)
    nodes = chain(
        ((name, "focus_mode", {"description": FOCUS_MODES[name]}) for name in known.modes),
        ((name, "category", {"description": CATEGORIES[name]}) for name in known.categories),
        ((skill.manifest_name, "skill", skill_properties(skill)) for skill in known.skills),
        ((tool, "tool", tool_properties(skill, tool)) for skill, tool in known.tools),
        ((f"{tool}_v1", "tool", {"description": f"Retired: use {tool}"}) for _, tool in known.tools[: known.retired]),
    )
    for name, kind, properties in islice(nodes, world.counts["skill_graph_entities"]):
        yield {
            "id": node_id(world, kind, name),
            "name": name,
            "type": kind,
            "properties": properties,
            "created_at": synced,
        }


def skill_properties(skill: Skill) -> Row:
    return {
        "description": skill.description,
        "layer": int(skill.layer[1]),
        "category": skill.category,
        "directory": skill.name,
        "tool_count": len(skill.tools),
    }


def tool_properties(skill: Skill, tool: str) -> Row:
    return {
        "description": f"{tool.replace('_', ' ').capitalize()} ({skill.description.lower()})",
        "skill": skill.manifest_name,
    }


def skill_graph_relations(world: World) -> Iterator[Row]:
    random = world.random("skill_graph_relations")
    for kind, source, target_kind, target in islice(edges(parts(world)), world.counts["skill_graph_relations"]):
        yield {
            "id": new_id(random),
            "from_entity": node_id(world, "skill", source),
            "to_entity": node_id(world, target_kind, target),
            "relation_type": kind,
            "properties": {},
            "created_at": world.ago(hours=5, minutes=12),
        }


def edges(known: Parts) -> Iterator[tuple[str, str, str, str]]:
    """(relation, skill, kind of the target, target), the certain ones first; there is always one more."""
    names = {skill.name for skill in known.skills}
    for skill in known.skills:
        category = skill.category if skill.category in known.categories else known.categories[0]
        yield "belongs_to", skill.manifest_name, "category", category
    for skill, tool in known.tools:
        yield "provides", skill.manifest_name, "tool", tool
    for skill in known.skills:
        yield from (
            ("depends_on", skill.manifest_name, "skill", BY_NAME[need].manifest_name)
            for need in skill.needs
            if need in names
        )
    for skill in known.skills:
        yield from (
            ("affinity", skill.manifest_name, "focus_mode", mode) for mode in skill.focus if mode in known.modes
        )
    while True:
        for mode in known.modes:
            for skill in known.skills:
                yield "affinity", skill.manifest_name, "focus_mode", mode
