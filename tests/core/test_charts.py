from datetime import UTC, datetime, timedelta

import pytest
from django.http import QueryDict
from django.template.loader import render_to_string
from django.utils import timezone

from apps.core.charts import HEIGHT, WIDTH, Chart, Series, nice
from apps.core.figures import Figure, dollars, whole
from apps.core.ranges import TimeRange, chosen_range, following, start_of


def chart(*values, kind="bars", **series):
    series = series or {"one": values}
    labels = [f"l{place}" for place in range(len(next(iter(series.values()))))]
    return Chart("A chart", kind, labels, [Series(name, those) for name, those in series.items()])


class TestBars:
    def test_stand_on_nought_and_are_stacked(self):
        first, second = chart(one=[3], two=[5]).shapes
        assert chart(one=[3], two=[5]).top == 8
        assert (first.y, first.height) == ("125.0", "75.0")
        assert (second.y, second.height) == ("0.0", "125.0")

    def test_of_nought_or_unknown_are_none(self):
        assert len(chart(0, None, 2).shapes) == 1

    def test_stay_within_the_plot(self):
        for shape in chart(*range(1, 400)).shapes:
            assert float(shape.x) >= 0 and float(shape.x) + float(shape.width) <= WIDTH
            assert float(shape.y) >= 0 and float(shape.y) + float(shape.height) <= HEIGHT + 0.2


class TestLines:
    def test_do_not_lead_over_what_is_unknown(self):
        assert [shape.path for shape in chart(1, 2, None, 4, kind="lines").shapes] == [
            "M0.0,150.0L333.3,100.0",
            "M990.0,0.0L1000.0,0.0",
        ]

    def test_areas_end_on_the_ground(self):
        [area] = chart(4, 4, kind="area").shapes
        assert area.path == "M0.0,0.0L1000.0,0.0V200H0.0Z"


class TestWords:
    def test_say_the_same_as_the_picture(self):
        one = chart(1, None, 1234.5)
        assert one.summary == "one: at most 1,234.50 (l2), 1,234.50 at the end."
        assert list(one.rows) == [("l0", ["1"]), ("l1", ["unknown"]), ("l2", ["1,234.50"])]
        page = render_to_string("components/chart.html", {"chart": one})
        assert "<title>l2, one: 1,234.50</title>" in page and "<td>l1</td>" in page

    def test_of_nothing(self):
        for empty in (chart(0, 0), chart(None), Chart("Empty", "lines", [], [])):
            assert empty.is_empty and "Nothing in this time" in render_to_string(
                "components/chart.html", {"chart": empty}
            )

    def test_hostile_names_are_text(self):
        page = render_to_string("components/chart.html", {"chart": chart(**{"<script>": [1], "b": [2]})})
        assert "<script>" not in page and "&lt;script&gt;" in page

    def test_labels_are_spread_evenly(self):
        assert chart(*range(8)).shown_labels == [f"l{place}" for place in range(8)]
        assert chart(*range(101)).shown_labels == ["l0", "l20", "l40", "l60", "l80", "l100"]


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

    @pytest.mark.parametrize(
        ("length", "grain"),
        [({"hours": 24}, "hour"), ({"days": 30}, "day"), ({"days": 365}, "week"), ({"days": 999}, "month")],
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
