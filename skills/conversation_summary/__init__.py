"""Summaries of conversations and sessions, kept as memories that are found by their meaning."""

from typing import Annotated

from skills.base import Arg, Skill, SkillResult, tool
from skills.base.arguments import Hours, Limit

Text = Annotated[str, Arg("In two to four sentences, complete in itself", minLength=1, maxLength=2000)]
Decision = Annotated[str, Arg("In a sentence", minLength=1, maxLength=2000)]
SummaryId = Annotated[str, Arg("The id that summarize_session answered", minLength=36, maxLength=36)]
Question = Annotated[str, Arg("What was spoken or decided about", minLength=1, maxLength=2000)]
SOURCE = "conversation_summary"  # as the site's own summaries


class ConversationSummary(Skill):
    @tool
    async def summarize_session(
        self, hours_back: Annotated[float, Arg("Hours of activities", minimum=0.1, maximum=8760)] = 24
    ) -> SkillResult:
        """Have the logged activities summed up and kept; `pending` means ask get_session_summary in a minute."""
        return await self.api.summarize_session(hours_back)

    @tool
    async def get_session_summary(self, summary_id: SummaryId) -> SkillResult:
        """Read a summary that was still pending."""
        return await self.api.get_session_summary(summary_id)

    @tool
    async def keep_summary(
        self,
        summary: Text,
        decisions: Annotated[list[Decision] | None, Arg("Each is kept by itself", maxItems=20)] = None,
        topic: Annotated[str | None, Arg("In a few words", maxLength=200)] = None,
    ) -> SkillResult:
        """Keep your own summary of a conversation, and what was decided in it."""
        texts = [(summary, "episodic", 0.7), *((decision, "decision", 0.8) for decision in decisions or [])]
        ids: list[str] = []
        for content, category, importance in texts:
            result = await self.api.store_memory_semantic(
                content, category, importance, SOURCE, metadata={"topic": topic} if topic else None
            )
            if not result.success:
                return result
            ids.append(result.data["id"])
        return SkillResult.ok({"stored": True, "ids": ids})

    @tool
    async def find_summaries(self, query: Question, limit: Limit = 5, hours: Hours | None = None) -> SkillResult:
        """Find summaries and decisions of earlier conversations by their meaning."""
        return await self.api.search_memories_semantic(query, limit, source=SOURCE, hours=hours)
