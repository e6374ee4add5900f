from django.urls import path

from apps.knowledge.views import browser, paths, sync

ORGANIC, SKILLS = {"of": "knowledge"}, {"of": "skill"}

urlpatterns = [
    path("knowledge", browser.search, ORGANIC, name="knowledge"),
    path("knowledge/paths", paths.paths, ORGANIC, name="knowledge_paths"),
    path("knowledge/<uuid:pk>", browser.node, ORGANIC, name="knowledge_node"),
    path("knowledge/<uuid:pk>/relations", browser.relations, ORGANIC, name="knowledge_relations"),
    path("skill-graph", browser.search, SKILLS, name="skill_graph"),
    path("skill-graph/sync", sync.sync, name="skill_graph_sync"),
    path("skill-graph/paths", paths.paths, SKILLS, name="skill_graph_paths"),
    path("skill-graph/<uuid:pk>", browser.node, SKILLS, name="skill_graph_node"),
    path("skill-graph/<uuid:pk>/relations", browser.relations, SKILLS, name="skill_graph_relations"),
]
