"""What a proposal leans on: the sessions and lessons that its texts name, and what else is known of its file."""

import re
from dataclasses import dataclass, field
from uuid import UUID

from django.db.models import Case, Q, Value, When

from apps.improvement.models import ImprovementProposal, LessonLearned
from apps.telemetry.models import AgentSession

AN_ID = re.compile(r"(?<![0-9a-f])[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?![0-9a-f])", re.IGNORECASE)
A_SKILL = re.compile(r"(?:^|/)(?:[a-z_]*_)?skills/([A-Za-z0-9_-]+)")
MOST_IDS = 20
SHOWN = 5


@dataclass(frozen=True)
class Evidence:
    skill: str
    sessions: list[AgentSession] = field(default_factory=list)
    lessons: list[LessonLearned] = field(default_factory=list)
    unknown: list[UUID] = field(default_factory=list)  # ids of nothing that is looked for
    of_skill: list[LessonLearned] = field(default_factory=list)
    of_file: list[ImprovementProposal] = field(default_factory=list)


def evidence(proposal: ImprovementProposal) -> Evidence:
    """In three queries."""
    ids, skill = named_ids(proposal), touched_skill(proposal.file_path or "")
    sessions = list(AgentSession.objects.filter(pk__in=ids).only("agent_id", "status", "started_at")) if ids else []
    lessons = known_lessons(ids, skill) if ids or skill else []
    named = [lesson for lesson in lessons if lesson.pk in ids]
    found = {row.pk for row in (*sessions, *named)}
    return Evidence(
        skill,
        sessions,
        named,
        unknown=[one for one in ids if one not in found],
        of_skill=[lesson for lesson in lessons if lesson.pk not in ids][:SHOWN],
        of_file=others_of_file(proposal) if proposal.file_path else [],
    )


def named_ids(proposal: ImprovementProposal) -> list[UUID]:
    texts = (proposal.title, proposal.description, proposal.rationale or "")
    return list(dict.fromkeys(UUID(found) for text in texts for found in AN_ID.findall(text)))[:MOST_IDS]


def touched_skill(path: str) -> str:
    """`skills/goals/__init__.py` and `aria_skills/goals.py` are of the skill goals."""
    found = A_SKILL.search(path)
    return found[1] if found else ""


def known_lessons(ids: list[UUID], skill: str) -> list[LessonLearned]:
    """Those that are named first, then the latest of the skill."""
    wanted = LessonLearned.objects.filter(Q(pk__in=ids) | Q(skill_name=skill, skill_name__gt=""))
    named_first = Case(When(pk__in=ids, then=Value(0)), default=Value(1)) if ids else Value(1)
    shown = ("error_pattern", "error_type", "occurrences", "last_occurred")
    return list(wanted.order_by(named_first, "-last_occurred", "id").only(*shown)[: MOST_IDS + SHOWN])


def others_of_file(proposal: ImprovementProposal) -> list[ImprovementProposal]:
    others = ImprovementProposal.objects.filter(file_path=proposal.file_path).exclude(pk=proposal.pk)
    return list(others.newest_first().only("title", "status", "created_at")[:SHOWN])
