"""How the site, its database and its neighbours are."""

from typing import Annotated

from skills.base import Skill, SkillResult, tool


class Health(Skill):
    @tool
    async def check_site(self) -> SkillResult:
        """Ask whether the site and its database are well; the answer says what is missing."""
        health = await self.api.get_health()
        if not health.success:
            return health
        database = await self.api.get_database_health()
        return SkillResult.ok(health.data | {"details": database.data}) if database.success else database

    @tool
    async def check_services(
        self, service: Annotated[str | None, "Only this one, such as litellm"] = None
    ) -> SkillResult:
        """Ask which of the services around the site answer."""
        return await (self.api.get_service_status(service) if service else self.api.get_status())

    @tool
    async def count_warehouse(self) -> SkillResult:
        """Count activities, thoughts and memories, and tell when something last happened."""
        return await self.api.get_stats()

    @tool
    async def check_outbox(self) -> SkillResult:
        """Tell what waits on this host for the site to come back, and for how long to leave the site alone."""
        waiting = self.api.outbox.summary()
        return SkillResult.ok(waiting | {"retry_after_seconds": round(self.api.breaker.retry_after(), 1)})
