"""Every page for people, at its usual time and at all time, and one page of each kind of row that they link to."""

import re
from collections.abc import Iterator
from html import unescape
from urllib.parse import unquote

from django.urls import Resolver404, resolve, reverse

from apps.core.navigation import PAGES
from apps.warehouse.bench.load import Client, Figures, Request
from apps.warehouse.bench.people import NobodyToBe

ALL_TIME = "range=all"
# What a page may cost: milliseconds of the server, bytes over the wire, queries.
USUAL_MS, ALL_TIME_MS, BYTES, QUERIES = 150, 400, 100_000, 12


def requests(client: Client, also: list[str]) -> Iterator[Request]:
    """`also` are paths that the links do not lead to, such as that of the longest session."""
    for name, path, text in found(client):
        yield Request(name, "GET", path)
        if f"?{ALL_TIME}" in text:
            yield Request(f"{name}?{ALL_TIME}", "GET", f"{path}?{ALL_TIME}")
    for path in also:
        yield Request(path, "GET", path)


def live(client: Client) -> list[str]:
    """The paths of the pages that are live and of a list."""
    return [path for _, path, text in found(client) if "data-since=" in text]


def found(client: Client) -> Iterator[tuple[str, str, str]]:
    """(route, path, content): from the sidebar on by the links, each route once."""
    waiting = [reverse(name) for pages in PAGES.values() for name in pages.values()]
    seen: set[str] = set()
    while waiting:
        path = waiting.pop(0)
        route = route_of(path)
        if route is None or route in seen:
            continue
        seen.add(route)
        answer, content = client.get(path)
        if answer.headers.get("Location", "").startswith(reverse("login")):
            raise NobodyToBe("The site does not know this person. Name one with --user and --password.")
        if answer.status == 200 and answer.headers.get_content_type() == "text/html":
            text = content.decode()
            yield f"/{route}", path, text
            waiting += [unescape(link) for link in re.findall(r'href="(/[^"?#]*)', text)]


def route_of(path: str) -> str | None:
    """None for what is no page of ours: the admin, the API's reference, static files."""
    try:
        match = resolve(unquote(path))
    except Resolver404:
        return None
    return None if match.namespaces else match.route


def missed(one: Figures) -> list[str]:
    """The bars that a page misses, in words."""
    most = ALL_TIME_MS if ALL_TIME in one.name else USUAL_MS
    bars = {
        f"over {most} ms": one.server_p95_ms > most,
        f"over {BYTES // 1000} kB": one.sent > BYTES,
        f"over {QUERIES} queries": (one.queries or 0) > QUERIES,
        "not a page": one.statuses != [200],
    }
    return [words for words, misses in bars.items() if misses]
