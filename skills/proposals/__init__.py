"""Changes that the agent would make to itself, for people to decide on."""

from typing import Annotated, Literal

from skills.base import Arg, Skill, SkillResult, tool
from skills.base.answers import without
from skills.base.arguments import Limit, Page

ProposalId = Annotated[str, Arg("The proposal's id", minLength=36, maxLength=36)]
Title = Annotated[str, Arg("What is to change", minLength=1, maxLength=200)]
Text = Annotated[str, Arg("Complete in itself", minLength=1, maxLength=20_000)]
Code = Annotated[str, Arg("The lines concerned", maxLength=100_000)]
Status = Literal["proposed", "approved", "rejected", "implemented"]


class Proposals(Skill):
    @tool
    async def propose_improvement(
        self,
        title: Title,
        description: Text,
        rationale: Annotated[str, Arg("Why, with what was measured or seen", maxLength=20_000)] = "",
        category: Annotated[str, Arg("Such as performance", minLength=1, maxLength=50)] = "general",
        risk_level: Literal["low", "medium", "high"] = "low",
        file_path: Annotated[str | None, Arg("The file to change; soul files are refused", maxLength=500)] = None,
        current_code: Code | None = None,
        proposed_code: Code | None = None,
    ) -> SkillResult:
        """Propose a change. It waits for a decision; change nothing before."""
        return await self.api.propose_improvement(
            title, description, category, risk_level, file_path, current_code, proposed_code, rationale
        )

    @tool
    async def list_proposals(self, status: Status | None = None, limit: Limit = 10, page: Page = 1) -> SkillResult:
        """List proposals without their code, the newest first."""
        found = await self.api.get_proposals(status, page, limit)
        return without(found, "current_code", "proposed_code", "rationale")

    @tool
    async def get_proposal(self, proposal_id: ProposalId) -> SkillResult:
        """Read a proposal with its code."""
        return await self.api.get_proposal(proposal_id)

    @tool
    async def decide_proposal(self, proposal_id: ProposalId, decision: Literal["approved", "rejected"]) -> SkillResult:
        """Write down what a person has decided on a proposal; never decide on your own."""
        return await self.api.review_proposal(proposal_id, decision)

    @tool
    async def mark_implemented(self, proposal_id: ProposalId) -> SkillResult:
        """Say that an approved proposal is carried out."""
        return await self.api.mark_proposal_implemented(proposal_id)
