"""The agent's clock: its scheduled jobs, and its signs of life."""

from typing import Annotated, Any

from skills.base import Arg, Skill, SkillResult, tool
from skills.base.answers import changed, excerpt
from skills.base.arguments import Limit

JobId = Annotated[str, Arg("The job's id", minLength=1, maxLength=200)]
BRIEF = ("id", "name", "enabled", "schedule_expr", "next_run_at", "last_run_at", "last_status")


class Schedule(Skill):
    @tool
    async def show_schedule(self) -> SkillResult:
        """Tell when the scheduler last ticked, how the jobs went, and what comes next."""
        return told(await self.api.get_schedule())

    @tool
    async def list_jobs(
        self, live: Annotated[bool, "As the scheduler's own file has them now"] = False, limit: Limit = 25
    ) -> SkillResult:
        """List scheduled jobs and how they last went."""
        return changed(await self.api.get_jobs(live), lambda jobs: [brief(job) for job in jobs[:limit]])

    @tool
    async def get_job(self, job_id: JobId) -> SkillResult:
        """Read a job with all its settings."""
        return await self.api.get_job(job_id)

    @tool
    async def sync_jobs(self) -> SkillResult:
        """Take over the jobs from the scheduler's file."""
        return await self.api.sync_jobs()

    @tool
    async def tick_schedule(self) -> SkillResult:
        """Count a tick of the scheduler."""
        return await self.api.trigger_schedule_tick()

    @tool
    async def send_heartbeat(
        self,
        beat_number: Annotated[int, Arg("Counts up", minimum=0, maximum=2_147_483_647)] = 0,
        status: Annotated[str, Arg("healthy, or what is wrong in a word", minLength=1, maxLength=50)] = "healthy",
        details: Annotated[dict[str, Any] | None, "Anything worth telling"] = None,
    ) -> SkillResult:
        """Give a sign of life."""
        return await self.api.create_heartbeat(beat_number, status, details)

    @tool
    async def show_last_heartbeat(self) -> SkillResult:
        """Tell when the agent last gave a sign of life."""
        return told(await self.api.get_latest_heartbeat())


def told(result: SkillResult) -> SkillResult:
    """The site answers "nothing yet" with success."""
    if result.success and "error" in result.data:
        return SkillResult.fail(result.data["error"], error_type="NotFoundError")
    return result


def brief(job: dict[str, Any]) -> dict[str, Any]:
    return {name: job[name] for name in BRIEF} | {"task": excerpt(job["payload_text"] or "")}
