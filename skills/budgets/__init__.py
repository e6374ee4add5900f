"""What may be spent: ask before a costly step, and stop where the answer is no."""

from typing import Annotated, Any

from skills.base import Arg, Skill, SkillResult, tool
from skills.base.answers import changed, only
from skills.base.arguments import Cost, Limit, Page

AgentId = Annotated[str, Arg("As its sessions report it, such as main", minLength=1, maxLength=100)]
Name = Annotated[str, Arg("As the provider calls it, such as kimi-k2", minLength=1, maxLength=100)]
Tokens = Annotated[int, Arg("In and out together; without it, what such a call takes on average", minimum=0)]
SessionId = Annotated[
    str, Arg("The run that goes on; without it, this is the start of one", minLength=36, maxLength=36)
]
LeaseId = Annotated[str, Arg("As check_budget gave it", minLength=36, maxLength=36)]
KEPT = ("name", "scope", "scope_value", "unit", "period", "limit", "hard", "spent", "remaining", "forecast", "state")


class Budgets(Skill):
    @tool
    async def check_budget(
        self,
        agent_id: AgentId = "main",
        model: Name | None = None,
        estimated_tokens: Tokens | None = None,
        estimated_cost: Cost | None = None,
        session_id: SessionId | None = None,
    ) -> SkillResult:
        """Ask before a model's call or a run's start. Where `allowed` is false, stop for `retry_after` seconds."""
        return await self.api.check_budget(agent_id, model, estimated_tokens, estimated_cost, session_id)

    @tool
    async def release_budget(self, lease_id: LeaseId) -> SkillResult:
        """Give back what a check has leased, where nothing is spent after all."""
        return await self.api.release_budget(lease_id)

    @tool
    async def list_budgets(self, limit: Limit = 25, page: Page = 1) -> SkillResult:
        """List the budgets with what is spent, what is left and where the pace leads."""
        return changed(await self.api.get_budgets(limit, page), briefly)


def briefly(page: dict[str, Any]) -> dict[str, Any]:
    return {"total": page["total"], "items": [only(item, KEPT) for item in page["items"]]}
