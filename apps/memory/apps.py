from django.apps import AppConfig

from apps.core.duties import every


class MemoryConfig(AppConfig):
    name = "apps.memory"

    def ready(self) -> None:
        from apps.memory.actions import purge_expired
        from apps.memory.alike import LOOKING_SECONDS, look_for_alike
        from apps.memory.models import Retrieval, SessionSummary
        from apps.memory.semantic_actions import embed_what_waits
        from apps.memory.vectors import copy_missing

        every(15, "embeddings", embed_what_waits)
        every(LOOKING_SECONDS, "near-duplicates of memories", look_for_alike)
        every(3600, "copies of vectors", copy_missing)
        every(3600, "purge of working memory", purge_expired)
        every(3600, "log of retrievals", lambda: Retrieval.objects.forgotten().delete())
        every(3600, "answers of summaries", lambda: SessionSummary.objects.forgotten().delete())
