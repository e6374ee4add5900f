"""The day's small goals, hour by hour."""

from typing import Annotated, Literal

from skills.base import Arg, Skill, SkillResult, tool
from skills.base.answers import changed
from skills.base.arguments import Limit

Hour = Annotated[int, Arg("Of the day, UTC", minimum=0, maximum=23)]
Kind = Annotated[str, Arg("What sort of goal, such as learn or review", minLength=1, maxLength=50)]
Description = Annotated[str, Arg("What is to be done in that hour", minLength=1, maxLength=2000)]
Status = Literal["pending", "in_progress", "completed", "skipped"]


class HourlyGoals(Skill):
    @tool
    async def list_hourly_goals(
        self, status: Status | None = None, hour: Hour | None = None, limit: Limit = 50
    ) -> SkillResult:
        """List hourly goals by hour, the newest of an hour first."""
        return changed(
            await self.api.get_hourly_goals(status=status),
            lambda goals: [goal for goal in goals if hour in (None, goal["hour_slot"])][:limit],
        )

    @tool
    async def plan_hour(self, hour: Hour, goal_type: Kind, description: Description) -> SkillResult:
        """Plan a goal for an hour of the day."""
        return await self.api.create_hourly_goal(hour, goal_type, description)

    @tool
    async def update_hourly_goal(
        self, goal_id: Annotated[int, Arg("The number under `id`", minimum=1, maximum=2_147_483_647)], status: Status
    ) -> SkillResult:
        """Set an hourly goal's status, such as completed."""
        return await self.api.update_hourly_goal(goal_id, status)
