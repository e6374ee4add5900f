"""Every kind of chart with every kind of data, for those who change them. Only where `DEBUG` is on."""

import math
from collections.abc import Iterator, Sequence

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from apps.core import figures
from apps.core.charts import Chart, HeatMap, Series, Sparkline, histogram
from apps.core.charts.axes import Written, number
from apps.core.charts.series import Kind

Values = Sequence[float | None]
KINDS: tuple[Kind, ...] = ("bars", "lines", "area")
DATA: dict[str, tuple[Sequence[Values], Written]] = {
    "empty": ([[None, None, None], [0, 0, 0]], number),
    "one point": ([[3]], figures.whole),
    "few": ([[1, 3, 2], [2, 1, 0]], figures.whole),
    "many": ([[20 + 18 * math.sin(place / 9) + place % 5 for place in range(120)]], figures.milliseconds),
    "with unknown": ([[4, None, 6, 7, None, None, 5, 8, 0, 3], [None] * 5 + [2, 4, 1, None, 2]], figures.whole),
    "huge": ([[4.2e9, 7.7e9, 1.3e10, 9e9, 2e9]], figures.compact),
    "tiny": ([[0.00012, 0.0004, 0.00031, 0.0009]], figures.dollars),
    "between": ([[0.25, 0.75, 1, 0.5, 0.6]], figures.dollars),
    "slow": ([[9_000, 31_000, 12_500, 700]], figures.milliseconds),
    "shares": ([[0, 0.02, 0.31, 0.07]], figures.share),
    "five": ([[(place + one) % 7 + one for place in range(14)] for one in range(5)], figures.whole),
}
LONG = "an agent's name that somebody made far longer than anybody could want"


@require_GET
def chart_gallery(request: HttpRequest) -> HttpResponse:
    if not settings.DEBUG:
        raise Http404("The gallery of charts is for developers: it takes DEBUG.")
    context = {"charts": [*series(), *long_labels(), *histograms()], "heat_maps": [*heat_maps()], "sparks": [*sparks()]}
    return render(request, "core/charts.html", context)


def series() -> Iterator[Chart]:
    for name, (values, written) in DATA.items():
        labels = [f"Nov {place + 1}" for place in range(len(values[0]))]
        for kind in KINDS:
            shown = [Series(f"series {index}", those) for index, those in enumerate(values, 1)]
            yield Chart(f"{name}: {kind}", kind, labels, shown, written)


def long_labels() -> Iterator[Chart]:
    for kind in KINDS:
        for count in (4, 12):
            labels = [f"{LONG} {place}" for place in range(count)]
            shown = [Series(f"{LONG} {index}", range(index, index + count)) for index in (1, 2)]
            yield Chart(f"{count} long labels: {kind}", kind, labels, shown, heading="Agent")


def histograms() -> Iterator[Chart]:
    for name, buckets, first in (("empty", 6, 0), ("one bucket", 1, 40), ("few buckets", 5, 40), ("many", 24, 3000)):
        edges = [10 * 1.5**place for place in range(buckets + 1)]
        counts = [round(first * math.exp(-((place - buckets / 3) ** 2) / 9)) for place in range(buckets)]
        yield histogram(f"{name}: histogram", edges, counts, figures.milliseconds, of="Calls", unit="Latency")


def heat_maps() -> Iterator[HeatMap]:
    busy = [[max(0, round(60 * math.sin(hour / 7.6) * (1 - day / 9))) for hour in range(24)] for day in range(7)]
    unknown = [[None if day == 2 or hour < 5 else hour * 1e6 for hour in range(24)] for day in range(7)]
    alone = [[float(day == 3 and hour == 14) for hour in range(24)] for day in range(7)]
    yield HeatMap("many: heat map", busy, figures.whole)
    yield HeatMap("with unknown, huge: heat map", unknown, figures.compact)
    yield HeatMap("one point: heat map", alone, figures.whole)
    yield HeatMap("empty: heat map", [[0] * 24] * 7)


def sparks() -> Iterator[Sparkline]:
    for name, (values, written) in DATA.items():
        yield Sparkline(name, [f"Nov {place + 1}" for place in range(len(values[0]))], values[0], written)
