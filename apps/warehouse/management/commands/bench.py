import asyncio
import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import httpx
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from apps.warehouse.bench import api, graph, graph_rows, memory, memory_rows, pages
from apps.warehouse.bench.live import Outcome, Soak
from apps.warehouse.bench.load import Client, Figures, Request
from apps.warehouse.bench.people import NobodyToBe, cookie_of

Bars = graph.Measured | memory.Measured

API_LAYOUT = "{:<58} {:>4} {:>9} {:>9} {:>9} {:>10} {:>8}  {}"
API_HEADS = ("request", "at", "median ms", "p95 ms", "per s", "bytes", "queries", "status")
PAGES_LAYOUT = "{:<44} {:>4} {:>9} {:>9} {:>13} {:>10} {:>10} {:>8}  {}"
PAGES_HEADS = ("page", "at", "median ms", "p95 ms", "server p95 ms", "bytes", "compressed", "queries", "misses")

GRAPH_LAYOUT = "{:<34} {:>9} {:>10} {:>8} {:>7} {:>10}  {}"
GRAPH_HEADS = ("request", "requests", "median ms", "p95 ms", "bar ms", "bytes", "met")

MEMORY_LAYOUT = "{:<34} {:>6} {:>10} {:>8} {:>7} {:>10}  {}"
MEMORY_HEADS = ("what", "times", "median ms", "p95 ms", "bar ms", "recall@10", "met")


