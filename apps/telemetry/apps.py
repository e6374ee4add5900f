from django.apps import AppConfig
from django.conf import settings

from apps.core import live
from apps.core.duties import every

STALE_SECONDS = 300
ROLL_UP_SECONDS = 10
WARN_SECONDS = 30


class TelemetryConfig(AppConfig):
    name = "apps.telemetry"

    def ready(self) -> None:
        from apps.telemetry.budgets.notices import warn
        from apps.telemetry.openclaw import sources
        from apps.telemetry.stale import update_stale
        from apps.telemetry.sums import ActivitySum, InvocationSum, SessionSum, UsageSum, roll_up_all

        if sources.is_configured():
            every(settings.OPENCLAW_SESSIONS_SYNC_INTERVAL_SECONDS, "live sync of sessions", sources.Watch())
        every(STALE_SECONDS, "marking of stale sessions", update_stale)
        every(ROLL_UP_SECONDS, "sums of telemetry", roll_up_all)
        every(WARN_SECONDS, "warnings of budgets", warn)
        topics = {SessionSum: "sessions", UsageSum: "usage", InvocationSum: "invocations", ActivitySum: "activities"}
        live.streams.update({sums._meta.db_table: topic for sums, topic in topics.items()})
