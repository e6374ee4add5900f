from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.telemetry.openclaw.sources import sync


class Command(BaseCommand):
    help = "Take the agent's sessions over from its gateway or its session files, as the site does by itself."

    def handle(self, **options: Any) -> None:
        result = sync()
        if error := result.get("error"):
            raise CommandError(error)
        self.stdout.write(f"{result['synced']} sessions of {result['source']}")
