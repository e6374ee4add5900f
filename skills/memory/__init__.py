"""What the agent keeps for good: values under keys, texts found by their meaning, thoughts."""

from typing import Annotated, Any, Literal

from skills.base import Arg, Skill, SkillResult, tool
from skills.base.answers import changed, excerpt
from skills.base.arguments import Hours, Importance, Limit, Page

Key = Annotated[str, Arg("Such as user/favourite-editor", minLength=1, maxLength=255)]
Category = Annotated[str, Arg("A word of your own, such as preferences", minLength=1, maxLength=50)]
Text = Annotated[str, Arg("Complete in itself; who reads it later knows no context", minLength=1, maxLength=20_000)]
Question = Annotated[str, Arg("What it should be about, in a sentence or some words", minLength=1, maxLength=2000)]
Mode = Annotated[
    Literal["vector", "text", "hybrid"],
    "By meaning, by words, or by both; without it by meaning where that is possible",
]


class Memory(Skill):
    @tool
    async def set_memory(
        self, key: Key, value: Annotated[Any, "Any JSON"], category: Category = "general"
    ) -> SkillResult:
        """Store a value under a key, in place of what was there."""
        return await self.api.set_memory(key, value, category)

    @tool
    async def get_memory(self, key: Key) -> SkillResult:
        """Read the value under a key; null where nothing is."""
        return await self.api.get_memory(key)

    @tool
    async def list_memories(self, category: Category | None = None, limit: Limit = 25, page: Page = 1) -> SkillResult:
        """List keys with the beginnings of their values, the lately changed first."""
        return changed(await self.api.get_memories(limit=limit, page=page, category=category), shortened)

    @tool
    async def delete_memory(self, key: Key) -> SkillResult:
        """Forget what is under a key."""
        return await self.api.delete_memory(key)

    @tool
    async def memorize_text(
        self,
        content: Text,
        category: Category = "general",
        importance: Importance = 0.5,
        summary: Annotated[str | None, Arg("One line; without it the beginning", maxLength=500)] = None,
    ) -> SkillResult:
        """Store a text that is to be found by its meaning: a fact, an episode, a decision."""
        return await self.api.store_memory_semantic(content, category, importance, "aria", summary)

    @tool
    async def search_memories(
        self,
        query: Question,
        limit: Limit = 5,
        category: Category | None = None,
        min_importance: Importance = 0,
        hours: Hours | None = None,
        mode: Mode | None = None,
    ) -> SkillResult:
        """Find memorized texts by their meaning, the nearest first; `similarity` is at most 1."""
        return await self.api.search_memories_semantic(query, limit, category, min_importance, hours=hours, mode=mode)

    @tool
    async def note_thought(self, content: Text, category: Category = "general") -> SkillResult:
        """Write down a thought, for people to follow. While the site is away it waits on this host."""
        return await self.api.create_thought(content, category)

    @tool
    async def list_thoughts(self, limit: Limit = 10, page: Page = 1) -> SkillResult:
        """List thoughts, the newest first."""
        return await self.api.get_thoughts(limit, page)


def shortened(page: dict[str, Any]) -> dict[str, Any]:
    names = ("key", "category", "updated_at")
    items = [{name: item[name] for name in names} | {"value": excerpt(item["value"])} for item in page["items"]]
    return page | {"items": items}
