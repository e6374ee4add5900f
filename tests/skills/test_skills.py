"""Skills as agents use them: tools, the command line, the Model Context Protocol."""

import asyncio
import json
import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client

from apps.goals.models import Goal
from apps.telemetry.models import ActivityLog, SkillInvocation
from skills.base import Arg, Skill, SkillResult, catalogue, tool
from skills.base.schemas import schema_of
from tests.factories import make_goal
from tests.skills.conftest import run

rows = pytest.mark.django_db(transaction=True)
ROOT = Path(__file__).parents[2]


class Sums(Skill):
    @tool
    async def add(self, one: int, two: Annotated[int, Arg("The other", minimum=0)] = 1) -> SkillResult:
        """Add two numbers."""
        return SkillResult.ok(one + two, tokens=7, model="abacus")

    @tool
    async def echo(self, skill: str, function: str = "", args: str = "") -> SkillResult:
        """Say names back that our own code has too."""
        return SkillResult.ok(skill + function + args)

    @tool
    async def break_down(self) -> SkillResult:
        """Fail unexpectedly."""
        raise ZeroDivisionError("by hand")

    @tool
    async def wait(self) -> SkillResult:
        """Wait for ever."""
        await asyncio.sleep(3600)
        return SkillResult.ok()


class TestTools:
    def test_declare_themselves(self):
        assert Sums.tools["add"].manifest() == {
            "name": "add",
            "description": "Add two numbers.",
            "input_schema": {
                "type": "object",
                "properties": {
                    "one": {"type": "integer"},
                    "two": {"type": "integer", "description": "The other", "minimum": 0, "default": 1},
                },
                "required": ["one"],
                "additionalProperties": False,
            },
        }

    @pytest.mark.parametrize(
        ("hint", "schema"),
        [
            (Any, {}),
            (str | None, {"type": ["string", "null"]}),
            (int | str, {"anyOf": [{"type": "integer"}, {"type": "string"}]}),
            (list[dict[str, Any]], {"type": "array", "items": {"type": "object"}}),
            (Literal["a", "b"], {"type": "string", "enum": ["a", "b"]}),
            (Literal["a"] | None, {"type": ["string", "null"], "enum": ["a", None]}),
            (Annotated[float | None, "How much"], {"type": ["number", "null"], "description": "How much"}),
        ],
    )
    def test_know_the_types_of_python(self, hint, schema):
        assert schema_of(hint) == schema

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            ({}, "'one' is a required"),
            ({"one": "1"}, "one: '1' is not"),
            ({"one": 1, "two": -1}, "two: -1"),
            ({"one": 1, "x": 1}, "'x'"),
        ],
    )
    def test_check_their_arguments(self, connect, arguments, words):
        result = run(connect("http://127.0.0.1:9"), lambda api: Sums(api).call("add", arguments))
        assert (result.success, result.error_type) == (False, "ValueError") and words in result.error

    def test_quote_no_long_argument(self, connect):
        result = run(connect("http://127.0.0.1:9"), lambda api: Sums(api).call("add", {"one": "x" * 100_000}))
        assert "is not of type 'integer'" in result.error and len(result.error) < 300

    def test_may_name_their_arguments_as_they_like(self, connect):
        arguments = {"skill": "a", "function": "b", "args": "c"}
        assert run(connect("http://127.0.0.1:9"), lambda api: Sums(api).call("echo", arguments)).data == "abc"
        odd = run(connect("http://127.0.0.1:9"), lambda api: Sums(api).call("add", {"self": 1, "tool": 2, "one": 1}))
        assert (odd.success, odd.error_type) == (False, "ValueError")

    def test_never_raise(self, connect):
        result = run(connect("http://127.0.0.1:9"), lambda api: Sums(api).break_down())
        assert (result.error, result.error_type) == ("ZeroDivisionError: by hand", "ZeroDivisionError")
        unknown = run(connect("http://127.0.0.1:9"), lambda api: Sums(api).call("divide", {}))
        assert unknown.error_type == "LookupError" and "add, echo" in unknown.error

    @rows
    def test_are_recorded_however_they_are_called(self, site, connect):
        async def work(api):
            sums = Sums(api)
            assert (await sums.add(1, two=2)).data == 3
            await sums.call("add", {"one": "x"})
            await sums.break_down()
            waiting = asyncio.create_task(sums.wait())
            await asyncio.sleep(0.01)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting

        run(connect(site.url), work)
        rows = SkillInvocation.objects.order_by("created_at").values_list("tool_name", "success", "error_type")
        assert list(rows) == [
            ("add", True, None),
            ("add", False, "ValueError"),
            ("break_down", False, "ZeroDivisionError"),
            ("wait", False, "CancelledError"),
        ]
        first = SkillInvocation.objects.earliest("created_at")
        assert (first.skill_name, first.tokens_used, first.model_used) == ("tests", 7, "abacus")
        assert first.duration_ms is not None


