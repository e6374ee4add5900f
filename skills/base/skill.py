"""What a skill is in code."""

from typing import Any, ClassVar

from skills.api_client import AriaAPIClient, SkillResult
from skills.base.tools import Tool


class Skill:
    """A skill's tools are its methods marked with `@tool`; the warehouse is at `self.api`."""

    name: ClassVar[str]  # of its folder
    tools: ClassVar[dict[str, Tool]]

    def __init_subclass__(cls) -> None:
        cls.name = cls.__module__.removeprefix("skills.").partition(".")[0]
        cls.tools = {name: method.tool for name, method in vars(cls).items() if hasattr(method, "tool")}

    def __init__(self, api: AriaAPIClient) -> None:
        self.api = api

    async def call(self, tool: str, arguments: dict[str, Any]) -> SkillResult:
        """The tool of that name, as an agent calls it."""
        if tool not in self.tools:
            return SkillResult.fail(
                f"The skill {self.name} has no tool {tool}; it has {', '.join(self.tools)}", error_type="LookupError"
            )
        result: SkillResult = await getattr(self, tool)(**arguments)
        return result
