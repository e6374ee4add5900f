"""The skills that every agent of this kind has, as the registry starts out with them."""

from collections.abc import Iterator
from uuid import UUID, uuid5

from apps.skillset.models import SkillStatusRecord

IDS = UUID("4a6f0d0e-3a55-4f0c-9f5e-6d8f4f1c2b70")
LAYERS = {
    "L1": "api_client database health input_guard litellm llm ollama working_memory",
    "L2": "agent_manager ci_cd data_pipeline fact_check goals hourly_goals knowledge_graph market_data model_switcher "
    "moonshot performance pipeline_skill pipelines pytest_runner sandbox schedule security_scan session_manager "
    "telegram",
    "L3": "brainstorm community experiment memeothy moltbook portfolio research social",
}
LAYER_OF = {name: layer for layer, names in LAYERS.items() for name in names.split()}


def known_skills() -> Iterator[SkillStatusRecord]:
    """Not stored yet. Their ids stay the same, so a registry that is shown before it is seeded looks no different."""
    for name, layer in sorted(LAYER_OF.items()):
        yield SkillStatusRecord(
            id=uuid5(IDS, name),
            skill_name=name,
            canonical_name=name.replace("_", "-"),
            layer=layer,
            status="healthy",
        )
