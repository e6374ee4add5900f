"""The log of what the agent did."""

from typing import Annotated, Any

from skills.base import Arg, Skill, SkillResult, tool

Action = Annotated[str, Arg("What was done, such as git_commit", minLength=1, maxLength=100)]
Days = Annotated[int, Arg("Days back from now", minimum=1, maximum=365)]
Limit = Annotated[int, Arg("Activities a page", minimum=1, maximum=200)]
Page = Annotated[int, Arg("From 1", minimum=1)]


class Activity(Skill):
    @tool
    async def log_activity(
        self,
        action: Action,
        details: Annotated[dict[str, Any] | None, "Anything worth keeping; `message` is shown first"] = None,
        success: bool = True,
    ) -> SkillResult:
        """Log something that was done. While the site is away it waits on this host; do not log it again."""
        return await self.api.create_activity(action, details=details, success=success)

    @tool
    async def list_activities(self, action: str | None = None, limit: Limit = 25, page: Page = 1) -> SkillResult:
        """List what was done, the newest first."""
        return await self.api.get_activities(limit=limit, page=page, action=action)

    @tool
    async def count_activities(self, days: Days = 7) -> SkillResult:
        """Count activities by day."""
        return await self.api.get_activity_timeline(days)
