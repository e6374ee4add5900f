from datetime import UTC, datetime, timedelta

import pytest
from django.http import QueryDict
from django.template.loader import render_to_string
from django.utils import timezone

from apps.core.charts import Chart, HeatMap, Series, Sparkline, histogram, hours_of_week
from apps.core.charts.axes import Axis, nice, places
from apps.core.charts.series import HEIGHT, WIDTH
from apps.core.figures import Figure, compact, dollars, milliseconds, share, whole
from apps.core.ranges import TimeRange, chosen_range, following, start_of


def chart(*values, kind="bars", **series):
    series = series or {"one": values}
    labels = [f"l{place}" for place in range(len(next(iter(series.values()))))]
    return Chart("A chart", kind, labels, [Series(name, those) for name, those in series.items()])


class TestBars:
    def test_stand_on_nought_and_are_stacked(self):
        first, second = chart(one=[3], two=[5]).shapes
        assert chart(one=[3], two=[5]).axis.top == 8
        assert (first.y, first.height) == ("125.0", "75.0")
        assert (second.y, second.height) == ("0.0", "125.0")

    def test_of_nought_or_unknown_are_none(self):
        assert len(list(chart(0, None, 2).shapes)) == 1

    def test_one_alone_stands_in_the_middle_and_is_no_wall(self):
        [bar] = chart(7).shapes
        assert float(bar.width) < WIDTH / 4 and float(bar.x) + float(bar.width) / 2 == WIDTH / 2

    def test_stay_within_the_plot(self):
        for shape in chart(*range(1, 400)).shapes:
            assert float(shape.x) >= 0 and float(shape.x) + float(shape.width) <= WIDTH
            assert float(shape.y) >= 0 and float(shape.y) + float(shape.height) <= HEIGHT + 0.2


def drawn(one):
    return [shape.path for shape in one.shapes if shape.path]


class TestLines:
    def test_do_not_lead_over_what_is_unknown_and_points_alone_are_dots(self):
        assert drawn(chart(1, 2, None, 4, kind="lines")) == ["M125.0,150.0L375.0,100.0", "M875.0,0.0h0"]

    def test_areas_end_on_the_ground(self):
        fill, line = drawn(chart(4, 4, kind="area"))
        assert fill == "M250.0,0.0L750.0,0.0V200H250.0Z" and line == "M250.0,0.0L750.0,0.0"

    def test_say_all_values_of_a_time_at_once(self):
        both = chart(kind="lines", p50=[1, None], p95=[4, None])
        assert [shape.title for shape in both.shapes if shape.look == "band"] == ["l0: p50 1, p95 4"]

    def test_at_nought_are_lines(self):
        assert not chart(0, 0, kind="lines").is_empty and drawn(chart(0, 0, kind="lines")) == [
            "M250.0,200.0L750.0,200.0"
        ]


class TestAxis:
    @pytest.mark.parametrize(
        ("highest", "written", "ticks"),
        [
            (1.0, dollars, ["$1.00", "$0.75", "$0.50", "$0.25", "$0.00"]),
            (0.0009, dollars, ["$0.00100", "$0.00075", "$0.00050", "$0.00025", "$0.00000"]),
            (12.0, dollars, ["$15", "$10", "$5", "$0"]),
            (31_000, milliseconds, ["40 s", "30 s", "20 s", "10 s", "0 s"]),
            (0.31, share, ["40 %", "30 %", "20 %", "10 %", "0 %"]),
            (2_300_000, compact, ["3 M", "2 M", "1 M", "0 M"]),
            (900, str, ["1000.0", "750.0", "500.0", "250.0", "0.0"]),
        ],
    )
    def test_ticks_have_one_unit_and_as_many_digits(self, highest, written, ticks):
        assert Axis.up_to(highest, whole=False).ticks(written) == ticks

    @pytest.mark.parametrize(("highest", "top", "steps"), [(0, 1, 1), (1, 1, 1), (3, 3, 3), (9, 10, 2), (99, 100, 4)])
    def test_counts_have_no_halves(self, highest, top, steps):
        axis = Axis.up_to(highest, whole=True)
        assert (axis.top, axis.steps) == (top, steps)


