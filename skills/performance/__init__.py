"""How the agent does: its reviews of itself, and how its skills work."""

from typing import Annotated, Any

from skills.base import Arg, Skill, SkillResult, tool
from skills.base.answers import changed
from skills.base.arguments import Hours, Limit

Period = Annotated[str, Arg("Such as 2026-W07", minLength=1, maxLength=20)]
Text = Annotated[str, Arg("In some sentences", maxLength=10_000)]
SkillName = Annotated[str, Arg("As its folder is called, such as goals", minLength=1, maxLength=100)]


class Performance(Skill):
    @tool
    async def record_review(
        self,
        review_period: Period,
        successes: Text | None = None,
        failures: Text | None = None,
        improvements: Text | None = None,
    ) -> SkillResult:
        """Record your review of a period: what went well, what did not, what to change."""
        return await self.api.create_performance_log(review_period, successes, failures, improvements)

    @tool
    async def list_reviews(self, limit: Limit = 5) -> SkillResult:
        """List reviews, the newest first."""
        return await self.api.get_performance_logs(limit)

    @tool
    async def check_skill_health(self, hours: Hours = 24, limit: Limit = 10) -> SkillResult:
        """Tell which skills fail or are slow, which errors come again, and what may help."""
        return changed(await self.api.get_skill_health_dashboard(hours), lambda health: trouble(health, limit))

    @tool
    async def count_skill_calls(self, hours: Hours = 24, limit: Limit = 10) -> SkillResult:
        """Count calls, failures and tokens by skill, the busiest first."""
        return changed(await self.api.get_skill_stats(hours), lambda stats: stats["stats"][:limit])

    @tool
    async def show_skill_calls(self, skill_name: SkillName, hours: Hours = 24) -> SkillResult:
        """Show one skill's figures and its newest calls."""
        return await self.api.get_stats_of_skill(skill_name, hours)


def trouble(health: dict[str, Any], limit: int) -> dict[str, Any]:
    kinds = ("unhealthy_skills", "degraded_skills", "slow_skills", "patterns")
    return {"overall": health["overall"]} | {kind: health[kind][:limit] for kind in kinds}
