from django.urls import path, re_path

from apps.memory.views import checkpoints, clean_up, memories, semantic, semantic_memory, thoughts, working_memory

urlpatterns = [
    path("working-memory", working_memory.items, name="working_memory"),
    path("working-memory/items/<uuid:pk>", working_memory.item, name="working_memory_item"),
    # By `name` in the query, because an older program may have called a checkpoint anything.
    path("working-memory/checkpoint", checkpoints.checkpoint, name="checkpoint"),
    path("working-memory/checkpoints", checkpoints.checkpoints, name="checkpoints"),
    path("working-memory/clean-up", clean_up.clean_up, name="clean_up"),
    path("thoughts", thoughts.thoughts, name="thoughts"),
    path("thoughts/<uuid:pk>", thoughts.thought, name="thought"),
    path("memories", memories.memories, name="memories"),
    # Beside the keys, because an agent may call a memory anything: "new", "delete", "a/b" ...
    path("memories-new", memories.new, name="memory_new"),
    path("memories-delete", memories.delete, name="memories_delete"),
    path("memories-restore", memories.restore, name="memories_restore"),
    path("memories-revert/<int:pk>", memories.revert, name="memory_revert"),
    path("memories/", memories.memory, name="memory_by_key"),
    re_path(r"^memories/(?P<key>(?:.|\n)+)$", memories.memory, name="memory"),
    path("memory-search", semantic.memory_search, name="memory_search"),
    path("memory-search/recall", semantic.recall, name="memory_recall"),
    path("memory-search/restore", semantic_memory.restore, name="semantic_restore"),
    path("memory-search/revert/<int:pk>", semantic_memory.revert, name="semantic_revert"),
    path("memory-search/<uuid:pk>", semantic_memory.memory, name="semantic_memory"),
    path("memory-search/<uuid:pk>/bury", semantic_memory.bury, name="semantic_bury"),
    path("memory-search/<uuid:pk>/weigh", semantic_memory.weigh, name="semantic_weigh"),
    path("memory-search/<uuid:pk>/delete", semantic_memory.delete, name="semantic_delete"),
]
