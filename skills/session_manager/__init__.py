"""The agent's sessions: when each began and ended, and what it cost."""

from typing import Annotated, Literal

from skills.base import Arg, Skill, SkillResult, tool
from skills.base.answers import changed, without
from skills.base.arguments import Cost, Count, Hours, Limit, Page

AgentId = Annotated[str, Arg("Such as main or devsecops", minLength=1, maxLength=100)]
SessionId = Annotated[str, Arg("The id that start_session answered", minLength=36, maxLength=36)]
SessionType = Annotated[str, Arg("Such as interactive or cron", minLength=1, maxLength=50)]
Status = Literal["active", "completed", "ended", "error"]
MOST = 20  # sessions of the gateway that are told


class SessionManager(Skill):
    @tool
    async def start_session(
        self,
        agent_id: AgentId = "main",
        session_type: SessionType = "interactive",
        label: Annotated[str | None, Arg("What it is about", maxLength=200)] = None,
    ) -> SkillResult:
        """Report that a session begins; keep its id. End it, whatever happens."""
        return await self.api.create_session(agent_id, session_type, {"label": label} if label else None)

    @tool
    async def update_session(
        self,
        session_id: SessionId,
        messages_count: Count | None = None,
        tokens_used: Count | None = None,
        cost_usd: Cost | None = None,
    ) -> SkillResult:
        """Report how far a session has come: totals since its beginning, not what was added."""
        return await self.api.update_session(session_id, None, messages_count, tokens_used, cost_usd)

    @tool
    async def end_session(
        self,
        session_id: SessionId,
        status: Literal["completed", "error"] = "completed",
        messages_count: Count | None = None,
        tokens_used: Count | None = None,
        cost_usd: Cost | None = None,
    ) -> SkillResult:
        """End a session, with its final totals."""
        return await self.api.update_session(session_id, status, messages_count, tokens_used, cost_usd)

    @tool
    async def list_sessions(
        self, status: Status | None = None, agent_id: AgentId | None = None, limit: Limit = 10, page: Page = 1
    ) -> SkillResult:
        """List sessions, the newest first. Look for active ones before starting another."""
        found = await self.api.get_sessions(limit=limit, page=page, status=status, agent_id=agent_id)
        return without(found, "metadata")

    @tool
    async def summarize_sessions(self, hours: Hours = 24) -> SkillResult:
        """Count sessions by agent, status and type, with tokens and cost."""
        return await self.api.get_session_stats(hours)

    @tool
    async def list_live_sessions(self) -> SkillResult:
        """List the sessions that the agent's gateway has open now."""
        found = await self.api.get_live_sessions()
        return changed(found, lambda live: live | {"sessions": live["sessions"][:MOST]})
