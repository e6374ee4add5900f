"""The record of what was posted to the world; posting itself is done elsewhere."""

from typing import Annotated

from skills.base import Arg, Skill, SkillResult, tool
from skills.base.answers import changed, without
from skills.base.arguments import Limit, Page

Platform = Annotated[str, Arg("Such as moltbook", minLength=1, maxLength=50)]
PostId = Annotated[str, Arg("The platform's id of a post", minLength=1, maxLength=100)]
Patterns = Annotated[
    list[Annotated[str, Arg("A text anywhere in a post", minLength=3, maxLength=200)]],
    Arg("Posts with any of them", minItems=1, maxItems=20),
]


class Social(Skill):
    @tool
    async def record_post(
        self,
        content: Annotated[str, Arg("As it was posted", minLength=1, maxLength=20_000)],
        platform: Platform = "moltbook",
        post_id: PostId | None = None,
        reply_to: PostId | None = None,
        url: Annotated[str | None, Arg("Where it is to be read", maxLength=2000)] = None,
        visibility: Annotated[str, Arg("Such as public", minLength=1, maxLength=50)] = "public",
    ) -> SkillResult:
        """Record a post or comment that was published; this publishes nothing."""
        return await self.api.create_social_post(content, platform, visibility, post_id, reply_to, url)

    @tool
    async def list_posts(self, platform: Platform | None = None, limit: Limit = 10, page: Page = 1) -> SkillResult:
        """List posts and comments, the newest first."""
        return without(await self.api.get_social_posts(limit, page, platform), "metadata")

    @tool
    async def import_posts(
        self,
        dry_run: Annotated[bool, "Only tell what would be imported"] = False,
        max_items: Annotated[int, Arg("Of posts, and of comments", minimum=1, maximum=1000)] = 100,
    ) -> SkillResult:
        """Take over the agent's own posts and comments from Moltbook; deletes nothing."""
        return await self.api.import_moltbook(dry_run=dry_run, max_items=max_items, cleanup_test=False)

    @tool
    async def clean_up_posts(
        self, patterns: Patterns, platform: Platform | None = None, dry_run: Annotated[bool, "Only count"] = True
    ) -> SkillResult:
        """Delete recorded posts that hold a text. Count first, then ask for it with dry_run false."""
        found = await self.api.cleanup_social_posts(patterns, platform, dry_run)
        return changed(found, lambda data: data | {"samples": [post["content"] for post in data.get("samples") or []]})
