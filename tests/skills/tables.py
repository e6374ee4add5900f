"""Tables of calls: every tool of a skill, against a real site."""

from dataclasses import dataclass, field
from typing import Any

from skills.api_client import AriaAPIClient
from skills.base import SkillResult, catalogue
from tests.skills.conftest import run

NOBODY = "00000000-0000-4000-8000-000000000000"


class Fails(str):
    """Words of the error that is expected."""


@dataclass
class Table:
    """Calls a skill's tools in turn; a row is (tool, arguments, what its answer must hold).

    Arguments may be a function of `seen`, the latest data of each tool. What an answer must hold is a dictionary
    of some of its keys, a function that is true of it, or `Fails("words of the error")`.
    """

    api: AriaAPIClient
    skill: str
    seen: dict[str, Any] = field(default_factory=dict)
    called: set[str] = field(default_factory=set)

    async def walk(self, rows):
        skill = catalogue.find(self.skill).skill(self.api)
        for tool, arguments, expected in rows:
            given = arguments(self.seen) if callable(arguments) else arguments
            self.judge(tool, given, await skill.call(tool, given), expected)
        assert self.called == skill.tools.keys()

    def judge(self, tool: str, given: Any, result: SkillResult, expected: Any) -> None:
        self.called.add(tool)
        told = f"{tool}({given}): {result}"
        if isinstance(expected, Fails):
            assert not result.success and expected in result.error, told
            return
        assert result.success, told
        self.seen[tool] = result.data
        holds = expected(result.data) if callable(expected) else expected.items() <= result.data.items()
        assert holds, told


def walk(client, skill, rows):
    run(client, lambda api: Table(api, skill).walk(rows))
