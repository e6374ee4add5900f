"""What every agent of this kind has: skills that the registry starts out with, focus modes and categories."""

from pathlib import Path
from uuid import UUID, uuid5

from django.conf import settings

from apps.skillset.manifests import Manifest, NoSkills, read_skills
from apps.skillset.models import SkillStatusRecord

IDS = UUID("4a6f0d0e-3a55-4f0c-9f5e-6d8f4f1c2b70")
LAYERS = {
    1: "api_client database health input_guard litellm llm ollama working_memory",
    2: "agent_manager ci_cd data_pipeline fact_check goals hourly_goals knowledge_graph market_data model_switcher "
    "moonshot performance pipeline_skill pipelines pytest_runner sandbox schedule security_scan session_manager "
    "telegram",
    3: "brainstorm community experiment memeothy moltbook portfolio research social",
}
LAYER_OF = {name: layer for layer, names in LAYERS.items() for name in names.split()}

FOCUS_MODES = {
    "orchestrator": "Plans, delegates and keeps the whole in view",
    "devsecops": "Builds, deploys and guards the infrastructure",
    "data": "Collects, cleans and analyses",
    "trader": "Watches markets and the portfolio",
    "creative": "Invents, drafts and experiments",
    "social": "Talks to people and communities",
    "journalist": "Investigates, checks facts and reports",
}
CATEGORIES = {
    "orchestration": "Running agents, goals and schedules",
    "devsecops": "Pipelines, scans and sandboxes",
    "data": "Storage, pipelines and graphs",
    "trading": "Markets and portfolio",
    "creative": "Ideas and experiments",
    "social": "Platforms and conversations",
    "cognitive": "Models, memory and judgement",
    "utility": "What the others lean on",
}


def known_skills() -> list[SkillStatusRecord]:
    """The contract's and those that are really there, by name; not stored yet."""
    there = {manifest.folder: manifest.layer for manifest in skills_there()}
    return [status_record(name, layer) for name, layer in sorted((there | LAYER_OF).items())]


def skills_there() -> list[Manifest]:
    try:
        return read_skills(Path(settings.ARIA_SKILLS_DIR)).manifests
    except NoSkills:
        return []


def status_record(name: str, layer: int) -> SkillStatusRecord:
    """Its id stays the same, so a registry that is shown before it is seeded looks no different."""
    return SkillStatusRecord(
        id=uuid5(IDS, name),
        skill_name=name,
        canonical_name=name.replace("_", "-"),
        layer=f"L{layer}",
        status="healthy",
    )
