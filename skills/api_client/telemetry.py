"""What agents did: activities, sessions, model usage, calls of skills, security events, heartbeats.

What these write waits on disk while the site is away.
"""

from typing import Any

from skills.api_client.calls import Calls, given, part, segment
from skills.api_client.result import SkillResult


class TelemetryCalls(Calls):
    async def get_activities(self, limit: int = 50, page: int = 1, action: str | None = None) -> SkillResult:
        return await self.get("/activities", {"limit": limit, "page": page, "action": action})

    async def create_activity(
        self,
        action: str,
        skill: str | None = None,
        details: Any = None,
        success: bool = True,
        error_message: str | None = None,
    ) -> SkillResult:
        activity = {
            "action": action,
            "skill": skill,
            "details": details or {},
            "success": success,
            "error_message": error_message,
        }
        return await self.report("activity", "POST", "/activities", activity)

    async def get_activity_timeline(self, days: int = 7) -> SkillResult:
        return await self.get("/activities/timeline", {"days": days})

    async def get_cron_summary(self, days: int = 7) -> SkillResult:
        return await self.get("/activities/cron-summary", {"days": days})

    async def get_activity_visualization(
        self, hours: int = 24, limit: int = 25, include_creative: bool = False
    ) -> SkillResult:
        asked = {"hours": hours, "limit": limit, "include_creative": include_creative}
        return await self.get("/activities/visualization", asked)

    async def get_sessions(
        self,
        limit: int = 25,
        page: int = 1,
        status: str | None = None,
        agent_id: str | None = None,
        include_runtime_events: bool = False,
        include_cron_events: bool = False,
    ) -> SkillResult:
        asked = {
            "limit": limit,
            "page": page,
            "status": status,
            "agent_id": agent_id,
            "include_runtime_events": include_runtime_events,
            "include_cron_events": include_cron_events,
        }
        return await self.get("/sessions", asked)

    async def create_session(
        self,
        agent_id: str = "main",
        session_type: str = "interactive",
        metadata: dict[str, Any] | None = None,
        **more: Any,
    ) -> SkillResult:
        """`data["id"]` is the session's, also where the site is away."""
        session = {"agent_id": agent_id, "session_type": session_type, "metadata": metadata or {}}
        return await self.report("session", "POST", "/sessions", session | more)

    async def update_session(
        self,
        session_id: str,
        status: str | None = None,
        messages_count: int | None = None,
        tokens_used: int | None = None,
        cost_usd: float | None = None,
    ) -> SkillResult:
        changes = {
            "session_id": session_id,
            "status": status,
            "messages_count": messages_count,
            "tokens_used": tokens_used,
            "cost_usd": cost_usd,
        }
        return await self.report("session_update", "PATCH", f"/sessions/{segment(session_id)}", given(changes))

    async def delete_session(self, session_id: str) -> SkillResult:
        return await self.delete(f"/sessions/{segment(session_id)}")

    async def get_session_stats(self, hours: int | None = None) -> SkillResult:
        return await self.get("/sessions/stats", {"hours": hours})

    async def get_sessions_by_hour(self, hours: int = 24) -> SkillResult:
        return await self.get("/sessions/hourly", {"hours": hours})

    async def get_live_sessions(self) -> SkillResult:
        return await self.get("/sessions/live")

    async def sync_live_sessions(self) -> SkillResult:
        return await self.post("/sessions/sync-live")

    async def import_openclaw_sessions(self, sessions: list[dict[str, Any]]) -> SkillResult:
        return await self.post("/sessions/import-openclaw", {"sessions": sessions})

    async def get_model_usage(
        self,
        limit: int = 50,
        page: int = 1,
        hours: int | None = None,
        model: str | None = None,
        provider: str | None = None,
        source: str | None = None,
    ) -> SkillResult:
        asked = {
            "limit": limit,
            "page": page,
            "hours": hours,
            "model": model,
            "provider": provider,
            "source": source,
        }
        return await self.get("/model-usage", asked)

    async def create_model_usage(
        self,
        model: str,
        provider: str | None = None,
        input_tokens: int = 0,
        output_tokens: int = 0,
        cost_usd: float = 0.0,
        latency_ms: int | None = None,
        success: bool = True,
        error_message: str | None = None,
        session_id: str | None = None,
    ) -> SkillResult:
        usage = {
            "model": model,
            "provider": provider,
            "input_tokens": input_tokens,
            "output_tokens": output_tokens,
            "cost_usd": cost_usd,
            "latency_ms": latency_ms,
            "success": success,
            "error_message": error_message,
            "session_id": session_id,
        }
        return await self.report("model_usage", "POST", "/model-usage", usage)

    async def get_model_usage_stats(self, hours: int = 24) -> SkillResult:
        return await self.get("/model-usage/stats", {"hours": hours})

    async def record_invocation(
        self,
        skill_name: str,
        tool_name: str,
        duration_ms: int = 0,
        success: bool = True,
        error_type: str | None = None,
        tokens_used: int | None = None,
        model_used: str | None = None,
    ) -> SkillResult:
        """A call that no `@tool` has recorded by itself. It always goes through the outbox, which is quick."""
        call = {
            "skill_name": skill_name,
            "tool_name": tool_name,
            "duration_ms": duration_ms,
            "success": success,
            "error_type": error_type,
            "tokens_used": tokens_used,
            "model_used": model_used,
        }
        return self.keep("invocation", call)

    async def get_skill_stats(self, hours: int = 24) -> SkillResult:
        return await self.get("/skills/stats", {"hours": hours})

    async def get_skill_stats_summary(self, hours: int = 24) -> SkillResult:
        return await self.get("/skills/stats/summary", {"hours": hours})

    async def get_stats_of_skill(self, skill_name: str, hours: int = 24) -> SkillResult:
        return await self.get(f"/skills/stats/{segment(skill_name)}", {"hours": hours})

    async def get_skill_insights(self, hours: int = 24, limit: int = 100) -> SkillResult:
        return await self.get("/skills/insights", {"hours": hours, "limit": limit})

    async def get_skill_health_dashboard(self, hours: int = 24) -> SkillResult:
        return await self.get("/skills/health/dashboard", {"hours": hours})

    async def get_security_events(
        self, limit: int = 25, page: int = 1, threat_level: str | None = None, blocked_only: bool = False
    ) -> SkillResult:
        asked = {"limit": limit, "page": page, "threat_level": threat_level, "blocked_only": blocked_only}
        return await self.get("/security-events", asked)

    async def create_security_event(
        self,
        threat_level: str = "LOW",
        threat_type: str = "unknown",
        threat_patterns: list[str] | None = None,
        input_preview: str | None = None,
        source: str = "api",
        user_id: str | None = None,
        blocked: bool = False,
        details: dict[str, Any] | None = None,
    ) -> SkillResult:
        event = {
            "threat_level": threat_level,
            "threat_type": threat_type,
            "threat_patterns": threat_patterns or [],
            "input_preview": input_preview or "",
            "source": source,
            "user_id": user_id,
            "blocked": blocked,
            "details": details or {},
        }
        return await self.report("security_event", "POST", "/security-events", event)

    async def get_security_stats(self) -> SkillResult:
        return await self.get("/security-events/stats")

    async def get_heartbeats(self, limit: int = 50) -> SkillResult:
        return part(await self.get("/heartbeat", {"limit": limit}), "heartbeats")

    async def get_latest_heartbeat(self) -> SkillResult:
        return await self.get("/heartbeat/latest")

    async def create_heartbeat(
        self, beat_number: int = 0, status: str = "healthy", details: dict[str, Any] | None = None
    ) -> SkillResult:
        beat = {"beat_number": beat_number, "status": status, "details": details or {}}
        return await self.report("heartbeat", "POST", "/heartbeat", beat)
