"""The client with all of the API's methods."""

import asyncio
from types import TracebackType
from typing import Any, Self

from skills.api_client.budgets import BudgetCalls
from skills.api_client.goals import GoalCalls
from skills.api_client.improvement import ImprovementCalls
from skills.api_client.knowledge import KnowledgeCalls
from skills.api_client.memory import MemoryCalls
from skills.api_client.operations import OperationCalls
from skills.api_client.result import SkillResult
from skills.api_client.telemetry import TelemetryCalls

MOST_PAGES = 1000


class AriaAPIClient(
    GoalCalls, MemoryCalls, KnowledgeCalls, TelemetryCalls, BudgetCalls, ImprovementCalls, OperationCalls
):
    """The API as methods. Each gives a `SkillResult`; none raises for what the server or the network does."""

    async def get_all_pages(self, method_name: str, **arguments: Any) -> SkillResult:
        """All items of a method that gives pages, such as `get_goals`."""
        items: list[Any] = []
        for page in range(1, MOST_PAGES + 1):
            result: SkillResult = await getattr(self, method_name)(page=page, **arguments)
            if not result.success:
                return result
            if not isinstance(result.data, dict):
                return SkillResult.fail(f"{method_name} gives no pages", error_type="ValueError")
            items += result.data["items"]
            if page >= result.data["pages"]:
                return SkillResult.ok({"items": items, "total": len(items)})
        return SkillResult.fail(f"{method_name}: more than {MOST_PAGES} pages", error_type="ValueError")


class SyncAriaAPIClient:
    """The same methods for scripts, each returning its `SkillResult` at once.

    with SyncAriaAPIClient() as api:
        print(api.get_goals().data)
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.runner = asyncio.Runner()
        self.client = AriaAPIClient(*args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.client, name)
        if not asyncio.iscoroutinefunction(method):
            return method

        def call(*args: Any, **kwargs: Any) -> SkillResult:
            result: SkillResult = self.runner.run(method(*args, **kwargs))
            return result

        return call

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self.runner.run(self.client.aclose())
        self.runner.close()
