from django.apps import AppConfig


class KnowledgeConfig(AppConfig):
    name = "apps.knowledge"

    def ready(self) -> None:
        from apps.core.duties import every
        from apps.knowledge.duplicates import LOOKING_SECONDS, look_for_duplicates

        every(LOOKING_SECONDS, "likely duplicates", look_for_duplicates)
