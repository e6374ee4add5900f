import argparse
import time
from datetime import UTC, datetime
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from tqdm import tqdm

from apps.warehouse.demo.load import analyze, fill, tables_with_rows
from apps.warehouse.demo.world import World


class Command(BaseCommand):
    help = (
        "Fill an empty warehouse with the rows of a made-up agent: some 42,000 at scale 1, as many as a real "
        "installation has. The same seed and moment give the same rows."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--scale", type=positive, default=1.0, metavar="N", help="how many times the usual rows (default: 1)"
        )
        parser.add_argument("--seed", type=int, default=1, metavar="S", help="which of all such worlds (default: 1)")
        parser.add_argument(
            "--until", type=moment, metavar="TIME", help="when history ends, as ISO 8601 (default: now)"
        )
        parser.add_argument(
            "--if-empty", action="store_true", help="leave a warehouse that has rows as it is, and call that success"
        )

    def handle(
        self, *, scale: float, seed: int, until: datetime | None, if_empty: bool, verbosity: int, **options: Any
    ) -> None:
        if taken := tables_with_rows():
            if if_empty:
                self.stdout.write("The warehouse has rows already; no demo data added.")
                return
            others = f" (so have {len(taken) - 1} other tables)" if len(taken) > 1 else ""
            raise CommandError(
                f"Demo data needs an empty warehouse, but {taken[0]} already has rows{others}; "
                "set ARIA_DATA_DIR or DATABASE_URL to another one."
            )
        call_command("migrate", verbosity=0)  # after the refusal, which must leave everything as it is
        started = time.monotonic()
        world = World(scale, seed, until or timezone.now())
        total = sum(world.counts.values())
        # Only a terminal gets the bar.
        with tqdm(total=total, unit=" rows", unit_scale=True, disable=True if verbosity == 0 else None) as bar:
            fill(world, bar.update)
        analyze()
        self.stdout.write(f"{total:,} rows in {time.monotonic() - started:.1f} s.")


def positive(text: str) -> float:
    scale = float(text)
    if not 0.01 <= scale <= 1_000:
        raise argparse.ArgumentTypeError("must lie between 0.01 and 1000")
    return scale


def moment(text: str) -> datetime:
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError("must look like 2026-02-16T18:00:00+00:00") from error
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
