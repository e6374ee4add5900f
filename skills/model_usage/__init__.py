"""What calls of language models cost, and what is left to spend."""

from typing import Annotated, Any, Literal

from skills.base import Arg, Skill, SkillResult, tool
from skills.base.answers import changed
from skills.base.arguments import Cost, Hours, Limit, Page

Model = Annotated[str, Arg("As the provider calls it, such as kimi-k2", minLength=1, maxLength=100)]
Provider = Annotated[str, Arg("Such as openrouter", minLength=1, maxLength=50)]
Tokens = Annotated[int, Arg("Of this call", minimum=0, maximum=2_000_000_000)]
Milliseconds = Annotated[int, Arg("Until the answer was complete", minimum=0, maximum=86_400_000)]
SessionId = Annotated[str, Arg("The session's id", minLength=36, maxLength=36)]


class ModelUsage(Skill):
    @tool
    async def record_model_usage(
        self,
        model: Model,
        provider: Provider | None = None,
        input_tokens: Tokens = 0,
        output_tokens: Tokens = 0,
        cost_usd: Cost = 0,
        latency_ms: Milliseconds | None = None,
        success: bool = True,
        error_message: Annotated[str | None, Arg("Why it failed", maxLength=2000)] = None,
        session_id: SessionId | None = None,
    ) -> SkillResult:
        """Record a call of a model, unless it went through LiteLLM, which counts its own."""
        return await self.api.create_model_usage(
            model, provider, input_tokens, output_tokens, cost_usd, latency_ms, success, error_message, session_id
        )

    @tool
    async def summarize_model_usage(self, hours: Hours = 24) -> SkillResult:
        """Add up requests, tokens, cost and latency by model."""
        return await self.api.get_model_usage_stats(hours)

    @tool
    async def list_model_usage(
        self,
        model: Model | None = None,
        hours: Hours | None = None,
        source: Annotated[Literal["skills", "litellm"] | None, "Who counted it"] = None,
        limit: Limit = 10,
        page: Page = 1,
    ) -> SkillResult:
        """List single calls of models, the newest first."""
        return await self.api.get_model_usage(limit=limit, page=page, hours=hours, model=model, source=source)

    @tool
    async def check_balances(self) -> SkillResult:
        """Tell what is left on the accounts with the providers."""
        return await self.api.get_provider_balances()

    @tool
    async def list_models(self) -> SkillResult:
        """List the models of the catalogue: tier, window, and price in dollars per million tokens."""
        return changed(await self.api.get_models_config(), catalogue)


def catalogue(config: dict[str, Any]) -> dict[str, Any]:
    models = [
        {
            "id": model["id"],
            "tier": model["tier"],
            "reasoning": model["reasoning"],
            "context_window": model["contextWindow"],
            "cost": {kind: model["cost"].get(kind) for kind in ("input", "output")},
        }
        for model in config["models"].values()
    ]
    return {"models": models, "notice": config.get("notice")}