class TestHeatMap:
    def test_adds_up_in_the_persons_zone(self):
        moments = [datetime(2026, 6, 7, 23, tzinfo=UTC), datetime(2026, 6, 14, 23, tzinfo=UTC)]  # Sundays
        with timezone.override("Europe/Berlin"):
            week = hours_of_week((moment, 2) for moment in moments)
        assert week[0][1] == 4 and sum(map(sum, week)) == 4

    def test_shows_nought_little_much_and_unknown_apart(self):
        week = [[0.0] * 24 for _ in range(7)]
        week[1][2], week[1][3], week[1][4] = 1, 100, None
        one = HeatMap("Calls", week, whole)
        at = {(cell.x, cell.y): cell for cell in one.cells}
        assert [at[x, 1].level for x in (1, 2, 3, 4)] == [0, 1, 5, None]
        assert at[3, 1].title == "Tuesday 03:00: 100" and at[4, 1].title == "Tuesday 04:00: unknown"
        assert one.summary == "At most 100, on Tuesdays at 03:00."
        page = render_to_string("components/heat_map.html", {"chart": one})
        assert "<title>Tuesday 03:00: 100</title>" in page and "up to 100" in page
        assert list(one.rows)[3] == ("03:00", ["0", "100", "0", "0", "0", "0", "0"])

    def test_of_nothing(self):
        page = render_to_string("components/heat_map.html", {"chart": HeatMap("Calls", [[0] * 24] * 7)})
        assert "Nothing in this time" in page and "<rect" not in page

    def test_takes_whole_weeks_only(self):
        with pytest.raises(ValueError, match="7 days"):
            HeatMap("Calls", [[0] * 24] * 6)


def test_a_histogram_names_the_edges_of_its_buckets():
    one = histogram("Latency", [10, 100, 1000], [3, 1], milliseconds, of="Calls", unit="Latency")
    assert [place.text for place in one.places] == ["10 ms", "100 ms"]
    assert list(one.rows) == [("10 ms to 100 ms", ["3"]), ("100 ms to 1,000 ms", ["1"])]
    assert [shape.title for shape in one.shapes][0] == "10 ms to 100 ms, Calls: 3"
    assert histogram("Latency", [1], [], milliseconds, unit="Latency").is_empty


class TestSparkline:
    def test_is_one_path_with_words(self):
        spark = Sparkline("Calls", ["Mon", "Tue", "Wed"], [4, None, 0.01])
        assert spark.path == "M0.0,20V0.0h20.0V20zM50.0,20V19.0h20.0V20z"
        assert "at most 4 (Mon)" in render_to_string("components/sparkline.html", {"spark": spark})

    def test_of_nothing(self):
        assert Sparkline("Calls", ["Mon"], [0]).title == "Calls: none." and Sparkline("Calls", [], []).path == ""


class TestGallery:
    def test_shows_every_kind_to_developers(self, browser_client, settings):
        settings.DEBUG = True
        page = browser_client.get("/_charts").content.decode()
        assert all(f"{kind}</h2>" in page for kind in ("bars", "lines", "area", "histogram", "heat map"))

    def test_is_not_there_for_others(self, browser_client, client):
        assert browser_client.get("/_charts").status_code == 404
        assert client.get("/_charts").status_code == 302


