"""What the agent has learnt about the world: entities and how they relate."""

from typing import Annotated, Any, Literal
from uuid import UUID

from skills.base import Arg, Skill, SkillResult, tool
from skills.base.answers import changed, only
from skills.base.arguments import Limit

Name = Annotated[str, Arg("Of the entity, exactly as it is stored, or its id", minLength=1, maxLength=500)]
Kind = Annotated[str, Arg("Such as person, project or technology", minLength=1, maxLength=100)]
RelationType = Annotated[str, Arg("A verb, such as uses or works_with", minLength=1, maxLength=100)]
Properties = Annotated[dict[str, Any] | None, "Anything worth keeping of it"]
NODE = ("id", "name", "type", "properties")
NO_RELATION = "-"  # of this type there are none: a walk then finds the start alone


class KnowledgeGraph(Skill):
    @tool
    async def add_entity(
        self,
        name: Annotated[str, Arg("What it is called", minLength=1, maxLength=500)],
        entity_type: Kind,
        properties: Properties = None,
    ) -> SkillResult:
        """Add an entity. Search first: the same name can be added twice."""
        return await self.api.create_entity(name, entity_type, properties)

    @tool
    async def relate(
        self, from_entity: Name, relation_type: RelationType, to_entity: Name, properties: Properties = None
    ) -> SkillResult:
        """Add a relation, such as Aria uses PostgreSQL, between two entities that are there."""
        ends = []
        for entity in (from_entity, to_entity):
            found = await self.id_of(entity)
            if not found.success:
                return found
            ends.append(found.data)
        return await self.api.create_relation(ends[0], ends[1], relation_type, properties)

    @tool
    async def search_knowledge(
        self,
        query: Annotated[str, Arg("A part of the name or description", minLength=1, maxLength=500)],
        entity_type: Kind | None = None,
        limit: Limit = 10,
    ) -> SkillResult:
        """Find entities by name or description."""
        found = await self.api.graph_search(query, entity_type, limit, graph="knowledge")
        return changed(found, lambda data: [only(entity, NODE) for entity in data["results"]])

    @tool
    async def explore_knowledge(
        self,
        start: Name,
        max_depth: Annotated[int, Arg("Relations away from the start", minimum=1, maximum=5)] = 2,
        direction: Literal["outgoing", "incoming", "both"] = "both",
        relation_type: RelationType | None = None,
        limit: Limit = 25,
    ) -> SkillResult:
        """Tell what an entity is related to, the nearest first, as entities and sentences."""
        found = await self.api.graph_traverse(start, relation_type, max_depth, direction, graph="knowledge")
        if found.success and "error" in found.data:
            return SkillResult.fail(found.data["error"], error_type="NotFoundError")
        return changed(found, lambda walk: neighbourhood(walk, limit))

    @tool
    async def list_entities(self, entity_type: Kind | None = None, limit: Limit = 25) -> SkillResult:
        """List entities, the newest first."""
        return await self.api.get_entities(limit, entity_type)

    async def id_of(self, entity: str) -> SkillResult:
        try:
            return SkillResult.ok(str(UUID(entity)))
        except ValueError:
            found = await self.api.graph_traverse(entity, NO_RELATION, 1, graph="knowledge")
        if found.success and not found.data["nodes"]:
            return SkillResult.fail(f"There is no entity {entity}; add it first", error_type="NotFoundError")
        return changed(found, lambda walk: walk["nodes"][0]["id"])


def neighbourhood(walk: dict[str, Any], limit: int) -> dict[str, Any]:
    nodes = walk["nodes"][:limit]
    names = {node["id"]: node["name"] for node in nodes}
    edges = [edge for edge in walk["edges"] if edge["from_entity"] in names and edge["to_entity"] in names]
    return {
        "entities": [only(node, NODE) for node in nodes],
        "relations": [
            f"{names[edge['from_entity']]} {edge['relation_type']} {names[edge['to_entity']]}" for edge in edges
        ],
        "total_entities": walk["total_nodes"],
    }
