from django.urls import path

from apps.knowledge.views import browser, editing, edits, imports, merging, paths, relations, sync

ORGANIC, SKILLS = {"of": "knowledge"}, {"of": "skill"}

urlpatterns = [
    path("knowledge", browser.search, ORGANIC, name="knowledge"),
    path("knowledge/paths", paths.paths, ORGANIC, name="knowledge_paths"),
    path("knowledge/new", editing.new, name="knowledge_new"),
    path("knowledge/edits", edits.edits, name="knowledge_edits"),
    path("knowledge/edits/<uuid:action>/undo", edits.take_back, name="knowledge_undo"),
    path("knowledge/import", imports.upload, name="knowledge_import"),
    path("knowledge/import/<uuid:pk>", imports.preview, name="knowledge_import_preview"),
    path("knowledge/export", imports.export, name="knowledge_export"),
    path("knowledge/merge", merging.queue, name="knowledge_merge"),
    path("knowledge/merge/<uuid:pk>/<uuid:other>", merging.merge_two, name="knowledge_merge_two"),
    path("knowledge/merge/<uuid:pk>/<uuid:other>/apart", merging.apart, name="knowledge_apart"),
    path("knowledge/relations/<uuid:pk>", relations.edit, name="knowledge_relation"),
    path("knowledge/relations/<uuid:pk>/delete", relations.delete, name="knowledge_relation_delete"),
    path("knowledge/<uuid:pk>", browser.node, ORGANIC, name="knowledge_node"),
    path("knowledge/<uuid:pk>/relations", browser.relations, ORGANIC, name="knowledge_relations"),
    path("knowledge/<uuid:pk>/edit", editing.edit, name="knowledge_edit"),
    path("knowledge/<uuid:pk>/delete", editing.delete, name="knowledge_delete"),
    path("knowledge/<uuid:pk>/relations/new", relations.new, name="knowledge_relation_new"),
    path("skill-graph", browser.search, SKILLS, name="skill_graph"),
    path("skill-graph/sync", sync.sync, name="skill_graph_sync"),
    path("skill-graph/paths", paths.paths, SKILLS, name="skill_graph_paths"),
    path("skill-graph/<uuid:pk>", browser.node, SKILLS, name="skill_graph_node"),
    path("skill-graph/<uuid:pk>/relations", browser.relations, SKILLS, name="skill_graph_relations"),
]
