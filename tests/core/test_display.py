import json
import logging
from datetime import timedelta

import pytest
from django.template import Context, Template
from django.utils import timezone

from apps.core.logs import JsonFormatter
from apps.core.templatetags.display import age, ago, overdue, short, span


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (59.9, "59 s"), (60, "1 min"), (3599, "59 min"), (3600, "1 h"), (86399, "23 h"), (86400, "1 d"),
     (29 * 86400, "29 d"), (30 * 86400, "1 mo"), (359 * 86400, "11 mo"), (400 * 86400, "1 y"), (-90, "1 min")],
)  # fmt: skip
def test_span_is_the_largest_unit_alone(seconds, words):
    assert span(seconds) == words


def test_ago_knows_past_present_and_future():
    now = timezone.now()
    assert ">3 min ago<" in ago(now - timedelta(minutes=3, seconds=20))
    assert ">in 2 d<" in ago(now + timedelta(days=2, minutes=5))
    assert ">now<" in ago(now + timedelta(seconds=2))
    assert ago(None) == age(None) == ""


def test_the_exact_time_is_in_the_title():
    moment = timezone.datetime(2026, 11, 22, 21, 51, 28, tzinfo=timezone.get_default_timezone())
    assert 'title="2026-11-22 21:51:28 UTC"' in ago(moment)


def test_overdue():
    now = timezone.now()
    assert overdue(now - timedelta(seconds=1)) and not overdue(now + timedelta(minutes=1)) and not overdue(None)


def test_short_texts_stay_and_others_are_cut_and_escaped():
    assert [short(text, 4) for text in ("", "four", "fives", 12345)] == ["", "four", "fiv…", "123…"]
    hostile = Template("{{ text|short:10 }}").render(Context({"text": "<b>bold</b>"}))
    assert hostile == "&lt;b&gt;bold&lt;/…"


def test_json_log_lines_parse():
    record = logging.LogRecord("aria", logging.WARNING, "x.py", 1, "slow: %s\nreally", ("GET",), None)
    record.correlation_id = "abc"
    line = JsonFormatter().format(record)
    assert "\n" not in line
    assert json.loads(line) | {"time": ""} == {
        "time": "", "level": "WARNING", "logger": "aria", "message": "slow: GET\nreally", "correlation_id": "abc",
    }  # fmt: skip
