"""What the agent has learnt from errors."""

from typing import Annotated, Any

from skills.base import Arg, Skill, SkillResult, tool
from skills.base.answers import without
from skills.base.arguments import Limit, Page

Pattern = Annotated[str, Arg("A name, the same each time, such as litellm_timeout", minLength=1, maxLength=200)]
ErrorType = Annotated[str, Arg("Its kind, such as timeout", minLength=1, maxLength=100)]
SkillName = Annotated[str, Arg("The skill it came up in", minLength=1, maxLength=100)]


class Lessons(Skill):
    @tool
    async def check_known_error(
        self,
        error_message: Annotated[str | None, Arg("The message as it came", maxLength=2000)] = None,
        error_type: ErrorType | None = None,
        skill_name: SkillName | None = None,
    ) -> SkillResult:
        """Ask what is known about an error, the five likeliest lessons first. Do so before you try again."""
        return await self.api.check_known_errors(error_type, skill_name, error_message)

    @tool
    async def record_lesson(
        self,
        error_pattern: Pattern,
        error_type: ErrorType,
        resolution: Annotated[str | None, Arg("What helped, as an instruction", maxLength=5000)] = None,
        skill_name: SkillName | None = None,
        context: Annotated[dict[str, Any] | None, "What was going on"] = None,
    ) -> SkillResult:
        """Record an error and what resolved it; a known pattern is counted and gets the new resolution."""
        return await self.api.record_lesson(error_pattern, error_type, resolution, skill_name, context)

    @tool
    async def list_lessons(self, limit: Limit = 10, page: Page = 1) -> SkillResult:
        """List lessons, the lately needed first."""
        return without(await self.api.get_lessons(page, limit), "context", "resolution_code")
