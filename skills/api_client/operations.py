"""The site's health, schedule and jobs, tasks, services, models, limits, and the warehouse's rows."""

from typing import Any

from skills.api_client.calls import Calls, given, part, segment
from skills.api_client.result import SkillResult


class OperationCalls(Calls):
    async def get_health(self) -> SkillResult:
        return await self.get("/health")

    async def get_database_health(self) -> SkillResult:
        return await self.get("/health/db")

    async def get_stats(self) -> SkillResult:
        return await self.get("/stats")

    async def get_host_stats(self) -> SkillResult:
        return await self.get("/host-stats")

    async def get_status(self) -> SkillResult:
        """Which services answer."""
        return await self.get("/status")

    async def get_service_status(self, service_id: str) -> SkillResult:
        return await self.get(f"/status/{segment(service_id)}")

    async def control_service(self, service_id: str, action: str, admin_token: str = "") -> SkillResult:
        """`action` is start, stop or restart."""
        path = f"/admin/services/{segment(service_id)}/{segment(action)}"
        return await self.request("POST", path, headers={"X-Admin-Token": admin_token}, timeout=120)

    async def get_tasks(self, status: str | None = None, limit: int = 1000) -> SkillResult:
        return part(await self.get("/tasks", {"status": status, "limit": limit}), "tasks")

    async def create_task(
        self,
        task_type: str,
        description: str,
        agent_type: str,
        priority: str = "medium",
        task_id: str | None = None,
    ) -> SkillResult:
        task = {
            "task_type": task_type,
            "description": description,
            "agent_type": agent_type,
            "priority": priority,
            "task_id": task_id,
        }
        return await self.post("/tasks", given(task))

    async def update_task(self, task_id: str, status: str, result: str | None = None) -> SkillResult:
        return await self.patch(f"/tasks/{segment(task_id)}", given({"status": status, "result": result}))

    async def get_schedule(self) -> SkillResult:
        return await self.get("/schedule")

    async def trigger_schedule_tick(self) -> SkillResult:
        return await self.post("/schedule/tick")

    async def get_jobs(self, live: bool = False) -> SkillResult:
        """Those of the warehouse, or as the scheduler's own file has them."""
        return part(await self.get("/jobs/live" if live else "/jobs"), "jobs")

    async def get_job(self, job_id: str) -> SkillResult:
        return await self.get(f"/jobs/{segment(job_id)}")

    async def sync_jobs(self) -> SkillResult:
        return await self.post("/jobs/sync")

    async def get_litellm_models(self) -> SkillResult:
        return await self.get("/litellm/models")

    async def get_litellm_health(self) -> SkillResult:
        return await self.get("/litellm/health")

    async def get_litellm_spend(self, limit: int = 100, offset: int = 0, lite: bool = False) -> SkillResult:
        return await self.get("/litellm/spend", {"limit": limit, "offset": offset, "lite": lite})

    async def get_litellm_global_spend(self) -> SkillResult:
        return await self.get("/litellm/global-spend")

    async def get_provider_balances(self) -> SkillResult:
        return await self.get("/providers/balances")

    async def get_models_config(self) -> SkillResult:
        return await self.get("/models/config")

    async def get_models_pricing(self) -> SkillResult:
        return await self.get("/models/pricing")

    async def reload_models(self) -> SkillResult:
        return await self.post("/models/reload")

    async def get_rate_limits(self) -> SkillResult:
        return await self.get("/rate-limits")

    async def check_rate_limit(self, skill: str, max_actions: int = 100, window_seconds: int = 3600) -> SkillResult:
        wanted = {"skill": skill, "max_actions": max_actions, "window_seconds": window_seconds}
        return await self.post("/rate-limits/check", wanted)

    async def increment_rate_limit(self, skill: str, action_type: str = "action") -> SkillResult:
        return await self.post("/rate-limits/increment", {"skill": skill, "action_type": action_type})

    async def get_key_rotations(self, limit: int = 50, service: str | None = None) -> SkillResult:
        return await self.get("/api-key-rotations", {"limit": limit, "service": service})

    async def create_key_rotation(
        self,
        service: str,
        reason: str | None = None,
        rotated_by: str = "system",
        metadata: dict[str, Any] | None = None,
    ) -> SkillResult:
        rotation = {"service": service, "reason": reason, "rotated_by": rotated_by, "metadata": metadata or {}}
        return await self.post("/api-key-rotations", rotation)

    async def get_soul_file(self, filename: str) -> SkillResult:
        return await self.get(f"/soul/{segment(filename)}")

    async def get_files(self, scope: str) -> SkillResult:
        """`scope` is mind, memories, agents or souvenirs."""
        return await self.get(f"/admin/files/{segment(scope)}")

    async def get_file(self, scope: str, path: str) -> SkillResult:
        return await self.get(f"/admin/files/{segment(scope)}/{segment(path)}")

    async def run_maintenance(self) -> SkillResult:
        return await self.post("/maintenance", timeout=120)

    async def get_table_stats(self) -> SkillResult:
        return await self.get("/table-stats")

    async def get_records(self, table: str = "activities", limit: int = 25, page: int = 1) -> SkillResult:
        return await self.get("/records", {"table": table, "limit": limit, "page": page})

    async def export_table(self, table: str = "activities") -> SkillResult:
        """All rows at once, in memory."""
        return await self.request("GET", "/export", params={"table": table}, timeout=120)

    async def search(
        self, q: str, activities: bool = True, thoughts: bool = True, memories: bool = True
    ) -> SkillResult:
        asked = {"q": q, "activities": activities, "thoughts": thoughts, "memories": memories}
        return await self.get("/search", asked)
