"""What only a browser shows of a session's page: zooming, walking over its steps, and rows on demand."""

import re
from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from playwright.sync_api import expect

from apps.telemetry.models import ModelUsage
from tests.telemetry.rows import make_activity, make_invocation, make_session, make_usage

pytestmark = pytest.mark.django_db(transaction=True)
START = timezone.now().replace(microsecond=0) - timedelta(days=1)


def at(seconds):
    return START + timedelta(seconds=seconds)


@pytest.fixture
def session(transactional_db):
    """Ten calls in a hundred seconds, the third and the eighth failed; a tool, a note and a child session."""
    session = make_session(started_at=START, ended_at=at(100), status="completed", metadata={"label": "Ten calls"})
    for number in range(1, 11):
        failed = {"success": False, "error_message": "upstream timeout"} if number in (3, 8) else {}
        made = {"latency_ms": 2000, "cost_usd": "0.01", "created_at": at(number * 9)} | failed
        make_usage(model=f"m{number}", session=session, **made)
    make_invocation(duration_ms=300, created_at=at(20))
    make_activity(details={"session_id": str(session.pk)}, created_at=at(97))
    child = {"parent_session_id": str(session.pk)}
    make_session(agent_id="analyst", started_at=at(30), ended_at=at(50), status="completed", metadata=child)
    return session


@pytest.fixture
def long_session(transactional_db):
    session = make_session(started_at=START, ended_at=at(1000), status="completed")
    ModelUsage.objects.bulk_create(
        ModelUsage(model=f"m{n}", session=session, created_at=at(n * 2), success=n != 400) for n in range(1, 500)
    )
    return session


def open_page(page, session, query=""):
    page.goto(f"/sessions/{session.pk}{query}")
    expect(page.locator("#steps")).to_be_visible()
    return page


def focused(page):
    return page.locator("#steps tr:has(a:focus) a").first


class TestKeyboard:
    def test_walks_over_steps_and_errors(self, window, session):
        page = open_page(window(), session)
        page.keyboard.press("n")
        expect(focused(page)).to_have_text("m3")
        page.keyboard.press("n")
        expect(focused(page)).to_have_text("m8")
        page.keyboard.press("p")
        expect(focused(page)).to_have_text("m3")
        page.keyboard.press("ArrowUp")
        expect(focused(page)).to_have_text("goals.list")
        page.keyboard.press("ArrowDown")
        expect(focused(page)).to_have_text("m3")

    def test_enter_shows_the_row_and_escape_returns(self, window, session):
        page = open_page(window(), session)
        page.keyboard.press("n")
        page.keyboard.press("Enter")
        expect(page.locator("#raw")).to_be_visible()
        expect(page.locator("#raw pre")).to_contain_text('"error_message": "upstream timeout"')
        page.keyboard.press("Escape")
        expect(page.locator("#raw")).not_to_be_visible()
        expect(focused(page)).to_have_text("m3")

    def test_zooms_and_moves(self, window, session):
        page = open_page(window(), session)
        page.keyboard.press("+")
        expect(page).to_have_url(re.compile(r"from=25&to=75"))
        expect(page.locator("#steps tr[data-last]").first).to_contain_text("m3")
        page.keyboard.press("ArrowRight")
        expect(page).to_have_url(re.compile(r"from=50&to=100"))
        expect(page.locator("#steps tr[data-last]").last).to_contain_text("look_around")
        page.keyboard.press("0")
        expect(page.locator("#steps tr[data-last]")).to_have_count(13)

    def test_an_error_beyond_the_shown_steps_is_asked_for(self, window, long_session):
        page = open_page(window(), long_session)
        page.keyboard.press("n")
        expect(focused(page)).to_have_text("m400")
        assert page.url.endswith("#failure")


class TestMouse:
    def test_dragging_over_the_picture_shows_that_part(self, window, session):
        page = open_page(window(), session)
        box = page.locator(".picture .zoom").bounding_box()
        y = box["y"] + box["height"] - 4
        page.mouse.move(box["x"] + box["width"] * 0.21, y)
        page.mouse.down()
        page.mouse.move(box["x"] + box["width"] * 0.62, y, steps=5)
        page.mouse.up()
        expect(page).to_have_url(re.compile(r"from=\d+(\.\d+)?&to=\d"))
        expect(page.get_by_role("link", name="Whole")).to_be_visible()

    def test_a_click_on_the_picture_zooms_to_its_column(self, window, session):
        page = open_page(window(), session)
        box = page.locator(".picture .zoom").bounding_box()
        page.mouse.click(box["x"] + box["width"] * 0.5, box["y"] + box["height"] - 4)
        expect(page).to_have_url(re.compile(r"from=\d+(\.\d+)?&to=\d"))

    def test_scrolling_brings_more_steps(self, window, long_session):
        page = open_page(window(), long_session)
        rows = page.locator("#steps tr[data-last]")
        expect(rows).to_have_count(150)
        page.locator("#more-steps").scroll_into_view_if_needed()
        expect(rows).to_have_count(300)
        expect(rows.last).to_contain_text("m300")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_accessible_at_any_width(window, session, scheme, width):
    page = window(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 900})
    for path in ("", f"/compare/{session.pk}", "/compare"):
        page.goto(f"/sessions/{session.pk}{path}")
        found = Axe().run(page).response["violations"]
        assert not [(one["id"], [node["html"][:200] for node in one["nodes"]]) for one in found]
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    if width == 390:
        open_page(page, session)
        row = page.locator("#steps tr.failed").first
        assert row.bounding_box()["width"] <= 390
        expect(row).to_contain_text("upstream timeout")


def test_reads_without_javascript(window, long_session):
    page = window(java_script_enabled=False)
    open_page(page, long_session)
    page.get_by_role("link", name="Next error").click()
    expect(page.locator("#failure")).to_have_text("m400")
    page.locator("#failure").click()
    expect(page.locator("pre")).to_contain_text('"success": false')
    open_page(page, long_session)
    page.get_by_role("link", name="Later steps").click()
    expect(page.locator("#steps tr[data-last]").first).to_contain_text("m151")
    page.get_by_role("link", name="Zoom in").click()
    expect(page).to_have_url(re.compile(r"from=250&to=750"))


def test_an_open_session_follows_what_arrives(window, transactional_db):
    session = make_session(started_at=timezone.now() - timedelta(minutes=1))
    page = open_page(window(), make_usage(session=session, cost_usd="0.25").session)
    expect(page.locator(".live")).to_have_text("live")
    expect(page.locator("#figures")).to_contain_text("$0.2500")
    make_usage(session=session, model="kimi", cost_usd="1", success=False)
    expect(page.locator("#figures")).to_contain_text("$1.25")
    expect(page.locator("#picture")).to_contain_text("2, 1 failed")