class TestManifests:
    @pytest.fixture
    def folder(self, tmp_path):
        """A copy of three skills, to spoil."""
        for name in ("base", "api_client", "goals", "health", "activity"):
            skip = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / "skills" / name, tmp_path / "skills" / name, ignore=skip)
        for name in ("__init__.py", "__main__.py"):
            shutil.copy(ROOT / "skills" / name, tmp_path / "skills")
        return tmp_path

    def check(self, folder, *options):
        command = [sys.executable, "-m", "skills", "check", *options]
        return subprocess.run(command, cwd=folder, capture_output=True, text=True)

    def test_of_all_skills_are_in_step_with_their_code(self):
        assert catalogue.problems(catalogue.entries()) == {}

    @pytest.mark.parametrize(
        ("file", "old", "new", "words"),
        [
            ("__init__.py", "limit: Limit = 25", "limit: Limit = 50", "tools differ from the code"),
            ("__init__.py", "async def delete_goal", "async def list_activities", "another skill has a tool list_act"),
            ("__init__.py", "class Goals(Skill)", "class Goals", "one class that is a Skill"),
            ("skill.json", '"aria-goals"', '"goals"', "name"),
            ("skill.json", '"layer": 2', '"layer": 4', "layer"),
            ("skill.json", '"dependencies": []', '"dependencies": ["aria-nobody"]', "no skill aria-nobody"),
            ("skill.json", "{", "[", "JSONDecodeError"),
        ],
    )
    def test_that_are_not_fail_the_check(self, folder, file, old, new, words):
        path = folder / "skills" / "goals" / file
        path.write_text(path.read_text().replace(old, new, 1))
        if "another" in words:
            self.check(folder, "--write")
        done = self.check(folder)
        assert done.returncode == 1 and words in done.stderr, done.stderr
        assert done.stdout == "2 of 3 skills are whole\n" or "another" in words

    def test_are_written_from_the_code(self, folder):
        path = folder / "skills" / "goals" / "__init__.py"
        path.write_text(path.read_text().replace("limit: Limit = 25", "limit: Limit = 50"))
        assert self.check(folder, "--write").returncode == 0
        manifest = json.loads((folder / "skills" / "goals" / "skill.json").read_text())
        assert manifest["tools"][0]["input_schema"]["properties"]["limit"]["default"] == 50

    def test_a_missing_part_is_named(self, folder):
        (folder / "skills" / "goals" / "SKILL.md").unlink()
        assert "goals: missing SKILL.md" in self.check(folder).stderr


def test_the_skill_of_the_readme_is_the_one_in_the_repository():
    section = (ROOT / "README.md").read_text().split("### Write a skill in five minutes")[1]
    steps = re.findall(r"Make `(skills/\S+)`.*?```\w+\n(.*?)\n    ```", section, re.DOTALL)
    assert [Path(path).name for path, _ in steps] == ["__init__.py", "skill.json", "SKILL.md"]
    for path, block in steps:
        written, told = (ROOT / path).read_text(), textwrap.dedent(block) + "\n"
        if path.endswith(".json"):
            written, told = json.loads(written), json.loads(told)
            assert written.pop("tools")
        assert written == told, path


