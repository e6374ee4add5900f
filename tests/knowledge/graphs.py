"""Nodes and relations for tests, in either graph."""

from apps.knowledge.models import KnowledgeEntity, KnowledgeRelation
from apps.skillset.models import SkillGraphEntity, SkillGraphRelation


def make_entity(name, type="concept", **over):
    return KnowledgeEntity.objects.create(name=name, type=type, **over)


def make_skill_node(name, type="skill", **over):
    return SkillGraphEntity.objects.create(name=name, type=type, **over)


def relate(start, end, relation_type="uses", **over):
    model = SkillGraphRelation if isinstance(start, SkillGraphEntity) else KnowledgeRelation
    return model.objects.create(from_entity=start, to_entity=end, relation_type=relation_type, **over)


def make_star(middle, names, relation_type="uses", type="tool"):
    """Nodes that `middle` has a relation to."""
    others = [make_entity(name, type) for name in names]
    for other in others:
        relate(middle, other, relation_type)
    return others
