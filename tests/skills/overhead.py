"""What recording costs a call of a tool: `python -m tests.skills.overhead`. Nothing is asserted; machines differ."""

import asyncio
import statistics
import tempfile
import time

from skills.api_client import AriaAPIClient
from skills.base import Skill, SkillResult, tool

CALLS = 10_000


class Echo(Skill):
    async def plain(self, text: str, times: int = 1) -> SkillResult:
        return SkillResult.ok(text * times)

    @tool
    async def echo(self, text: str, times: int = 1) -> SkillResult:
        """Say it again."""
        return await self.plain(text, times)


async def measure(method):
    """Milliseconds of a call at the median, and calls a second."""
    each = []
    began = time.perf_counter()
    for _ in range(CALLS):
        before = time.perf_counter()
        await method("tea", times=2)
        each.append(time.perf_counter() - before)
    return statistics.median(each) * 1000, CALLS / (time.perf_counter() - began)


async def main():
    with tempfile.TemporaryDirectory() as folder:
        async with AriaAPIClient("http://127.0.0.1:9/api", "none", data_dir=folder) as api:
            echo = Echo(api)
            plain, _ = await measure(echo.plain)
            recorded, rate = await measure(echo.echo)
    print(f"a recorded call costs {recorded - plain:.3f} ms more at the median; {rate:,.0f} calls/s")


if __name__ == "__main__":
    asyncio.run(main())
