"""Budgets: what is left, and leases on it."""

from typing import Any

from skills.api_client.calls import Calls, given, segment
from skills.api_client.result import SkillResult


class BudgetCalls(Calls):
    async def get_budgets(self, limit: int = 100, page: int = 1) -> SkillResult:
        return await self.get("/budgets", {"limit": limit, "page": page})

    async def get_budget(self, budget_id: str) -> SkillResult:
        return await self.get(f"/budgets/{segment(budget_id)}")

    async def create_budget(
        self,
        name: str,
        limit: float,
        unit: str = "usd",
        period: str = "day",
        scope: str = "all",
        scope_value: str = "",
        hard: bool = True,
        warn_at: list[int] | None = None,
    ) -> SkillResult:
        budget = {
            "name": name,
            "limit": limit,
            "unit": unit,
            "period": period,
            "scope": scope,
            "scope_value": scope_value,
            "hard": hard,
            "warn_at": warn_at,
        }
        return await self.post("/budgets", given(budget))

    async def update_budget(self, budget_id: str, **changes: Any) -> SkillResult:
        return await self.patch(f"/budgets/{segment(budget_id)}", changes)

    async def delete_budget(self, budget_id: str) -> SkillResult:
        return await self.delete(f"/budgets/{segment(budget_id)}")

    async def check_budget(
        self,
        agent_id: str,
        model: str | None = None,
        estimated_tokens: int | None = None,
        estimated_cost: float | None = None,
        session_id: str | None = None,
        provider: str | None = None,
    ) -> SkillResult:
        """Where `data["allowed"]` is false, stop, and come back in `data["retry_after"]` seconds.

        A check without `session_id` is for the start of a run.
        """
        wish = {
            "agent_id": agent_id,
            "model": model,
            "provider": provider,
            "estimated_tokens": estimated_tokens,
            "estimated_cost": estimated_cost,
            "session_id": session_id,
        }
        return await self.post("/budget/check", given(wish))

    async def release_budget(self, lease_id: str) -> SkillResult:
        """Give back what a check has leased, where nothing was spent after all."""
        return await self.post("/budget/release", {"lease_id": lease_id})
