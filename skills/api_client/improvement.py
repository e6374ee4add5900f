"""Lessons, proposals, reviews, and what is posted to the world."""

from typing import Any

from skills.api_client.calls import Calls, given, part, segment
from skills.api_client.result import SkillResult


class ImprovementCalls(Calls):
    async def record_lesson(
        self,
        error_pattern: str,
        error_type: str,
        resolution: str | None = None,
        skill_name: str | None = None,
        context: dict[str, Any] | None = None,
        **more: Any,
    ) -> SkillResult:
        lesson = {
            "error_pattern": error_pattern,
            "error_type": error_type,
            "resolution": resolution,
            "skill_name": skill_name,
            "context": context,
        }
        return await self.post("/lessons", given(lesson | more))

    async def check_known_errors(
        self, error_type: str | None = None, skill_name: str | None = None, error_message: str | None = None
    ) -> SkillResult:
        asked = {"error_type": error_type, "skill_name": skill_name, "error_message": error_message}
        return await self.get("/lessons/check", asked)

    async def get_lessons(self, page: int = 1, per_page: int = 25) -> SkillResult:
        return await self.get("/lessons", {"page": page, "per_page": per_page})

    async def seed_lessons(self) -> SkillResult:
        return await self.post("/lessons/seed")

    async def propose_improvement(
        self,
        title: str,
        description: str,
        category: str = "general",
        risk_level: str = "low",
        file_path: str | None = None,
        current_code: str | None = None,
        proposed_code: str | None = None,
        rationale: str = "",
    ) -> SkillResult:
        proposal = {
            "title": title,
            "description": description,
            "category": category,
            "risk_level": risk_level,
            "file_path": file_path,
            "current_code": current_code,
            "proposed_code": proposed_code,
            "rationale": rationale,
        }
        return await self.post("/proposals", given(proposal))

    async def get_proposals(self, status: str | None = None, page: int = 1, per_page: int = 25) -> SkillResult:
        return await self.get("/proposals", {"status": status, "page": page, "per_page": per_page})

    async def get_proposal(self, proposal_id: str) -> SkillResult:
        return await self.get(f"/proposals/{segment(proposal_id)}")

    async def review_proposal(self, proposal_id: str, status: str, reviewed_by: str = "aria") -> SkillResult:
        """`status` is approved, rejected or implemented."""
        review = {"status": status, "reviewed_by": reviewed_by}
        return await self.patch(f"/proposals/{segment(proposal_id)}", review)

    async def mark_proposal_implemented(self, proposal_id: str, reviewed_by: str = "aria") -> SkillResult:
        return await self.review_proposal(proposal_id, "implemented", reviewed_by)

    async def get_performance_logs(self, limit: int = 50) -> SkillResult:
        return part(await self.get("/performance", {"limit": limit}), "logs")

    async def create_performance_log(
        self,
        review_period: str,
        successes: str | None = None,
        failures: str | None = None,
        improvements: str | None = None,
    ) -> SkillResult:
        log = {
            "review_period": review_period,
            "successes": successes,
            "failures": failures,
            "improvements": improvements,
        }
        return await self.post("/performance", log)

    async def get_social_posts(self, limit: int = 25, page: int = 1, platform: str | None = None) -> SkillResult:
        return await self.get("/social", {"limit": limit, "page": page, "platform": platform})

    async def create_social_post(
        self,
        content: str,
        platform: str = "unknown",
        visibility: str = "public",
        post_id: str | None = None,
        reply_to: str | None = None,
        url: str | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> SkillResult:
        post = {
            "content": content,
            "platform": platform,
            "visibility": visibility,
            "post_id": post_id,
            "reply_to": reply_to,
            "url": url,
            "metadata": metadata,
        }
        return await self.post("/social", given(post))

    async def cleanup_social_posts(
        self, patterns: list[str] | None = None, platform: str | None = None, dry_run: bool = True
    ) -> SkillResult:
        """Delete the posts that contain a pattern; unlike the API itself this only counts them unless told."""
        wanted = {"patterns": patterns, "platform": platform, "dry_run": dry_run}
        return await self.post("/social/cleanup", given(wanted))

    async def dedupe_social_posts(self, dry_run: bool = True, platform: str | None = None) -> SkillResult:
        return await self.post("/social/dedupe", given({"dry_run": dry_run, "platform": platform}))

    async def import_moltbook(self, **wanted: Any) -> SkillResult:
        return await self.post("/social/import-moltbook", wanted, timeout=120)
