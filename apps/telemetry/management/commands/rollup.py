from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from tqdm import tqdm

from apps.core.models import StaleHour
from apps.core.rolling_up import forget, roll_up, roll_up_ever, roll_up_months
from apps.telemetry.sums import HOURS_AT_ONCE, STREAMS


class Command(BaseCommand):
    help = "Bring the sums of the telemetry up to date (a running site does so by itself, every few seconds)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--rebuild", action="store_true", help="forget all sums and add them up anew")

    def handle(self, *args: Any, rebuild: bool, **options: Any) -> None:
        for stream in STREAMS:
            name = stream._meta.db_table
            if rebuild:
                forget(stream)
            hours = StaleHour.objects.filter(sums=name).values("hour").distinct().count()
            with tqdm(total=hours, desc=name, unit="hours", disable=None) as progress:
                while done := roll_up(stream, HOURS_AT_ONCE):
                    progress.update(done)
            while roll_up_months(stream):
                pass
            roll_up_ever(stream)
            self.stdout.write(f"{name}: {hours:,} hours")
