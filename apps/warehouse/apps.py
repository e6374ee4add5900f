from django.apps import AppConfig

from apps.core.duties import every

PRICES_SECONDS = 60


class WarehouseConfig(AppConfig):
    name = "apps.warehouse"

    def ready(self) -> None:
        from apps.warehouse.prices import update_prices

        every(PRICES_SECONDS, "prices of models", update_prices)
