import json
import sys
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from apps.warehouse.bench import api
from apps.warehouse.bench.load import Client, Figures

LAYOUT = "{:<58} {:>4} {:>9} {:>9} {:>9} {:>10} {:>8}  {}"
HEADS = ("request", "at", "median ms", "p95 ms", "per s", "bytes", "queries", "status")


class Command(BaseCommand):
    help = "Measure a running site over HTTP: every GET, alone and 16 at a time. Writes only when asked to."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("what", choices=["api"])
        parser.add_argument("--url", default=f"http://{settings.ARIA_HOST}:{settings.ARIA_PORT}/api")
        parser.add_argument("--token", help="default: the one of the first start")
        parser.add_argument("--scale-note", default="", help="what the figures are of; it is printed with them")
        parser.add_argument("--only", default="", help="requests whose name has this text")
        parser.add_argument("--concurrency", type=int, nargs="+", default=[1, 16])
        parser.add_argument("--requests", type=int, default=40, help="at the most, of each kind at each concurrency")
        parser.add_argument("--seconds", type=float, default=3.0, help="at the most, for the same")
        parser.add_argument("--writes", action="store_true", help="the common POSTs too; their rows are named bench")
        parser.add_argument("--json", action="store_true", help="for scripts")

    def handle(self, *, url: str, scale_note: str, only: str, concurrency: list[int], **options: Any) -> None:
        client = Client(url, {"Authorization": f"Bearer {options['token'] or first_token()}"}, options["seconds"])
        try:
            wanted = [*api.requests(client), *(api.writes() if options["writes"] else ())]
        except (OSError, ValueError) as error:
            raise CommandError(f"{url} does not answer as the API does ({error}).") from None
        wanted = [request for request in wanted if only in request.name]
        figures = [
            client.measure(request, at, options["requests"])
            for request in tqdm(wanted, file=sys.stderr, disable=None, unit="request")
            for at in concurrency
        ]
        note = f"{scale_note or 'no note'}, {datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {url}"
        self.stdout.write(as_json(note, figures) if options["json"] else as_table(note, figures))


def first_token() -> str:
    try:
        return (settings.ARIA_DATA_DIR / "api_token").read_text().strip()
    except OSError:
        raise CommandError("Which token? Name one with --token.") from None


def as_json(note: str, figures: list[Figures]) -> str:
    return json.dumps({"note": note, "figures": [one.as_dict() for one in figures]}, indent=2)


def as_table(note: str, figures: list[Figures]) -> str:
    return "\n".join([note, LAYOUT.format(*HEADS), *(line(one) for one in figures)])


def line(one: Figures) -> str:
    statuses = ", ".join(map(str, one.statuses))
    queries = "-" if one.queries is None else one.queries
    return LAYOUT.format(
        one.name, one.concurrency, one.median_ms, one.p95_ms, one.per_second, f"{one.size:,}", queries, statuses
    )
