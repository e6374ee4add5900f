"""The tools of all skills over the Model Context Protocol, so that any client of it can drive the warehouse."""

import json
import logging
from typing import Any

import mcp_types as types
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server

from skills.api_client import AriaAPIClient, SkillResult
from skills.base import catalogue
from skills.base.skill import Skill

logger = logging.getLogger(__name__)
CUT = "\n[cut here: {left} more bytes; ask for fewer rows]"


class Tools:
    """By their own short names, which no two skills share."""

    def __init__(self, api: AriaAPIClient, limit: int) -> None:
        self.limit = limit
        self.skills: dict[str, Skill] = {}
        found = catalogue.entries()
        problems = catalogue.problems(found)
        for entry in found:
            if entry.name in problems:
                logger.warning("%s is left out: %s", entry.name, problems[entry.name][0])
            else:
                skill = entry.skill(api)
                self.skills |= dict.fromkeys(skill.tools, skill)

    async def list(self, context: Any, params: types.PaginatedRequestParams | None) -> types.ListToolsResult:
        own = [skill.tools[name] for name, skill in self.skills.items()]
        return types.ListToolsResult(
            tools=[types.Tool(name=t.name, description=t.description, input_schema=t.parameters) for t in own]
        )

    async def call(self, context: Any, params: types.CallToolRequestParams) -> types.CallToolResult:
        if skill := self.skills.get(params.name):
            result = await skill.call(params.name, params.arguments or {})
        else:
            result = SkillResult.fail(f"There is no tool {params.name}")
        text = types.TextContent(type="text", text=self.cut(text_of(result)))
        return types.CallToolResult(content=[text], is_error=not result.success)

    def cut(self, text: str) -> str:
        data = text.encode(errors="replace")
        if len(data) <= self.limit:
            return data.decode()
        kept = max(0, self.limit - len(CUT) - 10)
        return data[:kept].decode(errors="ignore") + CUT.format(left=len(data) - kept)


def text_of(result: SkillResult) -> str:
    if not result.success:
        return result.error or "failed"
    return json.dumps(result.data, ensure_ascii=False, separators=(",", ":"), default=str)


async def serve(limit: int) -> None:
    async with AriaAPIClient() as api:
        tools = Tools(api, limit)
        server = Server("aria", version="1.0.0", on_list_tools=tools.list, on_call_tool=tools.call)
        async with stdio_server() as (reading, writing):
            await server.run(reading, writing, server.create_initialization_options())
