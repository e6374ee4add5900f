"""Two sessions side by side: their steps aligned, and what differs."""

from uuid import uuid4

import pytest

from tests.telemetry.rows import make_invocation, make_session, make_usage
from tests.warehouse.test_session_page import START, a_session, at, call, calls

pytestmark = pytest.mark.django_db


@pytest.fixture
def two(db):
    """The second took longer in its second step, left the third out and added one."""
    one = a_session(30, metadata={"n": 1})
    other = a_session(50, started_at=at(1000), ended_at=at(1050))
    for session, start, names in ((one, 0, "abc"), (other, 1000, "abd")):
        for place, name in enumerate(names):
            latency = 2000 if session is other and name == "b" else 1000
            made = {"latency_ms": latency, "cost_usd": "0.1" if session is one else "0.3", "input_tokens": 10}
            call(session, start + 5 + 5 * place, model="kimi", **made)
            make_invocation(tool_name=name, duration_ms=latency, created_at=at(start + 6 + 5 * place))
    return one, other


def compared(client, one, other, query=""):
    response = client.get(f"/sessions/{one.pk}/compare/{other.pk}{query}")
    assert response.status_code == 200
    return response.context["comparison"]


def shown(pair):
    return tuple(half.run.label if half else None for half in (pair.one, pair.other))


def test_steps_are_aligned_by_name(browser_client, two):
    pairs = compared(browser_client, *two).pairs
    assert [shown(pair) for pair in pairs] == [
        ("kimi", "kimi"),
        ("goals.a", "goals.a"),
        ("kimi", "kimi"),
        ("goals.b", "goals.b"),
        ("kimi", "kimi"),
        ("goals.c", None),
        (None, "goals.d"),
    ]
    assert [pair.longer for pair in pairs] == ["same", "same", "+1.0 s", "+1.0 s", "same", "", ""]
    assert [pair.dearer for pair in pairs] == ["+$0.2000", "", "+$0.2000", "", "+$0.2000", "", ""]


def test_model_calls_are_alike_whatever_the_model(browser_client):
    one, other = a_session(), a_session(started_at=at(500), ended_at=at(560))
    call(one, 1, model="kimi")
    call(other, 501, model="qwen3")
    [pair] = compared(browser_client, one, other).pairs
    assert shown(pair) == ("kimi", "qwen3")


def test_figures_of_both_and_what_differs(browser_client, two):
    figures = {one.label: (*one.texts, one.delta) for one in compared(browser_client, *two).differences}
    assert figures == {
        "Duration": ("30.0 s", "50.0 s", "+20.0 s"),
        "Cost": ("$0.3000", "$0.9000", "+$0.6000"),
        "Tokens": ("30", "30", "same"),
        "Steps": ("6", "6", "same"),
        "Failed": ("0", "0", "same"),
    }
    back = [one.delta for one in compared(browser_client, *reversed(two)).differences]
    assert back == ["−20.0 s", "−$0.6000", "same", "same", "same"]


def test_only_what_names_them(browser_client, two):
    assert compared(browser_client, *two, "?only=named").shared == 1


def test_with_itself_all_is_the_same(browser_client, two):
    comparison = compared(browser_client, two[0], two[0])
    assert comparison.shared == len(comparison.pairs) == 6


def test_is_bounded(browser_client, django_assert_max_num_queries):
    one, other = a_session(5000), a_session(5000, started_at=START, agent_id="creator")
    for session in (one, other):
        calls(session, range(400), latency_ms=1)
    with django_assert_max_num_queries(12):
        comparison = compared(browser_client, one, other)
    assert comparison.is_cut and comparison.shared == 300


def test_the_other_is_asked_for_by_its_id_or_its_link(browser_client, two):
    one, other = two
    path = f"/sessions/{one.pk}/compare"
    page = browser_client.get(path)
    assert f"{path}/{other.pk}" in page.content.decode()  # the next one of the agent
    for text in (str(other.pk), f"http://site/sessions/{str(other.pk).upper()}?from=1"):
        assert browser_client.get(path, {"with": text}).url == f"{path}/{other.pk}"
    for text in ("", "nonsense", "\0", "x" * 500):
        assert browser_client.get(path, {"with": text}).status_code == 200
    assert browser_client.get(f"{path}/{uuid4()}").status_code == 404


def test_of_sessions_without_steps(browser_client):
    one, other = make_session(), make_session(status="completed")
    make_usage(session=one, cost_usd="1")
    assert b"not here" in browser_client.get(f"/sessions/{one.pk}/compare/{other.pk}").content
    assert compared(browser_client, other, make_session(agent_id="x", status="ended")).pairs == []
