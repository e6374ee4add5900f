from django.urls import path

from apps.knowledge.views import browser

ORGANIC, SKILLS = {"of": "knowledge"}, {"of": "skill"}

urlpatterns = [
    path("knowledge", browser.search, ORGANIC, name="knowledge"),
    path("knowledge/<uuid:pk>", browser.node, ORGANIC, name="knowledge_node"),
    path("knowledge/<uuid:pk>/relations", browser.relations, ORGANIC, name="knowledge_relations"),
    path("skill-graph", browser.search, SKILLS, name="skill_graph"),
    path("skill-graph/<uuid:pk>", browser.node, SKILLS, name="skill_graph_node"),
    path("skill-graph/<uuid:pk>/relations", browser.relations, SKILLS, name="skill_graph_relations"),
]
