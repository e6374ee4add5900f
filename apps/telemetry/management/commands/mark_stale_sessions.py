from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from apps.telemetry.stale import update_stale


class Command(BaseCommand):
    help = "End the active sessions that have not reported for long, as the site does by itself; nothing is lost."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--hours", type=int, default=settings.ARIA_SESSION_STALE_HOURS, help="without a report; 0 marks none"
        )

    def handle(self, *, hours: int, **options: Any) -> None:
        marked, revived = update_stale(hours)
        self.stdout.write(f"{marked} marked as stale, {revived} alive again")
