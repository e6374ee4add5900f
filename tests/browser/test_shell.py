"""The frame around each page, as far as only a browser shows it: palette, help, the menu of a phone, the time zone."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.factories import make_goal

pytestmark = pytest.mark.django_db(transaction=True)


def violations(page):
    return [
        (one["id"], [node["html"][:200] for node in one["nodes"]]) for one in Axe().run(page).response["violations"]
    ]


class TestPalette:
    def test_goes_anywhere_by_keyboard(self, window):
        goal, _ = make_goal(title="Paint the shed"), make_goal(title="Paint the fence, not the shed")
        page = window()
        page.goto("/goals/archive")
        page.get_by_role("button", name="Switch theme").focus()
        page.keyboard.press("Control+k")
        field = page.get_by_role("combobox")
        expect(field).to_be_focused()
        expect(page.get_by_role("option", name="Board")).to_be_visible()
        page.keyboard.type("paint")
        expect(page.get_by_role("option")).to_have_count(2)
        expect(page.locator("#palette-said")).to_have_text("2 found")
        assert not violations(page)
        expect(field).to_have_attribute("aria-activedescendant", "palette-0")
        page.keyboard.press("ArrowDown")
        expect(page.locator("[aria-selected=true]")).to_have_id("palette-1")
        page.keyboard.press("ArrowDown")
        expect(page.locator("[aria-selected=true]")).to_have_id("palette-0")
        page.keyboard.press("ArrowUp")
        expect(page.locator("[aria-selected=true]")).to_contain_text("Paint the shed")
        page.keyboard.press("Enter")
        expect(page).to_have_url(re.compile(f"/goals/{goal.pk}"))

    def test_escape_gives_the_focus_back(self, window):
        page = window()
        page.goto("/goals/archive")
        opener = page.locator(".side [data-opens-palette]")
        opener.click()
        expect(page.get_by_role("combobox")).to_be_focused()
        page.keyboard.press("Escape")
        expect(page.locator("#palette")).not_to_be_visible()
        expect(opener).to_be_focused()

    def test_enter_opens_nothing_that_an_older_text_has_found(self, window):
        page = window(expected=("ERR_FAILED", "htmx:"))
        page.goto("/goals/archive")
        page.keyboard.press("Control+k")
        expect(page.get_by_role("option").first).to_be_visible()
        page.route("**/palette*", lambda route: route.abort())
        page.keyboard.type("shed")
        page.keyboard.press("Enter")
        expect(page).to_have_url(re.compile(r"/search\?q=shed"))

    def test_says_when_there_is_nothing(self, window):
        page = window()
        page.goto("/goals/archive")
        page.keyboard.press("Control+k")
        page.keyboard.type("no such thing")
        expect(page.locator("#palette-list")).to_contain_text("Nothing is called “no such thing”.")
        assert not violations(page)


class TestHelp:
    def test_lists_the_keys_of_the_page_and_of_the_site(self, window):
        page = window()
        page.goto("/sprint-board")
        page.keyboard.press("?")
        helping = page.get_by_role("dialog", name="Shortcuts")
        expect(helping).to_contain_text("Pick a card up")
        expect(helping).to_contain_text("Go to any page")
        assert not violations(page)
        page.keyboard.press("Escape")
        expect(helping).not_to_be_visible()
        page.get_by_role("button", name="Help").click()
        expect(helping).to_be_visible()

    def test_a_question_mark_in_a_field_is_a_question_mark(self, window):
        page = window()
        page.goto("/goals/archive")
        page.locator("[name=q]").first.press("?")
        expect(page.locator("main [name=q]")).to_have_value("?")
        expect(page.locator("#help")).not_to_be_visible()


@pytest.mark.parametrize("script", [True, False])
def test_a_phone_has_a_menu(window, script):
    page = window(java_script_enabled=script)
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/goals/archive")
    menu = page.get_by_role("navigation", name="Main")
    expect(menu).not_to_be_visible()
    page.get_by_role("button", name="Menu").click()
    expect(menu.get_by_role("link", name="Archive")).to_have_attribute("aria-current", "page")
    if script:
        assert not violations(page)
    for link in menu.locator("li a, li button").all():
        assert link.bounding_box()["height"] >= 44
    menu.get_by_role("link", name="Model usage").click()
    expect(page.locator("h1")).to_have_text("Model usage")
    expect(menu).not_to_be_visible()


def test_the_zone_of_the_browser_and_ones_own(window):
    page = window(timezone_id="America/New_York")
    for _ in range(2):  # the first page tells the browser's zone, from the next one on it holds
        page.goto("/settings")
    expect(page.locator(".side .foot")).to_contain_text("America/New_York")
    page.get_by_label("Time zone").select_option("Europe/Berlin")
    page.get_by_role("button", name="Save").click()
    page.goto("/model-usage")
    expect(page.locator(".side .foot")).to_contain_text("Europe/Berlin")


def test_search_works_without_a_script(window):
    make_goal(title="Paint the shed")
    page = window(java_script_enabled=False)
    page.goto("/goals/archive")
    page.locator(".side [data-opens-palette]").click()
    page.locator("main [name=q]").fill("shed")
    page.get_by_role("button", name="Search", exact=True).click()
    page.get_by_role("link", name="Paint the shed").click()
    expect(page.locator("h1")).to_have_text("Paint the shed")


class TestWaiting:
    """For what takes longer than a moment: a slow line holds the site's answers back."""

    def test_a_form_under_way_shows_it_and_a_double_click_sends_it_once(self, window):
        page = window()
        page.goto("/knowledge/import")
        page.evaluate("""() => addEventListener("submit", (event) => {
            window.sent = (window.sent ?? 0) + !event.defaultPrevented;
            event.preventDefault(); // and there is never an answer
        })""")
        page.get_by_label("File").set_input_files({"name": "g.jsonl", "mimeType": "text/plain", "buffer": b"{}"})
        button = page.get_by_role("button", name="Look through it")
        button.dblclick()
        expect(page.get_by_role("progressbar", name="Working on it")).to_be_visible()
        assert page.evaluate("sent") == 1 and not violations(page)
        page.wait_for_timeout(5_100)
        button.click()
        assert page.evaluate("sent") == 2

    def test_so_does_a_part_of_a_page(self, window):
        page, held = window(), []
        page.goto("/knowledge")
        page.route("**/knowledge?*", lambda route: held.append(route))
        page.locator("main [name=q]").press_sequentially("x")
        expect(page.get_by_role("progressbar", name="Working on it")).to_be_visible()
        held.pop().continue_()
        expect(page.get_by_role("progressbar")).to_have_count(0)
