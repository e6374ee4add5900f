"""The graph that the manifests describe, as plain rows; `sync` brings the stored one in step with it."""

from dataclasses import dataclass
from typing import Any

from apps.skillset.known import CATEGORIES, FOCUS_MODES
from apps.skillset.manifests import Manifest, Problem, Skills, canonical_name

# In the properties of what the sync has made: the manifest that asked for it. Nothing else is ever removed.
MADE_FROM = "synced_from"
EVERY_MANIFEST = {MADE_FROM: "*/skill.json"}
Properties = dict[str, Any]


@dataclass(frozen=True)
class WantedGraph:
    nodes: dict[tuple[str, str], Properties]  # by type and name
    edges: dict[tuple[str, str, str, str], Properties]  # by skill, relation, and type and name of the other end
    problems: list[Problem]

    def count(self, type: str) -> int:
        return sum(kind == type for kind, _ in self.nodes)


def graph_of(skills: Skills) -> WantedGraph:
    graph = WantedGraph({}, {}, list(skills.problems))
    for type, described in (("focus_mode", FOCUS_MODES), ("category", CATEGORIES)):
        for name, description in described.items():
            graph.nodes[type, name] = {"description": description} | EVERY_MANIFEST
    name_of = names_by_reference(skills)
    for manifest in skills.manifests:
        add_skill(graph, manifest)
        add_dependencies(graph, manifest, name_of)
    return graph


def add_skill(graph: WantedGraph, manifest: Manifest) -> None:
    """The skill with its tools, category and focus modes; of two tools of one name the first describes it."""
    made_from = {MADE_FROM: manifest.file}
    graph.nodes["skill", manifest.name] = {
        "description": manifest.description,
        "layer": manifest.layer,
        "category": manifest.category or "unknown",
        "directory": manifest.folder,
        "tool_count": len(manifest.tools),
    } | made_from
    for tool in manifest.tools:
        node = {"description": tool.description, "skill": manifest.name} | made_from
        graph.nodes.setdefault(("tool", tool.name), node)
        graph.edges[manifest.name, "provides", "tool", tool.name] = made_from
    if category := manifest.category:
        graph.nodes.setdefault(("category", category), {"description": f"Category {category}"} | made_from)
        graph.edges[manifest.name, "belongs_to", "category", category] = made_from
    for mode, weight in manifest.focus.items():
        graph.nodes.setdefault(("focus_mode", mode), {"description": f"Focus mode {mode}"} | made_from)
        weighed = {} if weight is None else {"weight": weight}
        graph.edges[manifest.name, "affinity", "focus_mode", mode] = made_from | weighed


def add_dependencies(graph: WantedGraph, manifest: Manifest, name_of: dict[str, str]) -> None:
    for dependency in manifest.dependencies:
        needed = name_of.get(reference(dependency))
        if needed is None:
            graph.problems.append(Problem(manifest.file, f"depends on '{dependency}', which is no skill here"))
        elif needed == manifest.name:
            graph.problems.append(Problem(manifest.file, "depends on itself"))
        elif needed:
            graph.edges[manifest.name, "depends_on", "skill", needed] = {MADE_FROM: manifest.file}


def names_by_reference(skills: Skills) -> dict[str, str]:
    """What dependencies may call a skill -> its name; empty for a folder without a manifest, which has no node.

    A skill whose manifest is broken just now is still there, and so is what depends on it.
    """
    names = {reference(folder): "" for folder in skills.bare}
    names |= {reference(folder): canonical_name(folder) for folder in skills.unreadable}
    names |= {reference(manifest.name): manifest.name for manifest in skills.manifests}
    return names | {reference(manifest.folder): manifest.name for manifest in skills.manifests}


def reference(name: str) -> str:
    """`api_client`, `api-client` and `aria-api-client` mean one skill."""
    return name.lower().replace("_", "-").removeprefix("aria-")
