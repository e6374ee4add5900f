"""`python -m skills`: skills at the command line, and what waits in the outbox."""

import argparse
import asyncio
import json
import logging
import sqlite3
import sys
from typing import Any

from skills.api_client import AriaAPIClient, SkillResult
from skills.base import catalogue


def main(arguments: list[str] | None = None) -> int:
    """The exit code: 0 for success, 1 for a failure, 2 for wrong use."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s: %(message)s")
    options = parser().parse_args(arguments)
    code: int = options.function(options)
    return code


def parser() -> argparse.ArgumentParser:
    whole = argparse.ArgumentParser(prog="python -m skills", description="The agent's skills.")
    commands = whole.add_subparsers(title="commands", required=True)

    def command(name: str, function: Any, about: str) -> argparse.ArgumentParser:
        own = commands.add_parser(name, help=about, description=about)
        own.set_defaults(function=function)
        return own

    command("list", list_skills, "List the skills and their tools.")
    check = command("check", check_skills, "Check every skill: files, manifest, code.")
    check.add_argument("--write", action="store_true", help="write the tools of the code into each skill.json first")
    run = command("run", run_tool, "Call a tool; its result is JSON on standard output.")
    run.add_argument("skill")
    run.add_argument("tool")
    run.add_argument("arguments", nargs="?", default="{}", help="a JSON object, or - to read it from standard input")
    outbox = command("outbox", look_into_outbox, "Show what waits for the site, and whether it is left alone.")
    outbox.add_argument("--flush", action="store_true", help="send it now")
    outbox.add_argument("--retry-refused", action="store_true", help="put what the site refused in the queue again")
    mcp = command(
        "serve-mcp", serve_mcp, "Offer all tools over the Model Context Protocol, on standard input and output."
    )
    mcp.add_argument("--limit", type=int, default=50_000, help="the most bytes of an answer (50000)")
    return whole


def list_skills(options: argparse.Namespace) -> int:
    found = catalogue.entries()
    problems = catalogue.problems(found)
    for entry in found:
        if entry.name in problems:
            print(f"{entry.name}: {problems[entry.name][0]}", file=sys.stderr)
            continue
        print(f"{entry.name}: {entry.manifest['description']}")
        for tool in entry.skill.tools.values():
            print(f"    {tool.name}({', '.join(tool.parameters['properties'])})")
    return 1 if problems else 0


def check_skills(options: argparse.Namespace) -> int:
    if options.write:
        for entry in catalogue.entries():
            entry.write_tools()
    found = catalogue.entries()
    problems = catalogue.problems(found)
    for name, own in problems.items():
        for problem in own:
            print(f"{name}: {problem}", file=sys.stderr)
    print(f"{len(found) - len(problems)} of {len(found)} skills are whole")
    return 1 if problems else 0


def run_tool(options: argparse.Namespace) -> int:
    try:
        skill = catalogue.find(options.skill).skill
        text = sys.stdin.read() if options.arguments == "-" else options.arguments
        arguments = json.loads(text)
    except (LookupError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    if not isinstance(arguments, dict):
        print("The arguments must be a JSON object", file=sys.stderr)
        return 2

    async def call() -> SkillResult:
        async with AriaAPIClient() as api:
            return await skill(api).call(options.tool, arguments)

    result = asyncio.run(call())
    told = {name: value for name, value in vars(result).items() if value is not None or name == "data"}
    text = json.dumps(told, indent=2, ensure_ascii=False, default=str)
    print(text.encode(errors="replace").decode())
    if not result.success:
        print(result.error, file=sys.stderr)
    return 0 if result.success else 1


def look_into_outbox(options: argparse.Namespace) -> int:
    api = AriaAPIClient()
    try:
        if options.retry_refused:
            api.outbox.requeue_refused()
        problem = api.flush() if options.flush else ""
        failures, _ = api.breaker.state()
        site = {"failed_calls_in_a_row": failures, "retry_after_seconds": round(api.breaker.retry_after(), 1)}
        print(json.dumps(api.outbox.summary() | {"site": site}, indent=2))
    except (sqlite3.Error, OSError) as error:
        problem = f"{api.store.path}: {error}"
    if problem:
        print(problem, file=sys.stderr)
    return 1 if problem else 0


def serve_mcp(options: argparse.Namespace) -> int:
    try:
        from skills.base import mcp_server
    except ImportError:
        print("This needs the package mcp: pip install 'aria-skills[mcp]'", file=sys.stderr)
        return 2
    asyncio.run(mcp_server.serve(options.limit))
    return 0
