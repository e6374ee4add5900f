"""Which skills there are, which one fits a task, and whether they are well."""

from typing import Annotated, Any, Literal

from skills.base import Arg, Skill, SkillResult, tool
from skills.base.answers import changed, only
from skills.base.arguments import Limit

SkillName = Annotated[str, Arg("As its folder is called, such as knowledge_graph", minLength=1, maxLength=100)]
Task = Annotated[str, Arg("What is to be done, in a sentence", minLength=1, maxLength=500)]
BRIEF = ("skill_name", "layer", "status", "use_count", "error_count", "last_execution")


class SkillRegistry(Skill):
    @tool
    async def find_skill_for_task(
        self, task: Task, limit: Annotated[int, Arg("The most skills", minimum=1, maximum=20)] = 5
    ) -> SkillResult:
        """Find the skills that fit a task, the best first."""
        found = await self.api.find_skill_for_task(task, limit)
        return changed(found, lambda data: [candidate(skill) for skill in data["candidates"]])

    @tool
    async def list_skills(
        self, status: Literal["healthy", "degraded", "unavailable"] | None = None, limit: Limit = 50
    ) -> SkillResult:
        """List the skills by name, with how often each was used and failed."""
        return changed(
            await self.api.get_skills(status, limit), lambda data: [only(skill, BRIEF) for skill in data["skills"]]
        )

    @tool
    async def get_skill(self, skill_name: SkillName) -> SkillResult:
        """Tell how a skill stands in the registry."""
        return await self.api.get_skill_health(skill_name)

    @tool
    async def list_tools_of(self, skill_name: SkillName) -> SkillResult:
        """List a skill's tools with what each does."""
        name = "aria-" + skill_name.replace("_", "-").removeprefix("aria-")
        found = await self.api.graph_traverse(name, "provides", max_depth=1)
        if found.success and not found.data["nodes"]:
            return SkillResult.fail(f"The graph knows no skill {name}", error_type="NotFoundError")
        return changed(found, lambda walk: [described(tool) for tool in walk["nodes"][1:]])

    @tool
    async def check_manifests(self) -> SkillResult:
        """Tell which skills' folders on the site lack something, and what."""
        return changed(await self.api.get_skill_coherence(), incoherent)

    @tool
    async def sync_skills(self) -> SkillResult:
        """Bring the site's graph of skills in step with the skills' manifests."""
        return await self.api.sync_skill_graph()


def candidate(skill: dict[str, Any]) -> dict[str, Any]:
    return described(skill) | only(skill, ("match_type", "relevance"))


def described(node: dict[str, Any]) -> dict[str, Any]:
    return {"name": node["name"], "description": node["properties"].get("description", "")}


def incoherent(found: dict[str, Any]) -> dict[str, Any]:
    wrong = [only(skill, ("skill", "errors", "warnings")) for skill in found["skills"] if not skill["coherent"]]
    return {"skills": found["count"], "coherent": found["coherent_count"], "incoherent": wrong}