@rows
class TestCommandLine:
    def skills(self, host, *arguments, text=None):
        command = [sys.executable, "-m", "skills", *arguments]
        return subprocess.run(command, cwd=ROOT, env=host, capture_output=True, text=True, input=text, timeout=60)

    def test_a_tool_is_run_and_recorded(self, host):
        done = self.skills(host, "run", "goals", "create_goal", '{"title": "Make tea"}')
        assert done.returncode == 0 and json.loads(done.stdout)["data"]["created"], done.stderr
        assert Goal.objects.get().title == "Make tea"
        call = SkillInvocation.objects.get()
        assert (call.skill_name, call.tool_name, call.success) == ("goals", "create_goal", True)

    def test_arguments_may_come_from_standard_input(self, host):
        done = self.skills(host, "run", "aria-activity", "log_activity", "-", text='{"action": "think"}')
        assert done.returncode == 0 and ActivityLog.objects.get().action == "think"

    @pytest.mark.parametrize(
        ("arguments", "code", "words"),
        [
            (["goals", "move_goal", '{"goal_id": "nobody", "board_column": "done"}'], 1, "404: Goal nobody not found"),
            (["goals", "move_goal", "{}"], 1, "required"),
            (["goals", "fly"], 1, "has no tool fly"),
            (["nobody", "fly"], 2, "There is no skill nobody"),
            (["goals", "list_goals", "{"], 2, "Expecting"),
            (["goals", "list_goals", "[]"], 2, "JSON object"),
        ],
    )
    def test_failures_are_told_by_the_exit_code(self, host, arguments, code, words):
        done = self.skills(host, "run", *arguments)
        assert done.returncode == code and words in done.stderr
        assert code == 2 or json.loads(done.stdout)["success"] is False

    def test_the_outbox_is_shown_and_flushed(self, host):
        away = host | {"ARIA_API_URL": "http://127.0.0.1:9/api"}
        assert self.skills(away, "run", "activity", "log_activity", '{"action": "think"}').returncode == 0
        shown = json.loads(self.skills(away, "outbox").stdout)
        assert shown["waiting"] == {"activity": 1, "invocation": 1} and shown["site"]["failed_calls_in_a_row"] >= 1
        assert self.skills(away, "outbox", "--flush").returncode == 1
        flushed = self.skills(host, "outbox", "--flush")
        assert flushed.returncode == 0 and json.loads(flushed.stdout)["waiting"] == {}
        assert (ActivityLog.objects.count(), SkillInvocation.objects.count()) == (1, 1)


@rows
def test_any_client_of_the_protocol_drives_the_warehouse(host):
    for number in range(30):
        make_goal(title=f"Goal {number}", description="x" * 200)
    arguments = ["-m", "skills", "serve-mcp", "--limit", "5000"]
    server = StdioServerParameters(command=sys.executable, args=arguments, cwd=str(ROOT), env=host)

    async def work():
        async with stdio_client(server) as streams, ClientSession(*streams) as session:
            await session.initialize()
            tools = {tool.name: tool for tool in (await session.list_tools()).tools}
            manifest = json.loads((ROOT / "skills" / "goals" / "skill.json").read_text())
            for told in manifest["tools"]:
                assert tools[told["name"]].input_schema == told["input_schema"]
            made = await session.call_tool("create_goal", {"title": "Make tea"})
            assert not made.is_error and json.loads(made.content[0].text)["created"]
            wrong = await session.call_tool("create_goal", {})
            assert wrong.is_error and "required" in wrong.content[0].text
            odd = await session.call_tool("create_goal", {"title": "tea", "\ud800": 1})
            assert odd.is_error
            nobody = await session.call_tool("fly", {})
            assert nobody.is_error and "no tool fly" in nobody.content[0].text
            long = await session.call_tool("list_goals", {"limit": 31})
            assert len(long.content[0].text.encode()) <= 5000 and "ask for fewer" in long.content[0].text

    asyncio.run(asyncio.wait_for(work(), 60))
    assert Goal.objects.filter(title="Make tea").exists()
    assert SkillInvocation.objects.filter(tool_name="create_goal").count() == 3
