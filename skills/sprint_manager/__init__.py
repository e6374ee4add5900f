"""Sprints: what is planned for one, how it goes, and what is left of it."""

from datetime import UTC, datetime
from typing import Annotated, Any

from skills.base import Arg, Skill, SkillResult, tool
from skills.base.answers import changed, only, without
from skills.base.arguments import Days, Limit, Page

Sprint = Annotated[str, Arg("A sprint's name, or current", minLength=1, maxLength=50)]
NewSprint = Annotated[str, Arg("The sprint's name, such as sprint-8; it needs no making", minLength=1, maxLength=50)]
GoalIds = Annotated[list[str], Arg("Ids of goals, such as goal-1a2b3c4d", minItems=1, maxItems=50, uniqueItems=True)]
BRIEF = ("goal_id", "title", "status", "priority", "progress", "due_date")
OPEN = ("backlog", "todo", "doing", "on_hold")
MOST = 25  # goals told of one kind


class SprintManager(Skill):
    @tool
    async def report_sprint(self, sprint: Sprint = "current") -> SkillResult:
        """Report a sprint: how many goals are in each column, and which are in work, on hold and overdue."""
        return changed(await self.api.get_goal_board(sprint), report)

    @tool
    async def list_backlog(self, limit: Limit = 25) -> SkillResult:
        """List goals that belong to no sprint yet, in the order of the backlog."""
        return changed(
            await self.api.get_goal_board("backlog"),
            lambda board: [only(goal, BRIEF) for goal in board["columns"]["backlog"][:limit]],
        )

    @tool
    async def plan_sprint(self, sprint: NewSprint, goal_ids: GoalIds) -> SkillResult:
        """Put goals into a sprint; they keep their columns."""
        return await self.put_into(sprint, goal_ids)

    @tool
    async def carry_over_sprint(self, from_sprint: Sprint, to_sprint: NewSprint) -> SkillResult:
        """Move the unfinished goals of a sprint, at most 100 a call, to another."""
        board = await self.api.get_goal_board(from_sprint)
        if not board.success:
            return board
        name = board.data["sprint"]
        left = [goal for column in OPEN for goal in board.data["columns"][column] if goal["sprint"] == name]
        return await self.put_into(to_sprint, [goal["goal_id"] for goal in left[:100]])

    @tool
    async def list_finished_goals(self, limit: Limit = 10, page: Page = 1) -> SkillResult:
        """List completed, cancelled and archived goals of all sprints, the latest first."""
        return without(await self.api.get_goal_archive(page=page, limit=limit), "description")

    @tool
    async def count_goals_by_day(self, days: Days = 14) -> SkillResult:
        """Count goals by the day they were made and by the status they have now."""
        return await self.api.get_goal_history(days)

    async def put_into(self, sprint: str, goal_ids: list[str]) -> SkillResult:
        """One after the other: a site that does not answer is then asked no further."""
        for done, goal_id in enumerate(goal_ids):
            result = await self.api.update_goal(goal_id, sprint=sprint)
            if not result.success:
                return SkillResult.fail(
                    f"{done} of {len(goal_ids)} goals are in {sprint}, then {goal_id} failed: {result.error}",
                    error_type=result.error_type or "Error",
                    retry_after=result.retry_after,
                )
        return SkillResult.ok({"sprint": sprint, "goals": len(goal_ids)})


def report(board: dict[str, Any]) -> dict[str, Any]:
    """Of the sprint's own goals; the board shows those of no sprint too."""
    own = {
        column: [goal for goal in goals if goal["sprint"] == board["sprint"]]
        for column, goals in board["columns"].items()
    }
    now = datetime.now(UTC)
    overdue = [
        goal
        for column in OPEN
        for goal in own[column]
        if goal["due_date"] and datetime.fromisoformat(goal["due_date"]) < now
    ]
    return {
        "sprint": board["sprint"],
        "counts": {column: len(goals) for column, goals in own.items()},
        "doing": brief(own["doing"]),
        "on_hold": brief(own["on_hold"]),
        "overdue": brief(overdue),
    }


def brief(goals: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [only(goal, BRIEF) for goal in goals[:MOST]]
