"""A draft beside what is there, and then in it."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import connection

from apps.core.actors import Actor
from apps.knowledge.actions import editing
from apps.knowledge.imports.draft import Draft, DraftEdge, Key, Problem
from apps.knowledge.merging import joined
from apps.knowledge.models import GraphEdit, KnowledgeEntity, KnowledgeRelation

A_QUERY = 5000  # names, or rows
THERE = """
SELECT wanted.place FROM unnest(%s::uuid[], %s::uuid[], %s::text[]) WITH ORDINALITY
       AS wanted (from_entity, to_entity, relation_type, place)
 WHERE EXISTS (SELECT FROM knowledge_relations AS stored
                WHERE (stored.from_entity, stored.to_entity, stored.relation_type)
                    = (wanted.from_entity, wanted.to_entity, wanted.relation_type))"""


@dataclass
class Plan:
    """What storing a draft does. Entities are the same if name and type are, relations if ends and type are.

    What is there keeps its properties; those that it lacks are added, and lists are joined. `differing`: (entity,
    property) where the file says something else.
    """

    created: list[KnowledgeEntity] = field(default_factory=list)
    updated: list[KnowledgeEntity] = field(default_factory=list)
    unchanged: int = 0
    differing: list[tuple[str, str]] = field(default_factory=list)
    relations: list[KnowledgeRelation] = field(default_factory=list)
    relations_there: int = 0
    problems: list[Problem] = field(default_factory=list)

    @property
    def changes_something(self) -> bool:
        return bool(self.created or self.updated or self.relations)


def store(actor: Actor, draft: Draft, source: str) -> tuple[Plan, GraphEdit]:
    """What of the draft is right, in one transaction, which can be undone; what is wrong is in the plan's problems."""
    with editing(actor, GraphEdit.Kind.IMPORT) as edit:
        plan = planned(draft, to_write=True)
        KnowledgeEntity.objects.bulk_create(plan.created, batch_size=1000)
        KnowledgeEntity.objects.bulk_update(plan.updated, ["properties"], batch_size=500)
        KnowledgeRelation.objects.bulk_create(plan.relations, batch_size=1000)
        if plan.changes_something:
            entities, relations = len(plan.created) + len(plan.updated), len(plan.relations)
            edit.about = f"{entities:,} entities and {relations:,} relations from {source[:100]}"
    return plan, edit


def planned(draft: Draft, *, to_write: bool = False) -> Plan:
    plan = Plan(problems=list(draft.problems))
    entities = stored_entities(draft, to_write)
    for key, properties in draft.nodes.items():
        if (entity := entities.get(key)) is None:
            entities[key] = KnowledgeEntity(name=key[0], type=key[1], properties=properties)
            plan.created.append(entities[key])
            continue
        both = joined(entity.properties, properties)
        plan.differing += [(entity.name, name) for name, *_ in both.conflicts]
        if both.properties == entity.properties:
            plan.unchanged += 1
        else:
            entity.properties = both.properties
            plan.updated.append(entity)
    plan_relations(plan, draft, {key: entity.pk for key, entity in entities.items()})
    return plan


def stored_entities(draft: Draft, to_write: bool) -> dict[Key, KnowledgeEntity]:
    """Those of the draft's names and types that are there; of several the one that is there longest."""
    names = sorted({name for name, _ in draft.nodes})
    found: dict[Key, KnowledgeEntity] = {}
    for start in range(0, len(names), A_QUERY):
        rows = KnowledgeEntity.objects.filter(name__in=names[start : start + A_QUERY]).order_by("created_at", "id")
        for entity in rows.select_for_update() if to_write else rows:
            if (key := (entity.name, entity.type)) in draft.nodes:
                found.setdefault(key, entity)
    return found


def plan_relations(plan: Plan, draft: Draft, ids: dict[Key, UUID]) -> None:
    others = stored_names({end for edge in draft.edges for end in (edge.start, edge.end) if not draft.named(end)})
    wanted: dict[tuple[UUID, UUID, str], DraftEdge] = {}
    for edge in draft.edges:
        start, end = (ids[key] if (key := draft.named(text)) else others.get(text) for text in (edge.start, edge.end))
        if start and end:
            wanted.setdefault((start, end, edge.relation_type), edge)
        else:
            missing = edge.end if start else edge.start
            plan.problems.append(Problem(edge.place, f"no entity is called “{missing[:100]}”"))
    new = not_there(list(wanted))
    plan.relations_there = len(wanted) - len(new)
    plan.relations = [
        KnowledgeRelation(
            from_entity_id=start, to_entity_id=end, relation_type=type, properties=wanted[start, end, type].properties
        )
        for start, end, type in new
    ]


def stored_names(names: set[str]) -> dict[str, UUID]:
    """Of several of one name the one that is there longest."""
    ordered = sorted(names)
    found: dict[str, UUID] = {}
    for start in range(0, len(ordered), A_QUERY):
        rows = KnowledgeEntity.objects.filter(name__in=ordered[start : start + A_QUERY])
        found |= dict(rows.order_by("-created_at", "-id").values_list("name", "id"))
    return found


def not_there(wanted: list[Any]) -> list[Any]:
    there: set[int] = set()
    with connection.cursor() as cursor:
        for start in range(0, len(wanted), A_QUERY):
            cursor.execute(THERE, [list(column) for column in zip(*wanted[start : start + A_QUERY], strict=True)])
            there |= {start + place - 1 for (place,) in cursor.fetchall()}
    return [one for number, one in enumerate(wanted) if number not in there]
