"""What the agent has in mind: short-lived, ranked by what matters now, saved in checkpoints."""

from typing import Annotated, Any

from skills.base import Arg, Skill, SkillResult, tool
from skills.base.arguments import Importance, Limit, Page

Key = Annotated[str, Arg("Such as current-task", minLength=1, maxLength=200)]
Category = Annotated[str, Arg("A word of your own; key and category together name an item", minLength=1, maxLength=50)]
ItemId = Annotated[str, Arg("The id of an item, as recall tells it", minLength=36, maxLength=36)]
TimeToLive = Annotated[int, Arg("Hours until it expires; without it, it stays", minimum=1, maximum=8760)]
CheckpointId = Annotated[str, Arg("Such as ckpt-20260216T180000-a1b2c3; without it the newest", maxLength=100)]


class WorkingMemory(Skill):
    @tool
    async def remember(
        self,
        key: Key,
        value: Annotated[Any, "Any JSON but null"],
        category: Category = "general",
        importance: Importance = 0.5,
        ttl_hours: TimeToLive | None = None,
    ) -> SkillResult:
        """Put something in mind, in place of what has this key in this category."""
        return await self.api.remember(key, value, category, importance, ttl_hours, source="aria")

    @tool
    async def recall(
        self, key: Key | None = None, category: Category | None = None, limit: Limit = 10, page: Page = 1
    ) -> SkillResult:
        """Look up what is in mind under a key or in a category, the newest first."""
        return await self.api.recall(key, category, limit, page)

    @tool
    async def get_context(self, limit: Limit = 10, category: Category | None = None) -> SkillResult:
        """Tell what matters most now, by importance, age and use; looking counts as use."""
        return await self.api.get_working_memory_context(limit, category)

    @tool
    async def weigh(self, item_id: ItemId, importance: Importance) -> SkillResult:
        """Change how important an item is."""
        return await self.api.update_working_memory(item_id, importance=importance)

    @tool
    async def forget(self, item_id: ItemId) -> SkillResult:
        """Drop an item for good."""
        return await self.api.forget_working_memory(item_id)

    @tool
    async def save_checkpoint(self) -> SkillResult:
        """Save all that is in mind, as before a restart or a change of subject."""
        return await self.api.working_memory_checkpoint()

    @tool
    async def restore_checkpoint(self, checkpoint_id: CheckpointId | None = None) -> SkillResult:
        """Write a checkpoint's items back; what was put in mind since stays."""
        return await self.api.write_back_checkpoint(checkpoint_id)

    @tool
    async def drop_expired(self, dry_run: Annotated[bool, "Only count them"] = False) -> SkillResult:
        """Delete the items whose time is over."""
        return await self.api.cleanup_working_memory(dry_run=dry_run)
