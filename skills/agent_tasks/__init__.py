"""Work that agents hand to one another."""

from typing import Annotated, Any, Literal

from skills.base import Arg, Skill, SkillResult, tool
from skills.base.answers import changed, excerpt
from skills.base.arguments import Limit

TaskId = Annotated[str, Arg("Such as task-1a2b3c4d", minLength=1, maxLength=50)]
Kind = Annotated[str, Arg("Such as analysis", minLength=1, maxLength=50)]
AgentType = Annotated[str, Arg("Who is to do it: a focus, such as devsecops or data", minLength=1, maxLength=50)]
Description = Annotated[str, Arg("Complete in itself; the other knows no context", minLength=1, maxLength=20_000)]
Result = Annotated[str, Arg("What came of it, or why not", maxLength=50_000)]
Status = Literal["pending", "in_progress", "completed", "failed", "cancelled"]


class AgentTasks(Skill):
    @tool
    async def list_tasks(
        self, status: Status | None = None, agent_type: AgentType | None = None, limit: Limit = 10
    ) -> SkillResult:
        """List tasks, the newest first, with the beginnings of their texts."""
        return changed(
            await self.api.get_tasks(status),
            lambda tasks: [brief(task) for task in tasks if agent_type in (None, task["agent_type"])][:limit],
        )

    @tool
    async def get_task(self, task_id: TaskId) -> SkillResult:
        """Read a task in full, among the newest 1000."""
        found = await self.api.get_tasks()
        tasks = [task for task in found.data if task["task_id"] == task_id] if found.success else []
        if found.success and not tasks:
            return SkillResult.fail(f"There is no task {task_id}", error_type="NotFoundError")
        return changed(found, lambda _: tasks[0])

    @tool
    async def hand_over_task(
        self,
        task_type: Kind,
        description: Description,
        agent_type: AgentType,
        priority: Literal["low", "medium", "high", "critical"] = "medium",
    ) -> SkillResult:
        """Hand work to another agent. Look for the same task first."""
        return await self.api.create_task(task_type, description, agent_type, priority)

    @tool
    async def update_task(self, task_id: TaskId, status: Literal["pending", "in_progress", "cancelled"]) -> SkillResult:
        """Take a task on, give it back or call it off."""
        return await self.api.update_task(task_id, status)

    @tool
    async def finish_task(
        self, task_id: TaskId, result: Result, status: Literal["completed", "failed"] = "completed"
    ) -> SkillResult:
        """End a task with its result."""
        return await self.api.update_task(task_id, status, result)


def brief(task: dict[str, Any]) -> dict[str, Any]:
    return task | {name: excerpt(task[name] or "") for name in ("description", "result")}
