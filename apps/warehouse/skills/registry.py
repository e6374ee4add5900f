"""The registry of skills beside what they do: what a page of them shows."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from django.utils import timezone

from apps.core.charts import Sparkline
from apps.core.figures import Figure, share, whole
from apps.core.ranges import TimeRange, label_of
from apps.skillset.models import SkillUse
from apps.skillset.registry import registered_skills
from apps.telemetry.skill_calls import Group, SkillCalls
from apps.telemetry.skill_charts import failure_rate
from apps.telemetry.skill_condition import LEVELS, WEEK, Condition, Level, Outcomes

State = Level | Literal["unused"]
STATES = dict[State, str]([*LEVELS.items(), ("unused", "not called in 7 d")])
MOST_REGISTERED = 1000
COLUMNS = ("skill", "layer", "registered_as", "health", "calls", "failed", "failure_rate", "last_used", "calls_ever")


@dataclass(frozen=True)
class Skill:
    """`status` is the registry's word, and empty of a skill that is called but not registered."""

    name: str
    layer: str
    status: str
    last_used: datetime | None
    uses: int  # ever
    calls: Group | None  # in the time that is shown
    condition: Condition | None = None  # where it is known
    spark: Sparkline | None = None  # where it is drawn

    @property
    def state(self) -> State:
        return self.condition.level if self.condition else "unused"

    @property
    def words(self) -> str:
        return STATES[self.state]

    @property
    def called(self) -> int:
        return self.calls.outcomes.calls if self.calls else 0

    @property
    def failed(self) -> int:
        return self.calls.outcomes.failed if self.calls else 0

    @property
    def failure_rate(self) -> float | None:
        return self.calls.failure_rate if self.calls else None

    @property
    def row(self) -> tuple[Any, ...]:
        """Of the export, as COLUMNS names it."""
        rate = None if self.failure_rate is None else round(self.failure_rate, 4)
        texts = (self.name, self.layer, self.status, self.words)
        return (*texts, self.called, self.failed, rate, self.last_used, self.uses)


@dataclass(frozen=True)
class Wanted:
    """What the filters ask for; an empty text asks for nothing. `order` is one of SORTS, or with `-` the reverse."""

    q: str = ""
    state: str = ""
    layer: str = ""
    order: str = "name"

    @property
    def anything(self) -> bool:
        return bool(self.q or self.state or self.layer)

    def of(self, skills: Iterable[Skill]) -> list[Skill]:
        found = [skill for skill in skills if self.fits(skill)]
        key = SORTS[self.order.removeprefix("-")]
        return sorted(sorted(found, key=by_name), key=key, reverse=self.order.startswith("-"))

    def fits(self, skill: Skill) -> bool:
        named = self.q.lower() in skill.name.lower()
        return named and self.state in ("", skill.state) and self.layer in ("", skill.layer)


def by_name(skill: Skill) -> str:
    return skill.name.lower()


SORTS: dict[str, Callable[[Skill], Any]] = {
    "name": by_name,
    "calls": lambda skill: skill.called,
    "failures": lambda skill: (skill.failure_rate or 0, skill.failed),
    "last_used": lambda skill: skill.last_used.timestamp() if skill.last_used else 0.0,
}


def skills_of(time: TimeRange) -> list[Skill]:
    """All that are registered or were called in the time or within 7 days, without their conditions."""
    calls = SkillCalls(time, parts=("skill_name",))
    groups = {group.names[0]: group for group in calls.by("skill_name")}
    lately = SkillUse.objects.filter(last_used_at__gte=timezone.now() - WEEK)
    used = dict(lately.values_list("skill_name", "last_used_at"))
    registered = {row["skill_name"]: row for row in registered_skills("", MOST_REGISTERED)}
    names = {**registered, **groups, **used}
    return [skill(name, registered.get(name), groups.get(name), used.get(name)) for name in names]


def skill(name: str, row: dict[str, Any] | None, calls: Group | None, used: datetime | None) -> Skill:
    moments = (calls and calls.last_seen, used, row and row["last_execution"])
    last_used = max((moment for moment in moments if moment), default=None)
    uses = max(row["use_count"] if row else 0, calls.outcomes.calls if calls else 0)
    layer, status = (row["layer"] or "", row["status"]) if row else ("", "")
    return Skill(name, layer, status, last_used, uses, calls)


def with_conditions(skills: list[Skill], conditions: Iterable[Condition]) -> list[Skill]:
    found = {condition.skill: condition for condition in conditions}
    return [replace(skill, condition=found.get(skill.name)) for skill in skills]


def with_sparks(skills: list[Skill], time: TimeRange) -> list[Skill]:
    """With their calls over the time, drawn."""
    first = min((skill.calls.first_seen for skill in skills if skill.calls), default=time.ends)
    drawn = time.starting_at(first)
    starts = list(drawn.starts())
    labels = [label_of(drawn.grain, start) for start in starts]
    sums = SkillCalls(time).sums(drawn.finest).filter(skill_name__in=[skill.name for skill in skills])
    counts = {(row["skill_name"], row["start"]): row["total"] for row in sums.over_time(drawn.grain, "skill_name")}
    return [
        replace(
            skill, spark=Sparkline("Calls", labels, [counts.get((skill.name, start), 0) for start in starts], whole)
        )
        for skill in skills
    ]


def figures(skills: list[Skill]) -> list[Figure]:
    outcomes = sum((skill.calls.outcomes for skill in skills if skill.calls), start=Outcomes())
    return [
        Figure("Registered", sum(bool(skill.status) for skill in skills), None, whole),
        Figure("Called in this time", sum(bool(skill.calls) for skill in skills), None, whole),
        Figure("Calls", outcomes.calls, None, whole),
        Figure("Failed", failure_rate(outcomes), None, share),
    ]


def figures_of_health(skills: list[Skill]) -> list[Figure]:
    """Of skills whose conditions are known."""
    return [
        Figure("Failing now", sum(skill.state == "failing" for skill in skills), None, whole),
        Figure("Worth a look now", sum(skill.state == "watch" for skill in skills), None, whole),
    ]
