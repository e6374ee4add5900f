"""Memories, working memory, thoughts."""

from typing import Any

from skills.api_client.calls import Calls, given, segment
from skills.api_client.result import SkillResult

MODEL_TIMEOUT = 120.0  # seconds; a language model takes part


class MemoryCalls(Calls):
    async def get_thoughts(self, limit: int = 25, page: int = 1) -> SkillResult:
        return await self.get("/thoughts", {"limit": limit, "page": page})

    async def create_thought(
        self, content: str, category: str = "general", metadata: dict[str, Any] | None = None
    ) -> SkillResult:
        thought = {"content": content, "category": category, "metadata": metadata or {}}
        return await self.report("thought", "POST", "/thoughts", thought)

    async def get_memories(self, limit: int = 25, page: int = 1, category: str | None = None) -> SkillResult:
        return await self.get("/memories", {"limit": limit, "page": page, "category": category})

    async def get_memory(self, key: str) -> SkillResult:
        """An unknown key is a success without data."""
        result = await self.get(f"/memories/{segment(key)}")
        return SkillResult.ok() if result.error_type == "NotFoundError" else result

    async def set_memory(self, key: str, value: Any, category: str = "general") -> SkillResult:
        return await self.post("/memories", {"key": key, "value": value, "category": category})

    async def delete_memory(self, key: str) -> SkillResult:
        return await self.delete(f"/memories/{segment(key)}")

    async def store_memory_semantic(
        self,
        content: str,
        category: str = "general",
        importance: float = 0.5,
        source: str = "aria",
        summary: str | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> SkillResult:
        memory = {
            "content": content,
            "category": category,
            "importance": importance,
            "source": source,
            "summary": summary,
            "metadata": metadata,
        }
        return await self.post("/memories/semantic", given(memory), timeout=MODEL_TIMEOUT)

    async def search_memories_semantic(
        self,
        query: str,
        limit: int = 5,
        category: str | None = None,
        min_importance: float = 0.0,
        source: str | None = None,
        hours: int | None = None,
        mode: str | None = None,
    ) -> SkillResult:
        """`mode` is vector, text or hybrid; without one it is by vector, or by text where there is no embedding."""
        asked = {
            "query": query,
            "limit": limit,
            "category": category,
            "min_importance": min_importance,
            "source": source,
            "hours": hours,
            "mode": mode,
        }
        return await self.request("GET", "/memories/search", params=asked, timeout=MODEL_TIMEOUT)

    async def summarize_session(self, hours_back: float = 24) -> SkillResult:
        return await self.post("/memories/summarize-session", {"hours_back": hours_back}, timeout=MODEL_TIMEOUT)

    async def get_session_summary(self, summary_id: str) -> SkillResult:
        """What became of a `summarize_session` that was still pending."""
        return await self.get(f"/memories/summarize-session/{segment(summary_id)}")

    async def remember(
        self,
        key: str,
        value: Any,
        category: str = "general",
        importance: float = 0.5,
        ttl_hours: int | None = None,
        source: str | None = None,
    ) -> SkillResult:
        item = {
            "key": key,
            "value": value,
            "category": category,
            "importance": importance,
            "ttl_hours": ttl_hours,
            "source": source,
        }
        return await self.post("/working-memory", item)

    async def recall(
        self, key: str | None = None, category: str | None = None, limit: int = 25, page: int = 1
    ) -> SkillResult:
        return await self.get("/working-memory", {"key": key, "category": category, "limit": limit, "page": page})

    async def get_working_memory_context(
        self, limit: int = 20, category: str | None = None, touch_access: bool = True
    ) -> SkillResult:
        """The items that matter now, the most relevant first."""
        asked = {"limit": limit, "category": category, "touch_access": touch_access}
        return await self.get("/working-memory/context", asked)

    async def working_memory_checkpoint(self) -> SkillResult:
        return await self.post("/working-memory/checkpoint", {})

    async def restore_working_memory_checkpoint(self) -> SkillResult:
        """The newest checkpoint's items, as they were. It reads only; `write_back_checkpoint` restores them."""
        return await self.get("/working-memory/checkpoint")

    async def write_back_checkpoint(self, checkpoint_id: str | None = None) -> SkillResult:
        return await self.post("/working-memory/checkpoint/restore", given({"checkpoint_id": checkpoint_id}))

    async def forget_working_memory(self, item_id: str) -> SkillResult:
        return await self.delete(f"/working-memory/{segment(item_id)}")

    async def update_working_memory(self, item_id: str, **changes: Any) -> SkillResult:
        return await self.patch(f"/working-memory/{segment(item_id)}", changes)

    async def get_working_memory_stats(self) -> SkillResult:
        return await self.get("/working-memory/stats")

    async def get_working_memory_file_snapshot(self) -> SkillResult:
        return await self.get("/working-memory/file-snapshot")

    async def cleanup_working_memory(
        self,
        category: str | None = None,
        source: str | None = None,
        delete_expired: bool = True,
        dry_run: bool = False,
    ) -> SkillResult:
        wanted = {"category": category, "source": source, "delete_expired": delete_expired, "dry_run": dry_run}
        return await self.post("/working-memory/cleanup", given(wanted))
