"""The knowledge graph, the skill graph, and the registry of skills."""

from typing import Any

from skills.api_client.calls import Calls, part, segment
from skills.api_client.result import SkillResult


class KnowledgeCalls(Calls):
    async def get_knowledge_graph(self, limit: int = 500, offset: int = 0) -> SkillResult:
        return await self.get("/knowledge-graph", {"limit": limit, "offset": offset})

    async def get_skill_graph(self, limit: int = 1000, offset: int = 0) -> SkillResult:
        return await self.get("/skill-graph", {"limit": limit, "offset": offset})

    async def get_entities(self, limit: int = 100, entity_type: str | None = None, offset: int = 0) -> SkillResult:
        asked = {"limit": limit, "type": entity_type, "offset": offset}
        return part(await self.get("/knowledge-graph/entities", asked), "entities")

    async def get_relations(self, limit: int = 100) -> SkillResult:
        return part(await self.get("/knowledge-graph/relations", {"limit": limit}), "relations")

    async def create_entity(self, name: str, entity_type: str, properties: dict[str, Any] | None = None) -> SkillResult:
        entity = {"name": name, "type": entity_type, "properties": properties or {}}
        return await self.post("/knowledge-graph/entities", entity)

    async def create_relation(
        self, from_entity: str, to_entity: str, relation_type: str, properties: dict[str, Any] | None = None
    ) -> SkillResult:
        relation = {
            "from_entity": from_entity,
            "to_entity": to_entity,
            "relation_type": relation_type,
            "properties": properties or {},
        }
        return await self.post("/knowledge-graph/relations", relation)

    async def import_graph(self, items: list[dict[str, Any]], dry_run: bool = False) -> SkillResult:
        """Objects as in the file of an MCP memory server; what is there already is not made again."""
        return await self.post("/knowledge-graph/import", items, {"dry_run": dry_run})

    async def graph_traverse(
        self,
        start: str,
        relation_type: str | None = None,
        max_depth: int = 3,
        direction: str = "outgoing",
        graph: str = "skill",
    ) -> SkillResult:
        """What is reached from an entity (id or name), in the graph `skill` or `knowledge`."""
        asked = {
            "start": start,
            "relation_type": relation_type,
            "max_depth": max_depth,
            "direction": direction,
            "graph": graph,
        }
        return await self.get("/knowledge-graph/traverse", asked)

    async def graph_search(
        self, query: str, entity_type: str | None = None, limit: int = 25, graph: str = "skill"
    ) -> SkillResult:
        asked = {"q": query, "entity_type": entity_type, "limit": limit, "graph": graph}
        return await self.get("/knowledge-graph/search", asked)

    async def find_skill_for_task(self, task: str, limit: int = 5) -> SkillResult:
        return await self.get("/knowledge-graph/skill-for-task", {"task": task, "limit": limit})

    async def delete_auto_generated_graph(self) -> SkillResult:
        return await self.delete("/knowledge-graph/auto-generated")

    async def sync_skill_graph(self) -> SkillResult:
        return await self.post("/knowledge-graph/sync-skills")

    async def get_query_log(self, limit: int = 50, query_type: str | None = None) -> SkillResult:
        return await self.get("/knowledge-graph/query-log", {"limit": limit, "query_type": query_type})

    async def get_skills(self, status: str | None = None, limit: int = 1000) -> SkillResult:
        return await self.get("/skills", {"status": status, "limit": limit})

    async def get_skill_health(self, skill_name: str) -> SkillResult:
        return await self.get(f"/skills/{segment(skill_name)}/health")

    async def seed_skills(self) -> SkillResult:
        return await self.post("/skills/seed")

    async def get_skill_coherence(self, include_support: bool = False) -> SkillResult:
        return await self.get("/skills/coherence", {"include_support": include_support})