class Command(BaseCommand):
    help = (
        "Measure a running site over HTTP: every GET of the API, every page, or (live) open pages while telemetry "
        "arrives; or in this process the pages of a large knowledge graph, or searches of large "
        "memories. Writes only when asked to."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("what", choices=["api", "pages", "live", "graph", "memory"])
        parser.add_argument("--url", help="default: the API, or the pages, at ARIA_HOST and ARIA_PORT")
        parser.add_argument("--token", help="api: default: the one of the first start")
        parser.add_argument("--user", help="pages: default: the admin, by a session in the local database")
        parser.add_argument("--password")
        parser.add_argument("--also", nargs="*", default=[], help="pages: more paths to ask for")
        parser.add_argument("--scale-note", default="", help="what the figures are of; it is printed with them")
        parser.add_argument("--only", default="", help="requests whose name has this text")
        parser.add_argument("--concurrency", type=int, nargs="+", help="default: 1 and 16 for api, 1 for pages")
        parser.add_argument("--requests", type=int, default=40, help="at the most, of each kind at each concurrency")
        parser.add_argument("--seconds", type=float, default=3.0, help="at the most, for the same")
        parser.add_argument("--writes", action="store_true", help="the common POSTs too; their rows are named bench")
        parser.add_argument("--pages", type=int, default=20, help="live: how many are open")
        parser.add_argument("--rows", type=int, default=500, help="live: that arrive a second")
        parser.add_argument("--minutes", type=float, default=10.0, help="live: how long they do")
        parser.add_argument("--pid", type=int, help="live: whose memory to watch; default: the local site's")
        parser.add_argument(
            "--fill",
            action="store_true",
            help="graph: make 100,000 entities and 500,000 relations first; memory: 100,000 of each kind",
        )
        parser.add_argument("--yes", action="store_true", help="graph, memory: also where there are others already")
        parser.add_argument("--json", action="store_true", help="for scripts")

    def handle(self, *, what: str, url: str | None, **options: Any) -> None:
        url = url or f"http://{settings.ARIA_HOST}:{settings.ARIA_PORT}{'/api' if what == 'api' else ''}"
        try:
            note = f"{options['scale_note'] or 'no note'}, {datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {url}"
            if what == "graph":
                return self.tell_bars(note, GRAPH_LAYOUT, GRAPH_HEADS, graph_figures(options), as_json=options["json"])
            if what == "memory":
                found = memory_figures(options)
                return self.tell_bars(note, MEMORY_LAYOUT, MEMORY_HEADS, found, as_json=options["json"])
            if what == "live":
                return self.tell(note, soaked(url, options), as_json=options["json"])
            figures = list((measured_api if what == "api" else measured_pages)(url, options))
        except NobodyToBe as error:
            raise CommandError(str(error)) from None
        if options["json"]:
            self.stdout.write(json.dumps({"note": note, "figures": [as_dict(what, one) for one in figures]}, indent=2))
        else:
            lines = [api_line(one) if what == "api" else pages_line(one) for one in figures]
            heads = API_LAYOUT.format(*API_HEADS) if what == "api" else PAGES_LAYOUT.format(*PAGES_HEADS)
            self.stdout.write("\n".join([note, heads, *lines]))

    def tell_bars(
        self, note: str, layout: str, heads: tuple[str, ...], figures: Iterable[Bars], *, as_json: bool
    ) -> None:
        figures = list(figures)
        lines = [note, layout.format(*heads), *(layout.format(*map(str, vars(one).values())) for one in figures)]
        data = {"note": note, "figures": [one.as_dict() for one in figures]}
        self.stdout.write(json.dumps(data, indent=2) if as_json else "\n".join(lines))

    def tell(self, note: str, outcome: Outcome, *, as_json: bool) -> None:
        figures = asdict(outcome)
        lines = [note, *(f"{name.replace('_', ' '):<28} {value}" for name, value in figures.items())]
        self.stdout.write(json.dumps({"note": note} | figures, indent=2) if as_json else "\n".join(lines))
        if outcome.misses:
            raise CommandError("; ".join(outcome.misses))


def graph_figures(options: Any) -> Iterator[graph.Measured]:
    if options["fill"]:
        if graph_rows.there_are_rows() and not options["yes"]:
            raise CommandError("There is a knowledge graph already; --yes adds to it. Better choose another database.")
        graph_rows.fill()
    try:
        yield from graph.measured(settings.ARIA_HOST, max(1, options["requests"] // 10))
    except graph.NoGraph as error:
        raise CommandError(str(error)) from None


def memory_figures(options: Any) -> Iterator[memory.Measured]:
    if options["fill"]:
        if memory_rows.there_are_rows() and not options["yes"]:
            raise CommandError("There are memories already; --yes adds to them. Better choose another database.")
        memory_rows.fill()
    try:
        yield from memory.measured(settings.ARIA_HOST, options["requests"])
    except memory.NoMemories as error:
        raise CommandError(str(error)) from None


def soaked(url: str, options: Any) -> Outcome:
    if not options["writes"]:
        raise CommandError("This adds rows named bench, many of them. Say --writes if they may stay.")
    with cookie_of(url, options["user"], options["password"]) as cookie:
        paths = pages.live(Client(url, {"Cookie": cookie, "Accept": "text/html"}, 60))
        soak = Soak(url, cookie, options["token"] or first_token(), options["pid"] or local_pid())
        try:
            return asyncio.run(soak.run(paths, options["pages"], options["rows"], 60 * options["minutes"]))
        except (OSError, EOFError, httpx.HTTPError) as error:
            raise CommandError(f"{url} does not go on ({error!r}).") from None


def local_pid() -> int | None:
    """Of the site that runs on the data folder."""
    try:
        return int((settings.ARIA_DATA_DIR / "site.lock").read_text())
    except (OSError, ValueError):
        return None


def measured_api(url: str, options: Any) -> Iterator[Figures]:
    client = Client(url, {"Authorization": f"Bearer {options['token'] or first_token()}"}, options["seconds"])
    try:
        wanted = [*api.requests(client), *(api.writes() if options["writes"] else ())]
    except (OSError, ValueError) as error:
        raise CommandError(f"{url} does not answer as the API does ({error}).") from None
    yield from measured(client, wanted, options, [1, 16])


def measured_pages(url: str, options: Any) -> Iterator[Figures]:
    with cookie_of(url, options["user"], options["password"]) as cookie:
        client = Client(url, {"Cookie": cookie, "Accept": "text/html", "Accept-Encoding": "gzip"}, options["seconds"])
        try:
            wanted = [*pages.requests(client, options["also"])]
        except OSError as error:
            raise CommandError(f"{url} does not answer ({error}).") from None
        yield from measured(client, wanted, options, [1])


def measured(client: Client, wanted: list[Request], options: Any, concurrency: list[int]) -> Iterator[Figures]:
    wanted = [request for request in wanted if options["only"] in request.name]
    for request in tqdm(wanted, file=sys.stderr, disable=None, unit="request"):
        for at in options["concurrency"] or concurrency:
            yield client.measure(request, at, options["requests"])


def first_token() -> str:
    try:
        return (settings.ARIA_DATA_DIR / "api_token").read_text().strip()
    except OSError:
        raise CommandError("Which token? Name one with --token.") from None


def as_dict(what: str, one: Figures) -> dict[str, object]:
    return one.as_dict() | ({"misses": pages.missed(one)} if what == "pages" else {})


def api_line(one: Figures) -> str:
    statuses = ", ".join(map(str, one.statuses))
    return API_LAYOUT.format(
        one.name, one.concurrency, one.median_ms, one.p95_ms, one.per_second, f"{one.size:,}", queries(one), statuses
    )


def pages_line(one: Figures) -> str:
    times, sizes = (one.median_ms, one.p95_ms, one.server_p95_ms), (f"{one.size:,}", f"{one.sent:,}")
    misses = "; ".join(pages.missed(one))
    return PAGES_LAYOUT.format(one.name, one.concurrency, *times, *sizes, queries(one), misses)


def queries(one: Figures) -> str:
    return "-" if one.queries is None else str(one.queries)
