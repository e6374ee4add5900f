from django.apps import AppConfig

from apps.core import duties

DAY = 24 * 60 * 60


class CoreConfig(AppConfig):
    name = "apps.core"

    def ready(self) -> None:
        from apps.core.models import IdempotencyKey

        duties.every(DAY, "idempotency keys", lambda: IdempotencyKey.objects.forgotten().delete())
