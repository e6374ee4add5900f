"""What people look for by its name, each with the page that it has."""

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote

from django.db.models import F, Model, Value
from django.urls import reverse

from apps.core.closeness import closeness
from apps.core.models import User
from apps.core.navigation import pages_for
from apps.core.texts import Holds
from apps.goals.models import Goal
from apps.improvement.models import ImprovementProposal, LessonLearned
from apps.knowledge.models import KnowledgeEntity
from apps.memory.models import Memory
from apps.skillset.models import SkillGraphEntity, SkillStatusRecord
from apps.telemetry.models import AgentSession

MOST = 6  # of a kind
SHORTEST = 2  # a single letter is in every name


@dataclass(frozen=True)
class Found:
    name: str
    about: str  # tells it from others of its name
    url: str


def found_by_name(text: str, person: User) -> dict[str, list[Found]]:
    """The closest few of each kind that there is any of: a query a kind, two of the sessions, and one of ALIKE."""
    text = text.replace("\0", "").strip()
    kinds = {"Pages": pages(text, person)}
    if len(text) >= SHORTEST:
        kinds["Goals"] = list(goals(text))
        kinds["Sessions"] = list(sessions(text))
        kinds["Skills"] = list(skills(text))
        kinds["Memories"] = list(memories(text))
        kinds |= alike(text)
    return {kind: found for kind, found in kinds.items() if found}


def pages(text: str, person: User) -> list[Found]:
    wanted = text.lower()
    return [
        Found(label, group, url)
        for group, label, url in pages_for(person)
        if wanted in label.lower() or wanted == group.lower()
    ]


def goals(text: str) -> Iterator[Found]:
    for goal in Goal.objects.matching(text).order_by(closeness("title", text), "-created_at", "id")[:MOST]:
        yield Found(goal.title, f"{goal.goal_id} · {goal.status}", reverse("goal", args=[goal.pk]))


def sessions(text: str) -> Iterator[Found]:
    named = AgentSession.objects.with_label()
    for session in named.with_id_like(text)[:MOST] or named.lately_called(text)[:MOST]:
        about = f"{session.agent_id} · {session.session_type} · {session.started_at:%Y-%m-%d}"
        yield Found(session.label or str(session.pk), about, reverse("session", args=[session.pk]))


def skills(text: str) -> Iterator[Found]:
    named = SkillStatusRecord.objects.filter(skill_name__icontains=text)
    for skill in named.order_by(closeness("skill_name", text), "skill_name")[:MOST]:
        yield Found(skill.skill_name, skill.status, f"/skills/{quote(skill.skill_name, safe='')}")


def memories(text: str) -> Iterator[Found]:
    named = Memory.objects.filter(Holds(F("key"), text)).only("key", "category")
    for memory in named.order_by(closeness("key", text), "key")[:MOST]:
        yield Found(memory.key, memory.category, memory.get_absolute_url())


# What is found by one column and told apart by another: (page, rows, name, what tells it apart).
ALIKE: dict[str, tuple[str, type[Model], str, str]] = {
    "Knowledge": ("knowledge_node", KnowledgeEntity, "name", "type"),
    "Skill graph": ("skill_graph_node", SkillGraphEntity, "name", "type"),
    "Lessons": ("lesson", LessonLearned, "error_pattern", "error_type"),
    "Proposals": ("proposal", ImprovementProposal, "title", "status"),
}


def alike(text: str) -> dict[str, list[Found]]:
    """All of these in one query."""
    parts = [
        rows._default_manager.filter(**{f"{name}__icontains": text})
        .order_by(closeness(name, text), name, about, "pk")
        .values_list(Value(kind), "pk", F(name), F(about))[:MOST]
        for kind, (_, rows, name, about) in ALIKE.items()
    ]
    found: dict[str, list[Found]] = {kind: [] for kind in ALIKE}
    for kind, pk, name, about in parts[0].union(*parts[1:], all=True):
        found[kind].append(Found(name, about, reverse(ALIKE[kind][0], args=[pk])))
    return found
