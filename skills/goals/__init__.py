"""The agent's goals and their board."""

from typing import Annotated, Literal

from skills.base import Arg, Skill, SkillResult, tool

Column = Literal["backlog", "todo", "doing", "on_hold", "done"]
Status = Literal["pending", "active", "paused", "completed", "cancelled"]
GoalId = Annotated[str, Arg("The goal's id, such as goal-1a2b3c4d", minLength=1)]
Title = Annotated[str, Arg("What is to be reached", minLength=1, maxLength=255)]
Priority = Annotated[int, Arg("1 is the most urgent", minimum=1, maximum=5)]
Progress = Annotated[float, Arg("Percent", minimum=0, maximum=100)]
Limit = Annotated[int, Arg("Goals a page", minimum=1, maximum=200)]
Page = Annotated[int, Arg("From 1", minimum=1)]


class Goals(Skill):
    @tool
    async def list_goals(self, status: Status | None = None, limit: Limit = 25, page: Page = 1) -> SkillResult:
        """List goals, the most urgent first."""
        return await self.api.get_goals(limit=limit, page=page, status=status)

    @tool
    async def show_goal_board(
        self, sprint: Annotated[str, "A sprint's name, or current, or all"] = "current"
    ) -> SkillResult:
        """Show the board: the goals of a sprint by column."""
        return await self.api.get_goal_board(sprint)

    @tool
    async def summarize_sprint(self, sprint: Annotated[str, "A sprint's name, or current"] = "current") -> SkillResult:
        """Count a sprint's goals by status and name the three that matter most; cheaper than the board."""
        return await self.api.get_sprint_summary(sprint)

    @tool
    async def create_goal(
        self,
        title: Title,
        description: str = "",
        priority: Priority = 2,
        due_date: Annotated[str | None, "ISO date or time"] = None,
        sprint: str | None = None,
        tags: list[str] | None = None,
    ) -> SkillResult:
        """Add a goal to the backlog."""
        return await self.api.create_goal(
            title, description=description, priority=priority, due_date=due_date, sprint=sprint, tags=tags
        )

    @tool
    async def update_goal(
        self,
        goal_id: GoalId,
        status: Status | None = None,
        progress: Progress | None = None,
        priority: Priority | None = None,
        title: Title | None = None,
        description: str | None = None,
    ) -> SkillResult:
        """Change what is given of a goal; its column follows its status."""
        return await self.api.update_goal(
            goal_id, status=status, progress=progress, priority=priority, title=title, description=description
        )

    @tool
    async def move_goal(
        self, goal_id: GoalId, board_column: Column, position: Annotated[int, Arg("From 0, the top", minimum=0)] = 0
    ) -> SkillResult:
        """Move a goal to a column of the board; its status follows."""
        return await self.api.move_goal(goal_id, board_column, position)

    @tool
    async def delete_goal(self, goal_id: GoalId) -> SkillResult:
        """Delete a goal for good. A goal that is only over is better completed or cancelled."""
        return await self.api.delete_goal(goal_id)
