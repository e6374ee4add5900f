import argparse
import time
from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from tqdm import tqdm

from apps.memory import embeddings
from apps.memory.embeddings import NoEmbedding
from apps.memory.models import SemanticMemory, WaitingText
from apps.memory.semantic_actions import embed_next, reembed


class Command(BaseCommand):
    help = (
        "Give every semantic memory a vector of the model that ARIA_EMBEDDINGS names, waiting texts first. Search goes "
        "on meanwhile; what is interrupted goes on from where it was."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--rate", type=positive, default=20.0, metavar="N", help="at most so many texts a second (default: 20)"
        )

    def handle(self, *, rate: float, verbosity: int, **options: Any) -> None:
        model = embeddings.current().name
        others = SemanticMemory.objects.of_other_models(model)
        total = WaitingText.objects.due().count() + others.count()
        refused = done = 0
        try:
            # Only a terminal gets the bar.
            with tqdm(total=total, unit=" texts", disable=True if verbosity == 0 else None) as bar:
                for problem in at_most(rate, everything(others)):
                    refused, done = refused + bool(problem), done + (not problem)
                    bar.update()
        except NoEmbedding as problem:
            raise CommandError(f"{done} embedded, then no more: {problem}. Run it again later.") from None
        with connection.cursor() as cursor:
            # So that searches know at once how many rows the new model has.
            cursor.execute("ANALYZE semantic_memories, site_memory_vector")
        self.stdout.write(f"{done} embedded by {model}.")
        if refused:
            raise CommandError(f"{refused} stay as they are: the model refused them, or they changed meanwhile.")


def everything(others: Any) -> Iterator[str]:
    while (embedded := embed_next()) is not None:
        yield "" if embedded else "refused"
    yield from reembed(others)


def at_most(rate: float, problems: Iterator[str]) -> Iterator[str]:
    """The same, but not faster than `rate` a second."""
    due = time.monotonic()
    for problem in problems:
        yield problem
        due = max(due + 1 / rate, time.monotonic())
        time.sleep(max(0.0, due - time.monotonic()))


def positive(text: str) -> float:
    if not 0 < float(text) < 1e6:
        raise argparse.ArgumentTypeError("must be a positive number")
    return float(text)