class TestWords:
    def test_say_the_same_as_the_picture(self):
        one = chart(1, None, 1234.5)
        assert one.summary == "one: at most 1,234.50 (l2), 1,234.50 at the end."
        assert list(one.rows) == [("l0", ["1"]), ("l1", ["unknown"]), ("l2", ["1,234.50"])]
        page = render_to_string("components/chart.html", {"chart": one})
        assert "<title>l2, one: 1,234.50</title>" in page and "<td>l1</td>" in page

    def test_of_no_values(self):
        for empty in (chart(0, 0), chart(None), Chart("Empty", "lines", [], [])):
            assert empty.is_empty and "Nothing in this time" in render_to_string(
                "components/chart.html", {"chart": empty}
            )

    def test_hostile_names_are_text(self):
        page = render_to_string("components/chart.html", {"chart": chart(**{"<script>": [1], "b": [2]})})
        assert "<script>" not in page and "&lt;script&gt;" in page

    def test_labels_are_all_shown_or_spread_evenly(self):
        assert [place.text for place in places(list("abcdefgh"))] == list("abcdefgh")
        shown = [(index, place.text) for index, place in enumerate(places([f"l{n}" for n in range(100)])) if place.text]
        assert shown == [(0, "l0"), (20, "l20"), (40, "l40"), (60, "l60"), (80, "l80")]
        assert places(["a long name of something"] * 9)[0].text == "a long name of…"


def test_too_many_series_and_uneven_ones_are_refused():
    with pytest.raises(ValueError, match="at most 5"):
        chart(**{str(number): [1] for number in range(6)})
    with pytest.raises(ValueError, match="more or fewer"):
        chart(one=[1], two=[1, 2])


@pytest.mark.parametrize(("value", "expected"), [(0, 1), (1, 1), (1.1, 2), (2.3, 2.5), (99, 100), (0.03, 0.05)])
def test_nice_numbers(value, expected):
    assert nice(value) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("now", "before", "change"),
    [
        (112, 100, "12 % more than before"),
        (88, 100, "12 % less than before"),
        (5, 5, "as before"),
        (5, 0, "none before"),
        (5, None, ""),
        (None, 5, ""),
        (1000.4, 1000, "under 1 % more than before"),
        (100, 2, "50 times as before"),
    ],
)
def test_a_figure_beside_what_it_was(now, before, change):
    assert Figure("Calls", now, before, whole).change == change


@pytest.mark.parametrize(
    ("value", "text"), [(0, "$0.00"), (1234.5, "$1,234.50"), (0.0321, "$0.0321"), (0.00001, "under $0.0001")]
)
def test_dollars(value, text):
    assert dollars(value) == text


class TestRange:
    def test_has_a_period_before_it_unless_it_is_all(self):
        time, _ = chosen_range(QueryDict("range=24h"))
        assert time.previous.until == time.since and time.since - time.previous.since == timedelta(days=1)
        assert chosen_range(QueryDict("range=all"))[0].previous is None

    def test_until_now_it_ends_with_the_hour_and_is_as_long_as_it_says(self):
        now = datetime(2026, 11, 1, 12, 30, tzinfo=UTC)
        time = TimeRange("30d", now - timedelta(days=3), now, goes_on=True)
        assert time.until == datetime(2026, 11, 1, 13, tzinfo=UTC) and time.ends == now
        assert time.previous == TimeRange("own", now - timedelta(days=6), time.since)
        assert time.grain == "hour" and [*time.starts()][-1] == datetime(2026, 11, 1, 12, tzinfo=UTC)

    @pytest.mark.parametrize(
        ("length", "grain"),
        [({"hours": 24}, "hour"), ({"days": 30}, "day"), ({"days": 180}, "week"), ({"days": 999}, "month")],
    )
    def test_is_drawn_in_tens_of_bars(self, length, grain):
        until = datetime(2026, 11, 1, 12, 30, tzinfo=UTC)
        time = TimeRange("own", until - timedelta(**length), until)
        starts = list(time.starts())
        assert time.grain == grain and 20 < len(starts) < 125
        assert starts[0] <= time.since < starts[1] and starts[-1] < until

    def test_days_that_are_longer_or_shorter(self):
        with timezone.override("Europe/Berlin"):
            start = start_of("day", datetime(2026, 10, 24, 12, tzinfo=UTC))
            lengths = []
            for _ in range(3):
                start, before = following("day", start), start
                lengths.append((start.astimezone(UTC) - before.astimezone(UTC)) / timedelta(hours=1))
        assert lengths == [24, 25, 24]
