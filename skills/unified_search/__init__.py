"""One question to everything that the warehouse knows."""

import asyncio
import re
from typing import Annotated, Any, Literal

from skills.base import Arg, Skill, SkillResult, tool
from skills.base.answers import changed, excerpt
from skills.base.arguments import Limit, Page

Query = Annotated[str, Arg("Some words; memories are also found by their meaning", minLength=2, maxLength=500)]
Kind = Literal["activities", "thoughts", "memories"]
Source = Literal["texts", "meaning", "knowledge", "skills", "lessons"]
KINDS: tuple[Kind, ...] = ("activities", "thoughts", "memories")
Hits = list[dict[str, Any]]


class UnifiedSearch(Skill):
    @tool
    async def search_everything(
        self,
        query: Query,
        sources: Annotated[list[Source] | None, Arg("Only these", minItems=1, uniqueItems=True)] = None,
        limit: Annotated[int, Arg("Hits of each kind", minimum=1, maximum=20)] = 5,
    ) -> SkillResult:
        """Search texts, memories by meaning, both graphs and lessons at once; what fails is named in `failed`."""
        ways = {
            "texts": self.in_texts,
            "meaning": self.by_meaning,
            "knowledge": self.in_knowledge,
            "skills": self.in_skills,
            "lessons": self.in_lessons,
        }
        asked = {name: way for name, way in ways.items() if not sources or name in sources}
        answers = dict(zip(asked, await asyncio.gather(*(way(query, limit) for way in asked.values())), strict=True))
        failed = {name: result for name, result in answers.items() if not result.success}
        if len(failed) == len(answers):
            return next(iter(failed.values()))
        hits = {name: result.data for name, result in answers.items() if result.success and result.data}
        return SkillResult.ok({"hits": hits, "failed": {name: result.error for name, result in failed.items()}})

    @tool
    async def search_texts(
        self,
        query: Query,
        kind: Annotated[Kind | None, "Only these"] = None,
        limit: Annotated[int, Arg("Hits of each kind", minimum=1, maximum=20)] = 10,
    ) -> SkillResult:
        """Find a text, letter by letter, in activities, thoughts and memories, the newest first."""
        return await self.in_texts(query, limit, (kind,) if kind else KINDS)

    @tool
    async def list_tables(self) -> SkillResult:
        """List the warehouse's tables, for read_table."""
        return changed(await self.api.get_database_health(), lambda health: sorted(health["tables"]))

    @tool
    async def read_table(
        self,
        table: Annotated[str, Arg("As list_tables names it", minLength=1, maxLength=100)],
        limit: Limit = 5,
        page: Page = 1,
    ) -> SkillResult:
        """Read rows of any table, the newest first. Other skills' lists are easier to read."""
        return await self.api.get_records(table, limit, page)

    async def in_texts(self, query: str, limit: int, kinds: tuple[Kind, ...] = KINDS) -> SkillResult:
        found = await self.api.search(query, *(kind in kinds for kind in KINDS))
        return changed(
            found,
            lambda data: [
                {"kind": kind, "title": row["type"], "text": excerpt(row["content"] or ""), "at": row["timestamp"]}
                for kind in kinds
                for row in data[kind][:limit]
            ],
        )

    async def by_meaning(self, query: str, limit: int) -> SkillResult:
        found = await self.api.search_memories_semantic(query, limit)
        return changed(
            found,
            lambda data: [
                {name: memory[name] for name in ("category", "similarity")} | {"text": excerpt(memory["content"])}
                for memory in data["memories"]
            ],
        )

    async def in_knowledge(self, query: str, limit: int) -> SkillResult:
        return changed(await self.api.graph_search(query, limit=limit, graph="knowledge"), entities)

    async def in_skills(self, query: str, limit: int) -> SkillResult:
        return changed(await self.api.graph_search(query, limit=limit), entities)

    async def in_lessons(self, query: str, limit: int) -> SkillResult:
        found = await self.api.check_known_errors(error_message=query)
        return changed(found, lambda data: [told(lesson) for lesson in data["lessons"] if shares_word(lesson, query)])


def entities(found: dict[str, Any]) -> Hits:
    return [
        {"name": entity["name"], "type": entity["type"], "text": excerpt(entity["properties"])}
        for entity in found["results"]
    ]


def told(lesson: dict[str, Any]) -> dict[str, Any]:
    return {"error_pattern": lesson["error_pattern"], "text": excerpt(lesson["resolution"])}


def shares_word(lesson: dict[str, Any], query: str) -> bool:
    """The site always answers its five likeliest, however unlikely."""
    text = f"{lesson['error_pattern']} {lesson['resolution']}".lower()
    return any(word in text for word in re.findall(r"\w{3,}", query.lower()))
