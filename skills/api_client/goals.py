"""Goals, their board, and hourly goals."""

from typing import Any

from skills.api_client.calls import Calls, given, part, segment
from skills.api_client.result import SkillResult


class GoalCalls(Calls):
    async def get_goals(self, limit: int = 25, page: int = 1, status: str | None = None) -> SkillResult:
        return await self.get("/goals", {"limit": limit, "page": page, "status": status})

    async def get_goal(self, goal_id: str) -> SkillResult:
        return await self.get(f"/goals/{segment(goal_id)}")

    async def create_goal(
        self,
        title: str,
        description: str = "",
        priority: int = 2,
        status: str = "pending",
        progress: float = 0,
        due_date: str | None = None,
        goal_id: str | None = None,
        sprint: str | None = None,
        board_column: str | None = None,
        assigned_to: str | None = None,
        tags: list[str] | None = None,
        **more: Any,
    ) -> SkillResult:
        goal = {
            "title": title,
            "description": description,
            "priority": priority,
            "status": status,
            "progress": progress,
            "due_date": due_date,
            "goal_id": goal_id,
            "sprint": sprint,
            "board_column": board_column,
            "assigned_to": assigned_to,
            "tags": tags,
        }
        return await self.post("/goals", given(goal | more))

    async def update_goal(
        self,
        goal_id: str,
        status: str | None = None,
        progress: float | None = None,
        priority: int | None = None,
        board_column: str | None = None,
        due_date: str | None = None,
        sprint: str | None = None,
        assigned_to: str | None = None,
        tags: list[str] | None = None,
        **more: Any,
    ) -> SkillResult:
        """Null leaves a field as it is; `patch` clears one with null."""
        changes = {
            "status": status,
            "progress": progress,
            "priority": priority,
            "board_column": board_column,
            "due_date": due_date,
            "sprint": sprint,
            "assigned_to": assigned_to,
            "tags": tags,
        }
        return await self.patch(f"/goals/{segment(goal_id)}", given(changes | more))

    async def delete_goal(self, goal_id: str) -> SkillResult:
        return await self.delete(f"/goals/{segment(goal_id)}")

    async def move_goal(self, goal_id: str, board_column: str, position: int = 0) -> SkillResult:
        move = {"board_column": board_column, "position": position}
        return await self.patch(f"/goals/{segment(goal_id)}/move", move)

    async def get_goal_board(self, sprint: str = "current") -> SkillResult:
        return await self.get("/goals/board", {"sprint": sprint})

    async def get_goal_archive(self, page: int = 1, limit: int = 25) -> SkillResult:
        return await self.get("/goals/archive", {"page": page, "limit": limit})

    async def get_sprint_summary(self, sprint: str = "current") -> SkillResult:
        return await self.get("/goals/sprint-summary", {"sprint": sprint})

    async def get_goal_history(self, days: int = 14) -> SkillResult:
        return await self.get("/goals/history", {"days": days})

    async def get_hourly_goals(self, status: str | None = None, limit: int = 1000) -> SkillResult:
        return part(await self.get("/hourly-goals", {"status": status, "limit": limit}), "goals")

    async def create_hourly_goal(
        self, hour_slot: int, goal_type: str, description: str, status: str = "pending"
    ) -> SkillResult:
        goal = {"hour_slot": hour_slot, "goal_type": goal_type, "description": description, "status": status}
        return await self.post("/hourly-goals", goal)

    async def update_hourly_goal(self, goal_id: int, status: str) -> SkillResult:
        return await self.patch(f"/hourly-goals/{goal_id}", {"status": status})
