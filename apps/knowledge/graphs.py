"""The two graphs: the organic knowledge graph and the skill graph made from the skills' manifests."""

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from apps.knowledge.models import KnowledgeEntity, KnowledgeRelation
from apps.skillset.models import SkillGraphEntity, SkillGraphRelation

Direction = Literal["outgoing", "incoming", "both"]


@dataclass(frozen=True)
class Graph:
    entities: type[KnowledgeEntity] | type[SkillGraphEntity]
    relations: type[KnowledgeRelation] | type[SkillGraphRelation]

    @property
    def tables(self) -> dict[str, str]:
        """For statements that name them."""
        return {"entities": self.entities._meta.db_table, "relations": self.relations._meta.db_table}

    def find(self, start: str, type: str = "") -> KnowledgeEntity | SkillGraphEntity | None:
        """By id or exact name. Of several types under one name: `type`, else the one that is there longest."""
        nodes = self.entities.objects.filter(type=type) if type else self.entities.objects.all()
        try:
            return nodes.filter(id=UUID(start)).first()
        except ValueError:
            return nodes.called(start).first()


ENDS: dict[Direction, list[tuple[str, str]]] = {
    "outgoing": [("from_entity", "to_entity")],
    "incoming": [("to_entity", "from_entity")],
    "both": [("from_entity", "to_entity"), ("to_entity", "from_entity")],
}

KNOWLEDGE = Graph(KnowledgeEntity, KnowledgeRelation)
SKILL = Graph(SkillGraphEntity, SkillGraphRelation)
GRAPHS = {"knowledge": KNOWLEDGE, "skill": SKILL}
